/* SPDX-License-Identifier: MIT
 *
 * test_inherited.c - what is passed on to us is not passed on to children.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/inherited.h"
#include "unit.h"

static void test_taken_over(void **state)
{
	int made = socket(AF_INET, SOCK_STREAM, 0);
	struct wye_error why;
	char own[32];

	(void)state;
	assert_true(made >= 0);
	assert_int_equal(listen(made, 1), 0); /* binds it */
	assert_int_equal(dup2(made, 3), 3);
	snprintf(own, sizeof own, "%d", getpid());
	setenv("LISTEN_PID", own, 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_FDNAMES", "http", 1);
	wye_inherited_begin();
	assert_null(getenv("LISTEN_PID"));
	assert_null(getenv("LISTEN_FDS"));
	assert_null(getenv("LISTEN_FDNAMES"));
	assert_true(fcntl(3, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(wye_inherited_take("http", &why), 3);
	assert_true(fcntl(3, F_GETFL) & O_NONBLOCK);
	assert_true(wye_inherited_take("http", &why) < 0);
	assert_string_equal(why.text, "the inherited socket \"http\" is taken already");
	wye_inherited_end();
	assert_true(fcntl(3, F_GETFD) >= 0); /* it is the taker's */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
