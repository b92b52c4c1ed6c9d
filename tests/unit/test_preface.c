/* SPDX-License-Identifier: MIT
 *
 * test_preface.c - PROXY headers over a socket pair: the taker gets the socket with all that is
 * behind the header, and none stays for ever.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "base/metric.h"
#include "driven_loop.h"
#include "net/preface.h"
#include "unit.h"

static const char LINE[] = "PROXY TCP4 192.0.2.1 198.51.100.1 5000 80\r\n";
static const char BINARY[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x10"
			     "\xc0\x00\x02\x01\xc6\x33\x64\x01\x13\x88\x00\x50\x04\x00\x01\x00";
static const char REQUEST[] = "GET / HTTP/1.1\r\n\r\n";

static struct driven driven;
static struct wye_limits *limits;
static struct wye_listener listener;
static struct wye_cidr balancers;
static union wye_address balancer;
static int ends[2];

static struct {
	unsigned ready, failed;
	int descriptor;
	size_t read;
	union wye_address peer;
} seen;

static void ready(void *owner, int descriptor, const union wye_address *peer,
		  const struct wye_listener *from, size_t read)
{
	assert_ptr_equal(owner, &driven);
	assert_ptr_equal(from, &listener);
	seen.ready++;
	seen.descriptor = descriptor;
	seen.peer = *peer;
	seen.read = read;
}

static void failed(void *owner)
{
	assert_ptr_equal(owner, &driven);
	seen.failed++;
}

static const struct wye_preface_taker TAKER = { ready, failed, &driven };

static int set_up(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof seen);
	listener = (struct wye_listener) { .name = "a listener", .proxy = { true, 100, 536 } };
	wye_prefaces_register_metrics();
	return driven_start(&driven, 0) | wye_cidr_parse(&balancers, "10.0.0.0/8") |
	       wye_limits_create(&limits, 10, 1, &balancers, 1) |
	       wye_address_parse(&balancer, "10.0.0.1", 5) |
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

static void begin(void)
{
	assert_int_equal(wye_limits_enter(limits, &balancer), WYE_LIMITS_OK);
	wye_preface_begin(&driven.loop, limits, ends[0], &balancer, &listener, &TAKER);
}

static void say(const char *bytes, size_t length)
{
	assert_int_equal(write(ends[1], bytes, length), length);
}

static void check_ready(const char *client, size_t read)
{
	char text[WYE_ADDRESS_TEXT], left[sizeof REQUEST];

	assert_int_equal(seen.ready, 1);
	assert_int_equal(seen.failed, 0);
	assert_int_equal(seen.read, read);
	wye_address_text(&seen.peer, text);
	assert_string_equal(text, client);
	assert_int_equal(recv(seen.descriptor, left, sizeof left, MSG_DONTWAIT),
			 sizeof REQUEST - 1);
	assert_memory_equal(left, REQUEST, sizeof REQUEST - 1);
	wye_limits_leave(limits, &seen.peer);
	close(seen.descriptor);
}

static void whole_at_once(const char *header, size_t length)
{
	say(header, length);
	say(REQUEST, sizeof REQUEST - 1);
	begin();
	check_ready("192.0.2.1", length);
}

static void text_at_once(void **state)
{
	(void)state;
	whole_at_once(LINE, sizeof LINE - 1);
}

static void binary_at_once(void **state)
{
	(void)state;
	whole_at_once(BINARY, sizeof BINARY - 1);
}

static void byte_by_byte(const char *header, size_t length)
{
	begin();
	for (size_t i = 0; i < length; i++) {
		assert_int_equal(seen.ready, 0);
		say(header + i, 1);
		if (i == length - 1)
			say(REQUEST, sizeof REQUEST - 1);
		driven_turn(&driven);
	}
	check_ready("192.0.2.1", length);
}

static void text_by_bytes(void **state)
{
	(void)state;
	byte_by_byte(LINE, sizeof LINE - 1);
}

static void binary_by_bytes(void **state)
{
	(void)state;
	byte_by_byte(BINARY, sizeof BINARY - 1);
}

static void local_keeps_the_peer(void **state)
{
	(void)state;
	say(BINARY, 12);
	say("\x20\x00\x00\x00", 4);
	say(REQUEST, sizeof REQUEST - 1);
	begin();
	check_ready("10.0.0.1", 16);
}

static void check_failed(void)
{
	char byte;

	assert_int_equal(seen.ready, 0);
	assert_int_equal(seen.failed, 1);
	assert_int_equal(wye_limits_open(limits), 0);
	assert_true(recv(ends[1], &byte, 1, MSG_DONTWAIT) <= 0);
}

static void broken(void **state)
{
	(void)state;
	say(REQUEST, sizeof REQUEST - 1);
	begin();
	check_failed();
}

static void too_long(void **state)
{
	(void)state;
	say(BINARY, 14);
	say("\x02\x09", 2); /* 16 + 521 = 537 */
	say(BINARY + 16, 12);
	begin();
	check_failed();
}

static void cut_short(void **state)
{
	(void)state;
	say(LINE, 20);
	begin();
	shutdown(ends[1], SHUT_WR);
	driven_turn(&driven);
	check_failed();
}

/* Nor does the loop spin on a part of one. */
static void never_whole(void **state)
{
	unsigned turns = 0;

	(void)state;
	say(LINE, 20);
	begin();
	while (!seen.failed) {
		driven_turn(&driven);
		turns++;
	}
	check_failed();
	assert_true(turns < 20);
}

static void ended_with_the_thread(void **state)
{
	(void)state;
	begin();
	wye_prefaces_end();
	check_failed();
	wye_prefaces_end();
}

static void too_many_of_the_client(void **state)
{
	union wye_address client;
	char answer[512] = "";

	(void)state;
	assert_int_equal(wye_address_parse(&client, "192.0.2.1", 1), 0);
	assert_int_equal(wye_limits_enter(limits, &client), WYE_LIMITS_OK);
	say(LINE, sizeof LINE - 1);
	begin();
	assert_int_equal(seen.failed, 1);
	assert_true(recv(ends[1], answer, sizeof answer - 1, MSG_DONTWAIT) > 0);
	assert_memory_equal(answer, "HTTP/1.1 503 ", 13);
	assert_int_equal(wye_limits_open(limits), 1);
	wye_limits_leave(limits, &client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(binary_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(text_by_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(binary_by_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(local_keeps_the_peer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(broken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cut_short, set_up, tear_down),
		cmocka_unit_test_setup_teardown(never_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_with_the_thread, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_many_of_the_client, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
