/* SPDX-License-Identifier: MIT
 *
 * test_ready.c - checks hold and fail, from several threads, and a drain ends all readiness.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "base/metric.h"
#include "base/ready.h"
#include "unit.h"

static char seen[512];

static void note(const char *name, const char *reason, void *argument)
{
	assert_ptr_equal(argument, seen);
	strcat(strcat(strcat(strcat(seen, name), "="), reason), ";");
}

static void assert_failing(const char *expected)
{
	seen[0] = '\0';
	wye_ready_each_failing(note, seen);
	assert_string_equal(seen, expected);
	assert_int_equal(wye_is_ready(), !*expected);
}

static void names(void **state)
{
	struct wye_ready_check *check;
	char longest[66];

	(void)state;
	memset(longest, 'a', 65);
	longest[65] = '\0';
	assert_int_equal(wye_ready_check_create(&check, ""), -EINVAL);
	assert_int_equal(wye_ready_check_create(&check, "a b"), -EINVAL);
	assert_int_equal(wye_ready_check_create(&check, "a\""), -EINVAL);
	assert_int_equal(wye_ready_check_create(&check, longest), -EINVAL);
	assert_int_equal(wye_ready_check_create(&check, longest + 1), 0);
	wye_ready_check_destroy(check);
	wye_ready_check_destroy(NULL);
}

static void hold_and_fail(void **state)
{
	wye_metric metric = wye_metric_register("ready_checks_failing", WYE_GAUGE);
	struct wye_ready_check *a, *b;
	char longest[300];

	(void)state;
	assert_failing("");
	assert_int_equal(wye_ready_check_create(&a, "a"), 0);
	assert_int_equal(wye_ready_check_create(&b, "b"), 0);
	assert_failing("");
	wye_ready_check_set(a, NULL);
	assert_failing("");
	wye_ready_check_set(a, "x");
	wye_ready_check_set(a, "y");
	assert_failing("a=y;");
	wye_ready_check_set(b, "");
	assert_failing("a=y;b=;");
	assert_int_equal(wye_metric_read(metric), 2);
	wye_ready_check_set(a, NULL);
	assert_failing("b=;");
	wye_ready_check_destroy(b);
	assert_failing("");
	memset(longest, 'z', sizeof longest);
	longest[299] = '\0';
	wye_ready_check_set(a, longest);
	seen[0] = '\0';
	wye_ready_each_failing(note, seen);
	assert_int_equal(strlen(seen), 2 + 255 + 1); /* "a=", what it was cut to, ";" */
	wye_ready_check_destroy(a);
	assert_failing("");
}

static void *flicker(void *argument)
{
	for (int i = 0; i < 10000; i++)
		wye_ready_check_set(argument, i % 2 ? NULL : "x");
	return NULL;
}

static void from_threads(void **state)
{
	struct wye_ready_check *checks[4];
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(wye_ready_check_create(&checks[i], "c"), 0);
		assert_int_equal(pthread_create(&threads[i], NULL, flicker, checks[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_failing("");
	for (int i = 0; i < 4; i++)
		wye_ready_check_destroy(checks[i]);
}

static void drained(void **state)
{
	(void)state;
	assert_true(wye_is_ready());
	assert_false(wye_is_draining());
	wye_ready_drain();
	assert_false(wye_is_ready());
	assert_true(wye_is_draining());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(hold_and_fail),
		cmocka_unit_test(from_threads),
		cmocka_unit_test(drained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
