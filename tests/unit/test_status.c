/* SPDX-License-Identifier: MIT
 *
 * test_status.c - the answers that wye writes by itself.
 */
#include <time.h>

#include "base/status.h"
#include "unit.h"

static void reasons(void **state)
{
	(void)state;
	assert_string_equal(wye_status_reason(200), "OK");
	assert_string_equal(wye_status_reason(404), "Not Found");
	assert_string_equal(wye_status_reason(431), "Request Header Fields Too Large");
	assert_string_equal(wye_status_reason(507), "Insufficient Storage");
	assert_string_equal(wye_status_reason(0), "Unknown");
	assert_string_equal(wye_status_reason(299), "Unknown");
	assert_string_equal(wye_status_reason(999999), "Unknown");
	for (unsigned i = 100; i < 600; i++)
		for (const char *byte = wye_status_reason(i); *byte; byte++)
			assert_true(*byte >= ' ' && *byte < 127);
}

/* Takes a line off the front; returns it. */
static char *take(char **at)
{
	char *line = *at, *end = strstr(line, "\r\n");

	assert_non_null(end);
	*end = '\0';
	*at = end + 2;
	return line;
}

static void whole_answer(void **state)
{
	struct wye_buffer out = { 0 };
	struct tm tm = { 0 };
	char *at, *date;
	time_t then;

	(void)state;
	assert_int_equal(wye_status_begin(&out, 503), 0);
	assert_int_equal(wye_status_field(&out, (struct wye_text) { "Retry-After!", 11 },
					  (struct wye_text) { "10!", 2 }),
			 0);
	assert_int_equal(wye_status_body(&out, "busy\n", 6), 0); /* with its NUL */
	at = out.data;
	assert_string_equal(take(&at), "HTTP/1.1 503 Service Unavailable");
	date = take(&at);
	assert_non_null(strptime(date, "Date: %a, %d %b %Y %H:%M:%S GMT", &tm));
	then = timegm(&tm);
	assert_true(then <= time(NULL) && then > time(NULL) - 60);
	assert_string_equal(take(&at), "Connection: close");
	assert_string_equal(take(&at), "Retry-After: 10");
	assert_string_equal(take(&at), "Content-Length: 6");
	assert_string_equal(take(&at), "");
	assert_int_equal(out.data + out.length - at, 6);
	assert_memory_equal(at, "busy\n", 6);
	wye_buffer_fini(&out);
}

static void without_body(void **state)
{
	static const char end[] = "Content-Length: 0\r\n\r\n";
	struct wye_buffer out = { 0 };

	(void)state;
	assert_int_equal(wye_status_begin(&out, 204), 0);
	assert_int_equal(wye_status_body(&out, NULL, 0), 0);
	assert_memory_equal(out.data, "HTTP/1.1 204 No Content\r\n", 25);
	assert_memory_equal(out.data + out.length - strlen(end), end, strlen(end));
	wye_buffer_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons),
		cmocka_unit_test(whole_answer),
		cmocka_unit_test(without_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
