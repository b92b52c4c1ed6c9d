/* SPDX-License-Identifier: MIT
 *
 * pace.h - how often something may happen on all threads together: a token bucket in one atomic
 * number (the generic cell rate algorithm of ITU-T I.371), as threads that accept must not wait
 * for each other. The buckets of <wye/limit.h> are by key, and their owner sees to locks.
 */
#ifndef WYE_CORE_NET_PACE_H
#define WYE_CORE_NET_PACE_H

#include <wye/types.h>

struct wye_pace;

/* `rate` per second for long, and `burst` at once: both above 0. Returns 0 or -ENOMEM. */
int wye_pace_create(struct wye_pace **out, unsigned rate, unsigned burst) WYE_MUST_CHECK;
/* NULL is right. */
void wye_pace_destroy(struct wye_pace *pace);

/* Takes a token; false: there is none, and nothing was taken. `now` is in milliseconds of a
 * monotonic clock; those of several threads may differ a little. Any thread. */
bool wye_pace_take(struct wye_pace *pace, uint64_t now);

#endif
