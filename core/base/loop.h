/* SPDX-License-Identifier: MIT
 *
 * loop.h - the part of a loop that both engines share: mailbox, timers, watches, clock.
 *
 * An http thread and a stream loop embed a `struct wye_loop` and drive it: they wait in their
 * engine's way for at most wye_loop_timeout() and then call wye_loop_turn(). Public functions
 * stand in <wye/loop.h>. Owned by its thread; only mail may come from others.
 */
#ifndef WYE_CORE_BASE_LOOP_H
#define WYE_CORE_BASE_LOOP_H

#include <stdatomic.h>

#include <wye/loop.h>

#include "base/mailbox.h"
#include "base/wheel.h"

/* What the engine below does for its loop. */
struct wye_loop_engine {
	/* Makes the loop's wait return soon. Any thread. */
	void (*wake)(struct wye_loop *loop);
	/* A descriptor that becomes readable when a watch has an event: the engine must then
	 * call wye_loop_watches(). Called once, at the first watch, on the loop's thread. */
	int (*attach)(struct wye_loop *loop, int descriptor);
};

struct wye_loop {
	unsigned index;   /* among all loops of the program, from 0 */
	const char *name; /* "http-0", "stream-1": for logs */
	const struct wye_loop_engine *engine;
	bool awake;   /* `now` was read since the wait */
	uint64_t now; /* monotonic milliseconds, of this turn or of its latest event */
	struct wye_mailbox mailbox;
	atomic_uint posting; /* threads that are putting mail in, up to its wake-up */
	struct wye_wheel wheel;
	int watch_set; /* epoll descriptor of the watches, -1 before the first */
	unsigned watches;
	void *batch; /* events being dispatched, so that a stopped watch can be struck out */
	int batch_size;
};

/* Prepares a loop; fini frees what it holds. Before and after its thread runs. */
int wye_loop_init(struct wye_loop *loop, unsigned index, const char *name,
		  const struct wye_loop_engine *engine) WYE_MUST_CHECK;
void wye_loop_fini(struct wye_loop *loop);

/* Makes the calling thread the loop's. First thing on that thread. */
void wye_loop_enter(struct wye_loop *loop);

/* Milliseconds that the engine may wait: 0 if there is mail, -1 if nothing is due ever. */
int wye_loop_timeout(struct wye_loop *loop);

/* Brings `now` up to date, within a few milliseconds. For the calls of an engine that has
 * waited and has not come to wye_loop_turn() yet: what counts from `now` would else count from
 * the time before the wait. The loop's thread. */
void wye_loop_wake_up(struct wye_loop *loop);

/* Reads the clock, then runs the mail that is there and the timers that are due. No system call
 * but the clock's where there is nothing to do. */
void wye_loop_turn(struct wye_loop *loop);

/* Runs the watches that are ready; a system call. Only of use while loop->watches > 0. */
void wye_loop_watches(struct wye_loop *loop);

/* Posts a mail that is embedded in something of the caller's: no allocation. `mail` belongs to
 * the loop until its function is called. Any thread. Returns 0 or -ESHUTDOWN. */
int wye_loop_mail(struct wye_loop *loop, struct wye_mail *mail,
		  void (*run)(struct wye_mail *mail)) WYE_MUST_CHECK;

/* Refuses mail from now on and runs what is there; afterwards no thread wakes the engine any
 * more, so that it can be closed. The loop's memory stays, for those who still name it. */
void wye_loop_end(struct wye_loop *loop);

#endif
