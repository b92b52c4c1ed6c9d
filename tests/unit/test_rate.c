/* SPDX-License-Identifier: MIT
 *
 * test_rate.c - what a peer may send per second: when reading stops, for how long, and when
 * patience ends. The clock's timer is its own; time is the test's.
 */
#include <stdlib.h>

#include "fake_ws.h"
#include "websocket/metrics.h"
#include "websocket/rate.h"

static unsigned throttled;

void wye_ws_count_throttled(void)
{
	throttled++;
}

int wye_ws_backlog_ping(struct wye_ws *ws)
{
	(void)ws;
	fail();
	return 0;
}

static int finish(void **state)
{
	(void)state;
	free(fake.rate);
	fake.rate = NULL;
	return 0;
}

/* So many per second; 0: no limit. Patience is seconds. */
static void start(unsigned frames, unsigned bytes, unsigned patience)
{
	finish(NULL);
	fake_start();
	throttled = 0;
	fake_route.max_frames = frames;
	fake_route.max_bytes = bytes;
	fake_route.rate_patience = patience * 1000;
	assert_int_equal(wye_ws_rate_start(&fake), 0);
	wye_ws_clock_start(&fake);
}

static bool is_stopped(void)
{
	assert_int_equal(fake.held_by & WYE_WS_HELD_RATE, fake.clock.read_at ? 2 : 0);
	return fake.clock.read_at;
}

/* Time goes on to where the timer is over. Returns how long that was. */
static uint64_t wait(void)
{
	uint64_t before = NOW;

	assert_true(fake.socket.deadline >= NOW);
	NOW = fake.socket.deadline;
	fake.socket.deadline = 0;
	wye_ws_clock_look(&fake);
	return NOW - before;
}

static void only_where_limited(void **state)
{
	(void)state;
	start(0, 0, 10);
	assert_null(fake.rate);
	start(1, 0, 10);
	assert_non_null(fake.rate);
}

/* A second's worth at once, then one more makes it stop, until that one is paid for. */
static void frames(void **state)
{
	(void)state;
	start(50, 0, 10);
	for (int i = 0; i < 50; i++) {
		wye_ws_rate_take(&fake, 1, 100000);
		assert_false(is_stopped());
	}
	wye_ws_rate_take(&fake, 1, 0);
	assert_true(is_stopped());
	assert_int_equal(throttled, 1);
	wye_ws_rate_take(&fake, 1, 0); /* what was read already still counts */
	assert_int_equal(throttled, 1);
	assert_in_range(wait(), 20, 22); /* one of fifty, and a bit */
	assert_false(is_stopped());
	assert_false(fake.socket.paused);
	wye_ws_rate_take(&fake, 1, 0);
	assert_true(is_stopped());
	assert_in_range(wait(), 38, 42);
}

static void bytes(void **state)
{
	(void)state;
	start(0, 1000, 10);
	wye_ws_rate_take(&fake, 1000, 1000);
	assert_false(is_stopped());
	wye_ws_rate_take(&fake, 0, 3000);
	assert_true(is_stopped());
	assert_in_range(wait(), 3000, 3002);
	assert_false(is_stopped());
	NOW += 3600 * 1000 * 5; /* a bucket is never more than full */
	wye_ws_rate_take(&fake, 1, 1000);
	assert_false(is_stopped());
	wye_ws_rate_take(&fake, 1, 1);
	assert_true(is_stopped());
}

/* The one that takes longer to fill counts. */
static void both(void **state)
{
	(void)state;
	start(10, 1000, 10);
	wye_ws_rate_take(&fake, 15, 1500);
	assert_in_range(wait(), 500, 502);
	start(10, 1000, 10);
	wye_ws_rate_take(&fake, 20, 1500);
	assert_in_range(wait(), 1000, 1002);
}

/* What the route allows, for a day: never stopped. */
static void steady(void **state)
{
	(void)state;
	start(100, 10000, 0);
	for (int i = 0; i < 86400 * 10; i++) {
		NOW += 100;
		wye_ws_rate_take(&fake, 10, 1000);
		if (fake.clock.read_at)
			fail();
	}
	assert_int_equal(did.ended, 0);
}

/* Milliseconds till it is closed, of a peer that sends `frames` whenever it may. */
static uint64_t pushes(unsigned frames)
{
	uint64_t begin = NOW;

	while (!did.ended && NOW - begin < 100000) {
		wye_ws_rate_take(&fake, frames, 0);
		if (fake.clock.read_at)
			wait();
	}
	return NOW - begin;
}

static void patience(void **state)
{
	(void)state;
	start(100, 0, 5);
	assert_in_range(pushes(7), 5000, 5200);
	assert_int_equal(did.cause, WYE_WS_RATE);
	assert_int_equal(did.code, WYE_WS_POLICY_VIOLATION);
	assert_int_equal(did.ended, 1);
	wye_ws_rate_take(&fake, 1000, 0); /* it is closing: no more is asked */
	assert_int_equal(did.ended, 1);
	start(100, 0, 0); /* none at all */
	wye_ws_rate_take(&fake, 101, 0);
	assert_int_equal(did.ended, 1);
	assert_int_equal(throttled, 0);
}

/* Who lets half of it fill up begins anew. */
static void patience_comes_back(void **state)
{
	(void)state;
	start(100, 0, 5);
	for (int i = 0; i < 20; i++) {
		wye_ws_rate_take(&fake, 150, 0);
		assert_true(is_stopped());
		wait();
		NOW += 500;
	}
	for (int i = 0; !did.ended; i++) { /* a little less is not enough */
		wye_ws_rate_take(&fake, 150, 0);
		if (fake.clock.read_at)
			wait();
		NOW += 450;
		assert_true(i < 20);
	}
}

/* A handler's own pause stays when that of the rate is over. */
static void held_twice(void **state)
{
	(void)state;
	start(10, 0, 5);
	wye_ws_hold(&fake, WYE_WS_HELD_HANDLER);
	wye_ws_rate_take(&fake, 11, 0);
	assert_true(is_stopped());
	wait();
	assert_false(is_stopped());
	assert_true(fake.socket.paused);
}

/* 128 MiB at one byte per second: years, and no sum runs over. */
static void deep_debt(void **state)
{
	uint64_t waited = 0;

	(void)state;
	start(0, 1, 3600);
	wye_ws_rate_take(&fake, 0, (size_t)1 << 27);
	while (is_stopped())
		waited += wait();
	assert_in_range(waited / 1000, (1 << 27) - 2, (1 << 27) + 2);
	start(UINT32_MAX, UINT32_MAX, 3600);
	NOW += UINT64_C(1) << 40;
	wye_ws_rate_take(&fake, UINT32_MAX, UINT32_MAX);
	assert_false(is_stopped());
	wye_ws_rate_take(&fake, UINT32_MAX, UINT32_MAX);
	assert_in_range(wait(), 1000, 1002);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(only_where_limited, finish),
		cmocka_unit_test_teardown(frames, finish),
		cmocka_unit_test_teardown(bytes, finish),
		cmocka_unit_test_teardown(both, finish),
		cmocka_unit_test_teardown(steady, finish),
		cmocka_unit_test_teardown(patience, finish),
		cmocka_unit_test_teardown(patience_comes_back, finish),
		cmocka_unit_test_teardown(held_twice, finish),
		cmocka_unit_test_teardown(deep_debt, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
