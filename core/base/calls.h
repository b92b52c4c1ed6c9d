/* SPDX-License-Identifier: MIT
 *
 * calls.h - which plugin's callback each thread is in: for the line that names who held a loop
 * for too long, and for the last line of a crash. A thread's record is written by it alone, by
 * plain stores; the watchdog's thread and a crash read it.
 */
#ifndef WYE_CORE_BASE_CALLS_H
#define WYE_CORE_BASE_CALLS_H

#include <stdatomic.h>

#include <wye/types.h>

struct wye_calls {
	_Atomic(const char *) who;   /* name of the instance; NULL: in no callback */
	_Atomic(const char *) route; /* its pattern; or NULL */
	_Atomic unsigned count;      /* of callbacks entered, so that two can be told apart */
	const char *thread;          /* its name, once it is watched */
	/* The watchdog's own. */
	unsigned seen;
	unsigned ticks;
	struct wye_calls *next;
};

extern _Thread_local struct wye_calls wye_calls_mine;

/* What the thread was in before, as calls may nest. */
struct wye_call {
	const char *who, *route;
};

/* Round each call into a plugin. Both texts must live as long as the program serves. */
static inline struct wye_call wye_call_enter(const char *who, const char *route)
{
	struct wye_calls *mine = &wye_calls_mine;
	struct wye_call before = {
		atomic_load_explicit(&mine->who, memory_order_relaxed),
		atomic_load_explicit(&mine->route, memory_order_relaxed),
	};

	atomic_store_explicit(&mine->count,
			      atomic_load_explicit(&mine->count, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	atomic_store_explicit(&mine->route, route, memory_order_relaxed);
	atomic_store_explicit(&mine->who, who, memory_order_relaxed);
	return before;
}

static inline void wye_call_leave(struct wye_call before)
{
	atomic_store_explicit(&wye_calls_mine.who, before.who, memory_order_relaxed);
	atomic_store_explicit(&wye_calls_mine.route, before.route, memory_order_relaxed);
}

/* Has the calling thread watched, under this name, until it calls wye_calls_forget(). */
void wye_calls_watch(const char *thread);
void wye_calls_forget(void);

/* Starts and ends the watchdog, which logs callbacks that hold a watched thread for more than
 * 100 ms, and the last words of a crash. Main thread. Returns 0 or a negative errno. */
int wye_calls_start(void) WYE_MUST_CHECK;
void wye_calls_stop(void);

#endif
