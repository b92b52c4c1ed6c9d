/* SPDX-License-Identifier: MIT
 *
 * random.h - numbers that spread things: first pings, lifetimes, retries. Quick, and nothing
 * that a secret may be made of. Any thread; each has a state of its own.
 */
#ifndef WYE_CORE_BASE_RANDOM_H
#define WYE_CORE_BASE_RANDOM_H

#include <wye/types.h>

/* From 0 to below `limit`; 0 for 0. */
uint64_t wye_random(uint64_t limit);

#endif
