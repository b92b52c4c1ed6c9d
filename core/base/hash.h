/* SPDX-License-Identifier: MIT
 *
 * hash.h - SipHash-1-3 (Aumasson and Bernstein) with a key that is drawn at start-up, for
 * tables whose keys come from clients: nobody outside can make them collide. Any thread.
 */
#ifndef WYE_CORE_BASE_HASH_H
#define WYE_CORE_BASE_HASH_H

#include <wye/types.h>

/* Of a text; `space` sets apart what has the same text. The key is drawn at the first call of
 * wye_hash_start(), which main makes before threads run; before it, it is zero. */
uint64_t wye_hash(struct wye_text text, uint8_t space);
void wye_hash_start(void);

/* The same with a key of the caller's: for tests. */
uint64_t wye_hash_keyed(const uint64_t key[2], struct wye_text text, uint8_t space);

#endif
