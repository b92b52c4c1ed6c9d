/* SPDX-License-Identifier: MIT
 *
 * test_context.c - deadlines and what is called at a cancellation; contexts that move.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/context.h"
#include "driven_loop.h"
#include "unit.h"

struct owner {
	struct wye_context context; /* first */
	unsigned expired, called_before;
	struct wye_loop *expired_on;
};

struct listener {
	struct wye_cancel cancel;
	struct wye_context *context;
	struct listener *other; /* to be stopped, or to be registered in the callback */
	bool registers;
	unsigned calls;
	enum wye_cancel_cause cause;
};

static struct driven driven;
static unsigned called;

static void expired(struct wye_context *context)
{
	struct owner *owner = (struct owner *)context;

	owner->expired++;
	owner->called_before = called;
	owner->expired_on = wye_loop_current();
}

static void cancelled(void *argument, enum wye_cancel_cause cause)
{
	struct listener *listener = argument;

	called++;
	listener->calls++;
	listener->cause = cause;
	if (listener->other && listener->registers)
		wye_context_on_cancel(listener->context, &listener->other->cancel, cancelled,
				      listener->other);
	else if (listener->other)
		wye_cancel_stop(&listener->other->cancel);
}

static void listen_to(struct owner *owner, struct listener *listener)
{
	listener->context = &owner->context;
	wye_context_on_cancel(&owner->context, &listener->cancel, cancelled, listener);
}

static int set_up(void **state)
{
	(void)state;
	called = 0;
	return driven_start(&driven, 0);
}

static int tear_down(void **state)
{
	(void)state;
	if (driven.loop.wheel.running)
		return -1;
	driven_end(&driven);
	return 0;
}

/* ---- deadlines ---- */

static void deadline(void **state)
{
	struct owner owner = { 0 };
	struct listener one = { 0 }, two = { 0 };
	uint64_t begin = driven.loop.now;

	(void)state;
	wye_context_init(&owner.context, &driven.loop, expired);
	assert_true(wye_context_time_left(&owner.context) == UINT64_MAX);
	listen_to(&owner, &one);
	assert_int_equal(wye_context_set_deadline(&owner.context, 40), 0);
	assert_int_equal(wye_context_time_left(&owner.context), 40);
	listen_to(&owner, &two);
	while (!owner.expired)
		driven_turn(&driven);
	assert_true(driven.loop.now - begin >= 40);
	assert_int_equal(owner.called_before, 2);
	assert_int_equal(one.cause, WYE_CANCEL_DEADLINE);
	assert_int_equal(two.calls, 1);
	assert_int_equal(wye_context_cancelled(&owner.context), WYE_CANCEL_DEADLINE);
	assert_int_equal(wye_context_time_left(&owner.context), 0);
	wye_context_fini(&owner.context);
	assert_int_equal(one.calls + two.calls, 2);
}

static void only_shorter(void **state)
{
	struct owner owner = { 0 };

	(void)state;
	wye_context_init(&owner.context, &driven.loop, expired);
	assert_int_equal(wye_context_set_deadline(&owner.context, 100000), 0);
	assert_int_equal(wye_context_set_deadline(&owner.context, 30), 0);
	assert_int_equal(wye_context_set_deadline(&owner.context, 200000), 0);
	assert_int_equal(wye_context_time_left(&owner.context), 30);
	while (!owner.expired)
		driven_turn(&driven);
	assert_int_equal(wye_context_set_deadline(&owner.context, 0), 0);
	assert_int_equal(driven.loop.wheel.running, 0);
	assert_int_equal(owner.expired, 1);
	wye_context_fini(&owner.context);
}

static void the_end_stops_it(void **state)
{
	struct owner owner = { 0 };
	struct listener listener = { 0 };

	(void)state;
	wye_context_init(&owner.context, &driven.loop, expired);
	assert_int_equal(wye_context_set_deadline(&owner.context, 10), 0);
	listen_to(&owner, &listener);
	wye_context_fini(&owner.context);
	assert_int_equal(listener.cause, WYE_CANCEL_ENDED);
	assert_int_equal(driven.loop.wheel.running, 0);
	usleep(30000);
	wye_loop_turn(&driven.loop);
	assert_int_equal(owner.expired, 0);
}

/* ---- callbacks ---- */

static void first_cause_stays(void **state)
{
	struct owner owner = { 0 };
	struct listener before = { 0 }, after = { 0 };

	(void)state;
	wye_context_init(&owner.context, &driven.loop, expired);
	assert_int_equal(wye_context_cancelled(&owner.context), WYE_NOT_CANCELLED);
	listen_to(&owner, &before);
	wye_context_cancel(&owner.context, WYE_CANCEL_GONE);
	wye_context_cancel(&owner.context, WYE_CANCEL_DRAIN);
	listen_to(&owner, &after); /* called at once */
	assert_int_equal(before.calls, 1);
	assert_int_equal(before.cause, WYE_CANCEL_GONE);
	assert_int_equal(after.calls, 1);
	assert_int_equal(after.cause, WYE_CANCEL_GONE);
	wye_cancel_stop(&before.cancel);
	wye_cancel_stop(&after.cancel);
	wye_context_fini(&owner.context);
	assert_int_equal(called, 2);
	assert_int_equal(wye_context_cancelled(&owner.context), WYE_CANCEL_GONE);
}

static void stopped_ones_are_not_called(void **state)
{
	enum { COUNT = 5 };
	(void)state;
	for (unsigned stopped = 0; stopped < 1U << COUNT; stopped++) {
		struct listener listeners[COUNT] = { 0 };
		struct owner owner = { 0 };

		wye_context_init(&owner.context, &driven.loop, expired);
		for (unsigned i = 0; i < COUNT; i++)
			listen_to(&owner, &listeners[i]);
		for (unsigned i = 0; i < COUNT; i++)
			if (stopped >> i & 1)
				wye_cancel_stop(&listeners[i].cancel);
		for (unsigned i = 0; i < COUNT; i++)
			if (stopped >> i & 1)
				wye_cancel_stop(&listeners[i].cancel);
		wye_context_fini(&owner.context);
		for (unsigned i = 0; i < COUNT; i++)
			assert_int_equal(listeners[i].calls, !(stopped >> i & 1));
	}
}

static void in_a_callback(void **state)
{
	struct listener one = { 0 }, two = { 0 }, registering = { .registers = true },
			late = { 0 };
	struct owner owner = { 0 };

	(void)state;
	wye_context_init(&owner.context, &driven.loop, expired);
	one.other = &two;
	two.other = &one;
	registering.other = &late;
	listen_to(&owner, &one);
	listen_to(&owner, &registering);
	listen_to(&owner, &two);
	wye_context_cancel(&owner.context, WYE_CANCEL_DRAIN);
	assert_int_equal(one.calls + two.calls, 1); /* one stopped the other */
	assert_int_equal(registering.calls, 1);
	assert_int_equal(late.calls, 1);
	wye_context_fini(&owner.context);
	assert_int_equal(called, 3);
}

/* ---- moving ---- */

struct other_loop {
	struct driven driven;
	struct owner *owner;
	atomic_bool ready;
};

static void enter(void *argument)
{
	struct other_loop *other = argument;

	wye_context_enter(&other->owner->context, &other->driven.loop);
}

static void *serve(void *argument)
{
	struct other_loop *other = argument;

	wye_loop_enter(&other->driven.loop);
	atomic_store(&other->ready, true);
	while (!other->owner->expired)
		driven_turn(&other->driven);
	wye_context_fini(&other->owner->context);
	driven_end(&other->driven);
	return NULL;
}

/* A deadline goes on where it was, also when its time came on the way. */
static void moves_to_another_loop(void **state)
{
	(void)state;
	for (uint64_t milliseconds = 0; milliseconds <= 60; milliseconds += 30) {
		struct owner owner = { 0 };
		struct listener listener = { 0 };
		struct other_loop other = { .owner = &owner };
		pthread_t thread;
		void *failed;

		wye_context_init(&owner.context, &driven.loop, expired);
		listen_to(&owner, &listener);
		assert_int_equal(wye_context_set_deadline(&owner.context, milliseconds), 0);
		assert_int_equal(driven_init(&other.driven, 1), 0);
		assert_int_equal(pthread_create(&thread, NULL, serve, &other), 0);
		while (!atomic_load(&other.ready))
			sched_yield();
		wye_context_leave(&owner.context);
		assert_int_equal(driven.loop.wheel.running, 0);
		assert_int_equal(wye_loop_post(&other.driven.loop, enter, &other), 0);
		assert_int_equal(pthread_join(thread, &failed), 0);
		assert_null(failed);
		assert_int_equal(owner.expired, 1);
		assert_ptr_equal(owner.expired_on, &other.driven.loop);
		assert_int_equal(listener.cause, WYE_CANCEL_DEADLINE);
		wye_loop_turn(&driven.loop);
	}
}

static void moves_without_a_deadline(void **state)
{
	struct owner owner = { 0 };
	struct driven second;

	(void)state;
	assert_int_equal(driven_start(&second, 1), 0);
	wye_context_init(&owner.context, &driven.loop, expired);
	wye_context_leave(&owner.context);
	wye_context_enter(&owner.context, &second.loop);
	assert_int_equal(wye_context_set_deadline(&owner.context, 10), 0);
	assert_int_equal(driven.loop.wheel.running, 0);
	while (!owner.expired)
		driven_turn(&second);
	wye_context_fini(&owner.context);
	driven_end(&second);
	wye_loop_enter(&driven.loop);
}

static void expires_once_though_it_moves(void **state)
{
	struct owner owner = { 0 };

	(void)state;
	wye_context_init(&owner.context, &driven.loop, expired);
	assert_int_equal(wye_context_set_deadline(&owner.context, 10), 0);
	while (!owner.expired)
		driven_turn(&driven);
	wye_context_leave(&owner.context);
	wye_context_enter(&owner.context, &driven.loop);
	usleep(30000);
	while (driven.loop.wheel.running)
		driven_turn(&driven);
	assert_int_equal(owner.expired, 1);
	wye_context_fini(&owner.context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_shorter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_stops_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(first_cause_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stopped_ones_are_not_called, set_up, tear_down),
		cmocka_unit_test_setup_teardown(in_a_callback, set_up, tear_down),
		cmocka_unit_test_setup_teardown(moves_to_another_loop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(moves_without_a_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(expires_once_though_it_moves, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
