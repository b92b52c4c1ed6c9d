/* SPDX-License-Identifier: MIT
 *
 * wheel.h - a hierarchical timing wheel: starting and stopping a timer is constant work,
 * however many there are. Resolution 10 ms. Owned by one loop, used on its thread only.
 */
#ifndef WYE_CORE_BASE_WHEEL_H
#define WYE_CORE_BASE_WHEEL_H

#include <wye/loop.h>

enum {
	WYE_WHEEL_LEVELS = 4,
	WYE_WHEEL_SLOTS = 64,
	WYE_WHEEL_TICK = 10, /* milliseconds */
};

struct wye_wheel {
	uint64_t tick; /* all slots up to this one have been run */
	size_t running;
	uint64_t used[WYE_WHEEL_LEVELS]; /* a bit per slot that holds timers */
	struct wye_timer *slots[WYE_WHEEL_LEVELS][WYE_WHEEL_SLOTS];
};

/* `now` in milliseconds of any clock that never goes back. */
void wye_wheel_init(struct wye_wheel *wheel, uint64_t now);
void wye_wheel_start(struct wye_wheel *wheel, struct wye_timer *timer, uint64_t due);
void wye_wheel_stop(struct wye_wheel *wheel, struct wye_timer *timer);

/* Runs what is due at `now`, in order of ticks. Functions may start and stop any timer. */
void wye_wheel_run(struct wye_wheel *wheel, uint64_t now);

/* Milliseconds from `now` to a time by which wye_wheel_run() should be called; -1: never. It
 * may be earlier than the next timer is due (a slot of a higher level has to be spread). */
int wye_wheel_timeout(const struct wye_wheel *wheel, uint64_t now);

#endif
