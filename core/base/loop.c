/* SPDX-License-Identifier: MIT
 *
 * loop.c - see loop.h and <wye/loop.h>.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/calls.h"
#include "base/loop.h"

enum {
	BATCH = 64,
	LOOPS = 256, /* as many as an id can tell apart */
};

static _Thread_local struct wye_loop *current;

/* All that were made, by index. Filled by main before threads run. */
static struct {
	struct wye_loop *items[LOOPS];
	unsigned count;
} loops;

static uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int wye_loop_init(struct wye_loop *loop, unsigned index, const char *name,
		  const struct wye_loop_engine *engine)
{
	*loop = (struct wye_loop) { .index = index, .name = name, .engine = engine };
	loop->now = milliseconds();
	loop->watch_set = -1;
	wye_mailbox_init(&loop->mailbox);
	wye_wheel_init(&loop->wheel, loop->now);
	if (index < LOOPS)
		loops.items[index] = loop;
	if (index < LOOPS && index >= loops.count)
		loops.count = index + 1;
	return 0;
}

unsigned wye_loop_count(void)
{
	return loops.count;
}

struct wye_loop *wye_loop_at(unsigned index)
{
	return index < loops.count ? loops.items[index] : NULL;
}

const char *wye_loop_name(const struct wye_loop *loop)
{
	return loop->name;
}

void wye_loop_fini(struct wye_loop *loop)
{
	if (loop->watch_set >= 0)
		close(loop->watch_set);
	loop->watch_set = -1;
	if (loop->index < LOOPS && loops.items[loop->index] == loop)
		loops.items[loop->index] = NULL;
}

void wye_loop_enter(struct wye_loop *loop)
{
	current = loop;
	wye_calls_watch(loop->name);
}

struct wye_loop *wye_loop_current(void)
{
	return current;
}

bool wye_loop_here(const struct wye_loop *loop)
{
	return current == loop;
}

uint64_t wye_loop_now(const struct wye_loop *loop)
{
	return loop->now;
}

int wye_loop_timeout(struct wye_loop *loop)
{
	if (wye_mailbox_waiting(&loop->mailbox))
		return 0;
	return wye_wheel_timeout(&loop->wheel, loop->now);
}

/* The coarse clock lags a few milliseconds behind, and costs a quarter of the other. */
void wye_loop_wake_up(struct wye_loop *loop)
{
	struct timespec coarse;
	uint64_t now;

	if (loop->awake)
		return;
	loop->awake = true;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse);
	now = (uint64_t)coarse.tv_sec * 1000 + (uint64_t)coarse.tv_nsec / 1000000;
	if (now > loop->now)
		loop->now = now;
}

void wye_loop_turn(struct wye_loop *loop)
{
	struct wye_call before;

	loop->now = milliseconds();
	wye_mailbox_run(&loop->mailbox);
	before = wye_call_enter("a timer", NULL);
	wye_wheel_run(&loop->wheel, loop->now);
	wye_call_leave(before);
	loop->awake = false; /* it sleeps now */
}

int wye_loop_mail(struct wye_loop *loop, struct wye_mail *mail,
		  void (*run)(struct wye_mail *mail))
{
	bool was_empty;
	int error;

	mail->run = run;
	if (current == loop)
		return wye_mailbox_put(&loop->mailbox, mail, &was_empty);
	atomic_fetch_add(&loop->posting, 1);
	error = wye_mailbox_put(&loop->mailbox, mail, &was_empty);
	if (!error && was_empty)
		loop->engine->wake(loop);
	atomic_fetch_sub(&loop->posting, 1);
	return error;
}

void wye_loop_end(struct wye_loop *loop)
{
	wye_mailbox_shut(&loop->mailbox);
	wye_calls_forget();
	while (atomic_load(&loop->posting))
		sched_yield();
}

/* ---- posted functions ---- */

struct call {
	struct wye_mail mail;
	void (*run)(void *argument);
	void *argument;
};

static void run_call(struct wye_mail *mail)
{
	struct call *call = (struct call *)mail;

	struct wye_call before = wye_call_enter("a posted call", NULL);

	call->run(call->argument);
	wye_call_leave(before);
	free(call);
}

int wye_loop_post(struct wye_loop *loop, void (*run)(void *argument), void *argument)
{
	struct call *call = malloc(sizeof *call);
	int error;

	if (!call)
		return -ENOMEM;
	call->run = run;
	call->argument = argument;
	error = wye_loop_mail(loop, &call->mail, run_call);
	if (error)
		free(call);
	return error;
}

/* ---- timers ---- */

void wye_timer_start(struct wye_loop *loop, struct wye_timer *timer, uint64_t after)
{
	wye_wheel_start(&loop->wheel, timer, loop->now + after);
}

void wye_timer_stop(struct wye_loop *loop, struct wye_timer *timer)
{
	wye_wheel_stop(&loop->wheel, timer);
}

/* ---- watches ---- */

static uint32_t to_epoll(unsigned events)
{
	uint32_t mask = events & WYE_HALF_CLOSED ? 0 : EPOLLRDHUP;

	if (events & WYE_READABLE)
		mask |= EPOLLIN;
	if (events & WYE_WRITABLE)
		mask |= EPOLLOUT;
	return mask;
}

static unsigned from_epoll(uint32_t mask)
{
	unsigned events = 0;

	if (mask & (EPOLLIN | EPOLLHUP | EPOLLRDHUP))
		events |= WYE_READABLE;
	if (mask & (EPOLLOUT | EPOLLERR))
		events |= WYE_WRITABLE;
	if (mask & (EPOLLHUP | EPOLLRDHUP | EPOLLERR))
		events |= WYE_HANGUP;
	return events;
}

static int open_watch_set(struct wye_loop *loop)
{
	int error;

	if (loop->watch_set >= 0)
		return 0;
	loop->watch_set = epoll_create1(EPOLL_CLOEXEC);
	if (loop->watch_set < 0)
		return -errno;
	error = loop->engine->attach(loop, loop->watch_set);
	if (error) {
		close(loop->watch_set);
		loop->watch_set = -1;
	}
	return error;
}

static int control(struct wye_loop *loop, struct wye_watch *watch, int operation,
		   unsigned events)
{
	struct epoll_event event = { .events = to_epoll(events), .data.ptr = watch };

	return epoll_ctl(loop->watch_set, operation, watch->descriptor, &event) ? -errno : 0;
}

int wye_watch_start(struct wye_loop *loop, struct wye_watch *watch, int descriptor,
		    unsigned events, void (*run)(void *argument, unsigned events),
		    void *argument)
{
	int error = open_watch_set(loop);

	if (error)
		return error;
	*watch = (struct wye_watch) { descriptor, run, argument };
	error = control(loop, watch, EPOLL_CTL_ADD, events);
	if (!error)
		loop->watches++;
	return error;
}

int wye_watch_change(struct wye_loop *loop, struct wye_watch *watch, unsigned events)
{
	return control(loop, watch, EPOLL_CTL_MOD, events);
}

void wye_watch_stop(struct wye_loop *loop, struct wye_watch *watch)
{
	struct epoll_event *batch = loop->batch;

	(void)control(loop, watch, EPOLL_CTL_DEL, 0);
	loop->watches--;
	for (int i = 0; i < loop->batch_size; i++)
		if (batch[i].data.ptr == watch)
			batch[i].data.ptr = NULL;
}

void wye_loop_watches(struct wye_loop *loop)
{
	struct epoll_event batch[BATCH];
	int count = epoll_wait(loop->watch_set, batch, BATCH, 0);

	loop->batch = batch;
	loop->batch_size = count > 0 ? count : 0;
	for (int i = 0; i < count; i++) {
		struct wye_watch *watch = batch[i].data.ptr;

		if (watch)
			watch->run(watch->argument, from_epoll(batch[i].events));
	}
	loop->batch = NULL;
	loop->batch_size = 0;
}
