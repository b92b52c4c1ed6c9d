/* SPDX-License-Identifier: MIT
 *
 * test_farewell.c - last words over a socket pair: they arrive whole, and none stays for ever.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driven_loop.h"
#include "net/farewell.h"
#include "unit.h"

enum { LARGE = 1 << 20 };

static struct driven driven;
static struct wye_limits *limits;
static union wye_address peer;
static char text[LARGE];
static int ends[2];

static int set_up(void **state)
{
	(void)state;
	memset(text, 'x', sizeof text);
	return driven_start(&driven, 0) | wye_limits_create(&limits, 10, 10, NULL, 0) |
	       wye_address_parse(&peer, "1.2.3.4", 5) | (int)wye_limits_enter(limits, &peer) |
	       socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

static int tear_down(void **state)
{
	unsigned open = wye_limits_open(limits);

	(void)state;
	close(ends[1]);
	wye_limits_destroy(limits);
	driven_end(&driven);
	return open || driven.loop.watches || driven.loop.wheel.running ? -1 : 0;
}

static void finish(size_t length)
{
	wye_farewell(&driven.loop, ends[0], text, length, limits, &peer);
	while (wye_limits_open(limits))
		driven_turn(&driven);
}

static void *read_slowly(void *argument)
{
	static char piece[16384];
	size_t *sum = argument;
	ssize_t got;

	while ((got = read(ends[1], piece, sizeof piece)) > 0) {
		*sum += (size_t)got;
		usleep(1000);
	}
	shutdown(ends[1], SHUT_RDWR);
	return NULL;
}

static void large_text_to_a_slow_reader(void **state)
{
	pthread_t thread;
	size_t sum = 0;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &sum), 0);
	finish(LARGE);
	pthread_join(thread, NULL);
	assert_int_equal(sum, LARGE);
}

/* Neither one that keeps its end open nor one that takes nothing. */
static void peer_that_never_closes(void **state)
{
	uint64_t begin = driven.loop.now;

	(void)state;
	finish(*state ? LARGE : 5);
	assert_true(driven.loop.now - begin >= 1900);
	assert_true(driven.loop.now - begin < 10000);
}

static void peer_that_has_ended(void **state)
{
	char got[8];

	(void)state;
	assert_int_equal(write(ends[1], "more", 4), 4); /* unread bytes */
	shutdown(ends[1], SHUT_WR);
	wye_farewell(&driven.loop, ends[0], text, 5, limits, &peer);
	assert_int_equal(wye_limits_open(limits), 0); /* at once */
	assert_int_equal(read(ends[1], got, sizeof got), 5);
}

static void what_is_left_is_closed(void **state)
{
	char got[8];

	(void)state;
	wye_farewell(&driven.loop, ends[0], text, 5, limits, &peer);
	assert_int_equal(wye_limits_open(limits), 1);
	wye_farewells_end();
	assert_int_equal(wye_limits_open(limits), 0);
	assert_int_equal(read(ends[1], got, sizeof got), 5);
	assert_int_equal(read(ends[1], got, sizeof got), 0);
	wye_farewells_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(large_text_to_a_slow_reader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(peer_that_never_closes, set_up, tear_down),
		cmocka_unit_test_prestate_setup_teardown(peer_that_never_closes, set_up,
							 tear_down, text),
		cmocka_unit_test_setup_teardown(peer_that_has_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_left_is_closed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
