/* SPDX-License-Identifier: MIT
 *
 * test_loop.c - posts, timers and watches on a loop that a small engine of the test drives.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "unit.h"

struct engine {
	struct wye_loop loop; /* first */
	int wake, watches;
};

static void wake(struct wye_loop *loop)
{
	const uint64_t one = 1;

	(void)!write(((struct engine *)loop)->wake, &one, sizeof one);
}

static int attach(struct wye_loop *loop, int descriptor)
{
	((struct engine *)loop)->watches = descriptor;
	return 0;
}

static const struct wye_loop_engine ops = { wake, attach };

static void start(struct engine *engine)
{
	engine->wake = eventfd(0, EFD_NONBLOCK);
	engine->watches = -1;
	assert_int_equal(wye_loop_init(&engine->loop, 0, "test", &ops), 0);
	wye_loop_enter(&engine->loop);
}

static void end(struct engine *engine)
{
	wye_loop_end(&engine->loop);
	wye_loop_fini(&engine->loop);
	close(engine->wake);
}

static void turn(struct engine *engine)
{
	struct pollfd wait[2] = { { engine->wake, POLLIN, 0 }, { engine->watches, POLLIN, 0 } };
	uint64_t count;

	poll(wait, 2, wye_loop_timeout(&engine->loop));
	(void)!read(engine->wake, &count, sizeof count);
	wye_loop_turn(&engine->loop);
	if (engine->loop.watches)
		wye_loop_watches(&engine->loop);
}

/* ---- posts ---- */

enum { THREADS = 4, POSTS = 5000 };

static unsigned posts_seen;

static void seen(void *argument)
{
	assert_true(wye_loop_here(argument));
	posts_seen++;
}

static void *post_all(void *argument)
{
	assert_null(wye_loop_current());
	for (int i = 0; i < POSTS; i++)
		if (wye_loop_post(argument, seen, argument))
			return argument;
	return NULL;
}

static void posts_from_threads(void **state)
{
	pthread_t threads[THREADS];
	struct engine engine;
	void *result;

	(void)state;
	start(&engine);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, post_all, &engine.loop);
	while (posts_seen < THREADS * POSTS)
		turn(&engine);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		assert_null(result);
	}
	end(&engine);
	assert_int_equal(wye_loop_post(&engine.loop, seen, &engine.loop), -ESHUTDOWN);
}

/* ---- timers ---- */

static void set_flag(void *argument)
{
	*(bool *)argument = true;
}

static void timers_run_in_time(void **state)
{
	bool first = false, second = false, third = false;
	struct wye_timer timers[3];
	struct engine engine;
	uint64_t begin;

	(void)state;
	start(&engine);
	begin = engine.loop.now;
	wye_timer_init(&timers[0], set_flag, &first);
	wye_timer_init(&timers[1], set_flag, &second);
	wye_timer_init(&timers[2], set_flag, &third);
	wye_timer_start(&engine.loop, &timers[0], 30);
	wye_timer_start(&engine.loop, &timers[1], 60);
	wye_timer_start(&engine.loop, &timers[2], 10);
	wye_timer_stop(&engine.loop, &timers[2]);
	while (!first)
		turn(&engine);
	assert_true(engine.loop.now - begin >= 30);
	assert_false(second);
	while (!second)
		turn(&engine);
	assert_true(engine.loop.now - begin >= 60);
	assert_false(third);
	end(&engine);
}

/* ---- watches ---- */

struct pair {
	struct wye_loop *loop;
	struct wye_watch watch;
	struct pair *other;
	unsigned events, calls;
};

static void readable(void *argument, unsigned events)
{
	struct pair *pair = argument;

	pair->events = events;
	pair->calls++;
	if (pair->other && pair->other->loop) { /* strikes out the other's event of this turn */
		wye_watch_stop(pair->loop, &pair->other->watch);
		pair->other->loop = NULL;
	}
}

static void watches_and_hangup(void **state)
{
	struct pair one = { 0 }, two = { 0 };
	struct engine engine;
	int first[2], second[2];

	(void)state;
	start(&engine);
	assert_int_equal(pipe(first) | pipe(second), 0);
	one.loop = two.loop = &engine.loop;
	one.other = &two;
	two.other = &one;
	assert_int_equal(wye_watch_start(&engine.loop, &one.watch, first[0], WYE_READABLE,
					 readable, &one),
			 0);
	assert_int_equal(wye_watch_start(&engine.loop, &two.watch, second[0], WYE_READABLE,
					 readable, &two),
			 0);
	assert_int_equal(write(first[1], "x", 1) + write(second[1], "x", 1), 2);
	while (!one.calls && !two.calls)
		turn(&engine);
	assert_int_equal(one.calls + two.calls, 1); /* one stopped the other */
	one.other = two.other = NULL;
	close(first[1]);
	close(second[1]);
	turn(&engine);
	assert_true((one.loop ? one.events : two.events) & WYE_HANGUP);
	wye_watch_stop(&engine.loop, one.loop ? &one.watch : &two.watch);
	assert_int_equal(engine.loop.watches, 0);
	end(&engine);
	close(first[0]);
	close(second[0]);
}

/* Who has ended its sending is reported to those who do not ask otherwise. */
static void half_closed(void **state)
{
	struct pair one = { 0 };
	struct engine engine;
	int ends[2];

	(void)state;
	start(&engine);
	one.loop = &engine.loop;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(wye_watch_start(&engine.loop, &one.watch, ends[0], WYE_HALF_CLOSED,
					 readable, &one),
			 0);
	shutdown(ends[1], SHUT_WR);
	wye_loop_watches(&engine.loop);
	assert_int_equal(one.calls, 0);
	assert_int_equal(wye_watch_change(&engine.loop, &one.watch, 0), 0);
	wye_loop_watches(&engine.loop);
	assert_true(one.events & WYE_HANGUP);
	assert_int_equal(wye_watch_change(&engine.loop, &one.watch, WYE_HALF_CLOSED), 0);
	close(ends[1]);
	wye_loop_watches(&engine.loop);
	assert_int_equal(one.calls, 2); /* the whole connection has ended */
	wye_watch_stop(&engine.loop, &one.watch);
	end(&engine);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posts_from_threads),
		cmocka_unit_test(timers_run_in_time),
		cmocka_unit_test(watches_and_hangup),
		cmocka_unit_test(half_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
