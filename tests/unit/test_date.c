/* SPDX-License-Identifier: MIT
 *
 * test_date.c - dates of HTTP, against the C library's calendar.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <wye/http.h>

#include "unit.h"

static bool read_date(const char *text, int64_t *time)
{
	return wye_http_date_read((struct wye_text) { text, strlen(text) }, time);
}

static void as_the_library(int64_t time)
{
	char ours[WYE_HTTP_DATE], theirs[64];
	time_t now = (time_t)time;
	struct tm utc;
	int64_t back;

	gmtime_r(&now, &utc);
	strftime(theirs, sizeof theirs, "%a, %d %b %Y %H:%M:%S GMT", &utc);
	wye_http_date_write(time, ours);
	assert_string_equal(ours, theirs);
	assert_true(read_date(ours, &back));
	assert_true(back == time);
}

static void every_day(void **state)
{
	(void)state;
	for (int64_t day = -80000; day < 300000; day++)
		as_the_library(day * 86400 + (day * 7919 % 86400 + 86400) % 86400);
	as_the_library(0);
	as_the_library(-1);
	as_the_library(951782400 + 86399); /* a leap day's last second */
}

static void three_forms(void **state)
{
	static const char *const forms[] = { "Sun, 06 Nov 1994 08:49:37 GMT",
					     "Sunday, 06-Nov-94 08:49:37 GMT",
					     "Sun Nov  6 08:49:37 1994" };
	int64_t time;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_true(read_date(forms[i], &time));
		assert_true(time == 784111777);
	}
	assert_true(read_date("Wed Nov 16 08:49:37 1994", &time));
	assert_true(time == 784111777 + 10 * 86400);
}

static void two_digits(void **state)
{
	char text[64];
	time_t now = time(NULL);
	int64_t got;
	struct tm utc;

	(void)state;
	gmtime_r(&now, &utc);
	snprintf(text, sizeof text, "Sunday, 06-Nov-%02d 00:00:00 GMT",
		 (utc.tm_year + 50) % 100);
	assert_true(read_date(text, &got));
	assert_true(got > now);
	snprintf(text, sizeof text, "Sunday, 06-Nov-%02d 00:00:00 GMT",
		 (utc.tm_year + 51) % 100);
	assert_true(read_date(text, &got));
	assert_true(got < now);
}

static void no_dates(void **state)
{
	static const char *const bad[] = { "",
					   "x",
					   "Sun, 06 Nov 1994 08:49:37",
					   "Sun, 06 Nov 1994 08:49:37 CET",
					   "Sun, 06 Nov 1994 08:49:37 GMT ",
					   "Sun, 6 Nov 1994 08:49:37 GMT",
					   "Sun, 00 Nov 1994 08:49:37 GMT",
					   "Sun, 31 Nov 1994 08:49:37 GMT",
					   "Sun, 29 Feb 1900 08:49:37 GMT",
					   "Sun, 06 Nov 1994 24:49:37 GMT",
					   "Sun, 06 Nov 1994 08:60:37 GMT",
					   "Sun, 06 Nov 1994 08:49:61 GMT",
					   "Sun, 06 nov 1994 08:49:37 GMT",
					   "Sunday, 06 Nov 1994 08:49:37 GMT",
					   "Sun Nov 6 08:49:37 1994",
					   "1994-11-06T08:49:37Z",
					   "784111777" };
	int64_t time;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (read_date(bad[i], &time))
			fail_msg("%s", bad[i]);
	assert_false(wye_http_date_read((struct wye_text) { NULL, 0 }, &time));
	for (size_t i = 0; i < 29; i++)
		assert_false(wye_http_date_read(
			(struct wye_text) { "Sun, 06 Nov 1994 08:49:37 GMT", i }, &time));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day),
		cmocka_unit_test(three_forms),
		cmocka_unit_test(two_digits),
		cmocka_unit_test(no_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
