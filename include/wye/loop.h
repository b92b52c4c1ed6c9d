/* SPDX-License-Identifier: MIT
 *
 * wye/loop.h - what http threads and stream loops have in common.
 *
 * Every thread that serves connections is a loop. A plugin sees both kinds through this one
 * type: it posts to a loop, sets timers on it and watches descriptors with it, and never
 * meets an engine. A loop lives as long as the program.
 */
#ifndef WYE_LOOP_H
#define WYE_LOOP_H

#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wye_loop;

/* The loop whose thread is calling; NULL on any other thread. Any thread. */
WYE_API struct wye_loop *wye_loop_current(void);

/* True if the caller runs on the loop's thread. Any thread. */
WYE_API bool wye_loop_here(const struct wye_loop *loop);

/* Milliseconds of the monotonic clock, read once per turn of the loop: cheap. Loop's thread. */
WYE_API uint64_t wye_loop_now(const struct wye_loop *loop);

/* How many loops there are, and the n-th of them: http threads first, then stream loops. For
 * work of a plugin's own, from its start() on. Any thread. */
WYE_API unsigned wye_loop_count(void);
WYE_API struct wye_loop *wye_loop_at(unsigned index);

/* "http-0", "stream-1". Any thread. */
WYE_API const char *wye_loop_name(const struct wye_loop *loop);

/* Runs `run(argument)` on the loop's thread, in one of its next turns.
 *
 * Any thread, the loop's own included. Calls posted by one thread run in the order posted.
 *
 * Returns 0; -ENOMEM; -ESHUTDOWN if the loop has ended, and `run` will never be called.
 * What was posted before the loop ended has run by then.
 */
WYE_API int wye_loop_post(struct wye_loop *loop, void (*run)(void *argument),
			  void *argument) WYE_MUST_CHECK;

/* Waits until each loop has begun a turn after this call: what was replaced before it is seen
 * by no callback any more, as long as callbacks keep nothing of it. So what loops read by an
 * atomic pointer can be freed, without a lock. Any thread but a loop's; while loops run. */
WYE_API void wye_loops_pass(void);

/* A one-shot timer, embedded in its owner's memory, which must stay until the timer has run or
 * was stopped. The members are private. All calls on the loop's thread. */
struct wye_timer {
	struct wye_timer *next, **link;
	uint64_t due;
	void (*run)(void *argument);
	void *argument;
};

/* Prepares a timer that is not running. No allocation; nothing to undo. */
WYE_API void wye_timer_init(struct wye_timer *timer, void (*run)(void *argument),
			    void *argument);

/* Calls the timer's function once, `milliseconds` from the loop's now or a little later (the
 * resolution is 10 ms); a running timer is moved. The function may start the timer again or
 * free it. */
WYE_API void wye_timer_start(struct wye_loop *loop, struct wye_timer *timer,
			     uint64_t milliseconds);

/* Stops a timer; one that is not running is left alone. */
WYE_API void wye_timer_stop(struct wye_loop *loop, struct wye_timer *timer);

enum wye_watch_event {
	WYE_READABLE = 1,
	WYE_WRITABLE = 2,
	WYE_HANGUP = 4,      /* the peer closed or the descriptor failed; always reported */
	WYE_HALF_CLOSED = 8, /* asked for: that the peer only ended its sending is no hang-up */
};

/* A descriptor being watched, level-triggered, embedded in its owner's memory, which must stay
 * until wye_watch_stop(). The members are private. All calls on the loop's thread. */
struct wye_watch {
	int descriptor;
	void (*run)(void *argument, unsigned events);
	void *argument;
};

/* Calls `run` whenever one of `events` (WYE_READABLE | WYE_WRITABLE) holds for `descriptor`,
 * which stays the caller's and must be open until the watch is stopped.
 *
 * Returns 0; the errno of epoll_ctl(2) negated, e.g. -ENOSPC, -EPERM (a plain file).
 */
WYE_API int wye_watch_start(struct wye_loop *loop, struct wye_watch *watch, int descriptor,
			    unsigned events, void (*run)(void *argument, unsigned events),
			    void *argument) WYE_MUST_CHECK;

/* Waits for other events from now on. Errors as above. */
WYE_API int wye_watch_change(struct wye_loop *loop, struct wye_watch *watch,
			     unsigned events) WYE_MUST_CHECK;

/* Ends the watch; its function is not called again, also not for an event of this turn. */
WYE_API void wye_watch_stop(struct wye_loop *loop, struct wye_watch *watch);

#ifdef __cplusplus
}
#endif
#endif
