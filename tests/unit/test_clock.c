/* SPDX-License-Identifier: MIT
 *
 * test_clock.c - the times of a connection: when its one timer looks, and what it does then.
 * Time is the test's, and goes from one look to the next.
 */
#include <stdlib.h>

#include "fake_ws.h"
#include "websocket/rate.h"

enum {
	STEPS = 100000,
	STARTS = 2000,
};

static unsigned pings, went_on;
static int ping_error;

int wye_ws_backlog_ping(struct wye_ws *ws)
{
	assert_ptr_equal(ws, &fake);
	pings += !ping_error;
	return ping_error;
}

void wye_ws_rate_go_on(struct wye_ws *ws)
{
	ws->clock.read_at = 0;
	wye_ws_let_go(ws, WYE_WS_HELD_RATE);
	went_on++;
}

/* With the route's times set behind `fake_start()`. */
static void start(void)
{
	pings = went_on = 0;
	ping_error = 0;
	wye_ws_clock_start(&fake);
}

/* On to `time`, with all looks on the way; stops where the connection ends. */
static void run_until(uint64_t time)
{
	while (fake.socket.deadline && fake.socket.deadline <= time &&
	       fake.state == WYE_WS_OPEN) {
		NOW = fake.socket.deadline;
		fake.socket.deadline = 0;
		wye_ws_clock_look(&fake);
		if (fake.state == WYE_WS_OPEN && fake.socket.deadline)
			assert_true(fake.socket.deadline >
				    NOW); /* it does not turn round and round */
	}
	if (fake.state == WYE_WS_OPEN)
		NOW = time;
}

static bool is_given_up(void)
{
	if (!did.killed)
		return false;
	assert_int_equal(did.killed, 1);
	assert_int_equal(fake.cause, WYE_WS_SILENT);
	assert_int_equal(fake.code, WYE_WS_ABNORMAL);
	assert_int_equal(fake.state, WYE_WS_CLOSED);
	return true;
}

static void pong(void)
{
	fake.clock.heard_at = NOW;
	fake.clock.pong_by = 0;
}

static void no_times(void **state)
{
	(void)state;
	fake_start();
	start();
	assert_int_equal(fake.socket.deadline, 0);
}

/* An end that was set at the handshake, however much is said. */
static void expiry(void **state)
{
	const struct wye_ws_expiry end = { .at = 1003000, .code = 4401 };

	(void)state;
	fake_start();
	fake_route.max_lifetime = 10000;
	fake_route.ping_interval = 1000;
	fake.expiry = &end;
	start();
	run_until(end.at - 1);
	assert_int_equal(did.ended, 0);
	run_until(end.at + 20);
	assert_int_equal(did.ended, 1);
	assert_int_equal(did.cause, WYE_WS_EXPIRED);
	assert_int_equal(did.code, 4401);
}

/* ---- lifetime, idleness ---- */

/* All between the lifetime less the jitter and the lifetime, spread. */
static void lifetimes(void **state)
{
	uint64_t first = UINT64_MAX, last = 0;

	(void)state;
	for (int i = 0; i < STARTS; i++) {
		uint64_t begin;

		fake_start();
		fake_route.max_lifetime = 10000;
		fake_route.lifetime_jitter = i ? 2000 : 0;
		start();
		begin = NOW;
		run_until(begin + 20000);
		assert_int_equal(did.ended, 1);
		assert_int_equal(did.cause, WYE_WS_LIFETIME);
		assert_int_equal(did.code, WYE_WS_RESTART);
		assert_true(i || NOW - begin == 10000);
		first = NOW - begin < first ? NOW - begin : first;
		last = NOW - begin > last ? NOW - begin : last;
	}
	assert_in_range(first, 8001, 8100);
	assert_in_range(last, 9900, 10000);
}

static void idleness(void **state)
{
	uint64_t begin;

	(void)state;
	fake_start();
	fake_route.idle_timeout = 1000;
	start();
	for (int i = 0; i < 10; i++) {
		run_until(NOW + 999);
		assert_int_equal(did.ended, 0);
		fake.clock.used_at = NOW;
	}
	begin = NOW;
	fake.clock.heard_at = NOW + 500; /* a ping, say, is no use */
	run_until(NOW + 5000);
	assert_int_equal(did.ended, 1);
	assert_int_equal(did.cause, WYE_WS_IDLE);
	assert_int_equal(did.code, WYE_WS_GOING_AWAY);
	assert_int_equal(NOW - begin, 1000);
}

/* ---- the heartbeat ---- */

/* The first comes between a quarter of the interval and the whole, spread. */
static void first_pings(void **state)
{
	uint64_t first = UINT64_MAX, last = 0;

	(void)state;
	for (int i = 0; i < STARTS; i++) {
		uint64_t begin;

		fake_start();
		fake_route.ping_interval = 4000;
		start();
		begin = NOW;
		run_until(begin + 999);
		assert_int_equal(pings, 0);
		while (!pings)
			run_until(fake.socket.deadline);
		first = NOW - begin < first ? NOW - begin : first;
		last = NOW - begin > last ? NOW - begin : last;
	}
	assert_in_range(first, 1000, 1100);
	assert_in_range(last, 3900, 4000);
}

/* One per interval, to a peer that answers. */
static void heartbeat(void **state)
{
	(void)state;
	fake_start();
	fake_route.ping_interval = 1000;
	fake_route.pong_timeout = 300;
	start();
	while (!pings)
		run_until(NOW + 1);
	for (unsigned i = 1; i < 50; i++) {
		assert_int_equal(pings, i);
		run_until(NOW + 250);
		assert_false(is_given_up());
		pong();
		run_until(NOW + 750);
	}
}

static void no_pong(void **state)
{
	uint64_t sent;

	(void)state;
	fake_start();
	fake_route.ping_interval = 100;
	fake_route.pong_timeout = 1000;
	start();
	while (!pings)
		run_until(NOW + 1);
	sent = NOW;
	fake.clock.heard_at = NOW + 900; /* other frames are no pong */
	run_until(sent + 999);
	assert_false(is_given_up());
	assert_int_equal(pings, 1); /* no other while one is out */
	run_until(sent + 2000);
	assert_true(is_given_up());
	assert_int_equal(NOW, sent + 1000);
}

/* Without pong_timeout pings go out, and nobody waits; one that failed is tried again. */
static void pings_only(void **state)
{
	(void)state;
	fake_start();
	fake_route.ping_interval = 100;
	start();
	run_until(NOW + 10000);
	assert_in_range(pings, 99, 101);
	assert_false(is_given_up());
	fake_route.pong_timeout = 50;
	ping_error = -1;
	run_until(NOW + 1000);
	assert_false(is_given_up());
	ping_error = 0;
	run_until(NOW + 1000);
	assert_true(is_given_up());
}

static void resume(void)
{
	wye_ws_let_go(&fake, WYE_WS_HELD_HANDLER);
	if (!fake.socket.paused)
		wye_ws_clock_resumed(&fake);
}

/* While nothing is read nothing can be heard: the peer has all its time afterwards, wherever
 * between two looks the pause ends. */
static void paused(void **state)
{
	(void)state;
	for (unsigned length = 1; length < 4000; length += 13)
		for (int deadline = 0; deadline < 2; deadline++) {
			uint64_t end;

			fake_start();
			fake_route.ping_interval = deadline ? 0 : 1000;
			fake_route.pong_timeout = 300;
			fake_route.read_deadline = deadline ? 300 : 0;
			start();
			while (!deadline && !pings)
				run_until(NOW + 1);
			wye_ws_hold(&fake, WYE_WS_HELD_HANDLER);
			run_until(NOW + length);
			resume();
			end = NOW;
			run_until(end + 299);
			assert_false(is_given_up());
			run_until(end + 2000);
			assert_true(is_given_up());
			assert_int_equal(NOW, end + 300);
		}
}

/* A pong is late behind what the peer still takes. */
static void takes_slowly(void **state)
{
	uint64_t last;

	(void)state;
	fake_start();
	fake_route.ping_interval = 1000;
	fake_route.pong_timeout = 300;
	start();
	fake.socket.written = 1000; /* in front of the ping */
	while (!pings)
		run_until(NOW + 1);
	for (int i = 0; i < 100; i++) {
		fake.socket.taken++;
		run_until(NOW + 299);
		assert_false(is_given_up());
	}
	last = NOW;
	run_until(NOW + 10000);
	assert_true(is_given_up());
	assert_in_range(NOW - last, 1, 600);
}

static void nothing_heard(void **state)
{
	uint64_t heard;

	(void)state;
	fake_start();
	fake_route.read_deadline = 1000;
	start();
	for (int i = 0; i < 20; i++) {
		run_until(NOW + 999);
		assert_false(is_given_up());
		fake.clock.heard_at = NOW;
	}
	heard = NOW;
	run_until(NOW + 5000);
	assert_true(is_given_up());
	assert_int_equal(NOW, heard + 1000);
}

/* ---- times that are set from outside ---- */

static void earlier_times(void **state)
{
	uint64_t begin;

	(void)state;
	fake_start();
	fake_route.max_lifetime = 100000;
	start();
	begin = NOW;
	fake.clock.fence_at = NOW + 500;
	wye_ws_clock_set(&fake);
	assert_int_equal(fake.socket.deadline, begin + 500);
	wye_ws_hold(&fake, WYE_WS_HELD_RATE);
	fake.clock.read_at = NOW + 20;
	wye_ws_clock_set(&fake);
	assert_int_equal(fake.socket.deadline, begin + 20);
	run_until(begin + 499);
	assert_int_equal(went_on, 1);
	assert_int_equal(did.touched, 0);
	run_until(begin + 5000);
	assert_int_equal(did.touched, 1);
	assert_int_equal(fake.clock.fence_at, 0);
	fake.clock.fence_at = NOW - 5; /* due already: soon, not never */
	wye_ws_clock_set(&fake);
	run_until(NOW + 1);
	assert_int_equal(did.touched, 2);
	run_until(begin + 200000);
	assert_int_equal(NOW, begin + 100000);
	assert_int_equal(did.ended, 1);
	fake.clock.fence_at = NOW + 5; /* the close handshake has a timer of its own */
	wye_ws_clock_set(&fake);
	assert_int_equal(fake.socket.deadline, 0);
}

/* ---- any order ---- */

static void may_be_next(uint64_t *best, uint64_t at)
{
	if (at && at < *best)
		*best = at;
}

/* The timer never is later than the first thing that is due. */
static void check_timer(void)
{
	const struct wye_ws_clock *clock = &fake.clock;
	uint64_t best = UINT64_MAX;

	may_be_next(&best, clock->ping_at);
	may_be_next(&best, clock->pong_by);
	may_be_next(&best, clock->end_at);
	may_be_next(&best, clock->fence_at);
	may_be_next(&best, clock->read_at);
	may_be_next(&best, clock->heard_at + fake_route.read_deadline);
	may_be_next(&best, clock->used_at + fake_route.idle_timeout);
	assert_true(fake.socket.deadline &&
		    fake.socket.deadline <= (best > NOW ? best : NOW + 1));
}

static void random_event(void)
{
	switch (rand() % 7) {
	case 0:
		fake.clock.used_at = fake.clock.heard_at = NOW;
		break;
	case 1:
		pong();
		break;
	case 2:
		fake.clock.fence_at = NOW + (unsigned)rand() % 50;
		wye_ws_clock_set(&fake);
		break;
	case 3:
		if (fake.clock.read_at)
			break;
		wye_ws_hold(&fake, WYE_WS_HELD_RATE);
		fake.clock.read_at = NOW + (unsigned)rand() % 100;
		wye_ws_clock_set(&fake);
		break;
	case 4:
		wye_ws_hold(&fake, WYE_WS_HELD_HANDLER);
		break;
	default:
		if (fake.held_by & WYE_WS_HELD_HANDLER)
			resume();
	}
}

static void start_random(void)
{
	fake_start();
	fake_route.ping_interval = 200;
	fake_route.pong_timeout = 100;
	fake_route.read_deadline = 400;
	fake_route.idle_timeout = 500;
	fake_route.max_lifetime = 60000;
	fake_route.lifetime_jitter = 60000;
	start();
}

/* Nobody is given up who was heard in time, or could not be. */
static void check_end(void)
{
	const struct wye_ws_clock *clock = &fake.clock;

	if (fake.state == WYE_WS_OPEN)
		return;
	if (is_given_up()) {
		assert_false(fake.socket.paused);
		assert_true((clock->pong_by && NOW >= clock->pong_by) ||
			    NOW >= clock->heard_at + 400);
	} else {
		assert_int_equal(did.ended, 1);
		assert_true(did.cause == WYE_WS_IDLE ? NOW >= clock->used_at + 500
						     : NOW >= clock->end_at);
	}
	start_random();
}

static void any_order(void **state)
{
	(void)state;
	srand(1);
	start_random();
	for (int i = 0; i < STEPS; i++) {
		check_timer();
		random_event();
		check_timer();
		run_until(NOW + (unsigned)rand() % 60);
		check_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_times),      cmocka_unit_test(expiry),
		cmocka_unit_test(lifetimes),     cmocka_unit_test(idleness),
		cmocka_unit_test(first_pings),   cmocka_unit_test(heartbeat),
		cmocka_unit_test(no_pong),       cmocka_unit_test(pings_only),
		cmocka_unit_test(paused),        cmocka_unit_test(takes_slowly),
		cmocka_unit_test(nothing_heard), cmocka_unit_test(earlier_times),
		cmocka_unit_test(any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
