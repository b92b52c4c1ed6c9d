/* SPDX-License-Identifier: MIT
 *
 * test_hide.c - what is hidden in a URL, and that nothing else is.
 */
#include <stdlib.h>

#include <wye/log.h>

#include "unit.h"

/* In memory of just that size, so that a byte too far shows. */
static void expect(const char *url, const char *expected)
{
	char memory[256], *exact = malloc(strlen(url) + 1);
	struct wye_text got;

	memcpy(exact, url, strlen(url));
	got = wye_log_url((struct wye_text) { exact, strlen(url) }, memory, sizeof memory);
	if (got.length != strlen(expected) || memcmp(got.data, expected, got.length))
		fail_msg("%s: %.*s", url, (int)got.length, got.data);
	free(exact);
}

static void queries(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "/", "/" },
		{ "/?", "/?" },
		{ "/?token", "/?token" },
		{ "/?token=", "/?token=" },
		{ "/?token=a", "/?token=***" },
		{ "/?token=a=b?c", "/?token=***" },
		{ "/?token=a&b=c", "/?token=***&b=c" },
		{ "/?b=c&token=a", "/?b=c&token=***" },
		{ "/?token=a&token=b&&", "/?token=***&token=***&&" },
		{ "/?token=&password=a", "/?token=&password=***" },
		{ "/?acces%73_token=a&%74OKEN=b", "/?acces%73_token=***&%74OKEN=***" },
		{ "/?Access_Token=a&X-API-KEY=b", "/?Access_Token=***&X-API-KEY=***" },
		{ "/token=a?x=token", "/token=a?x=token" },
		{ "/?tokens=b&toke=c&to%=d&token%00=e&%74=f",
		  "/?tokens=b&toke=c&to%=d&token%00=e&%74=f" },
		{ "/?a=b?token=c", "/?a=b?token=c" },
		{ "/?&=a&token%=b", "/?&=a&token%=b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect(rows[i][0], rows[i][1]);
	assert_null(wye_log_url((struct wye_text) { NULL, 0 }, NULL, 0).data);
}

static void users(void **state)
{
	(void)state;
	expect("https://a.example/b?token=a", "https://a.example/b?token=***");
	expect("https://me:pw@a.example/b?token=a&c=d",
	       "https://***@a.example/b?token=***&c=d");
	expect("https://me@pw@a.example", "https://***@a.example");
	expect("https://@a.example", "https://@a.example");
	expect("https://a.example/me@b", "https://a.example/me@b");
	expect("https://a.example?me@b", "https://a.example?me@b");
	expect("/b://me@c", "/b://me@c");
	expect("https://", "https://");
}

static void added(void **state)
{
	(void)state;
	expect("/?my+pin=1&my%20pin=2", "/?my+pin=1&my%20pin=2");
	assert_false(wye_log_hides_field("X-Pin"));
	assert_true(wye_log_hides_field("Set-Cookie"));
	assert_int_equal(wye_log_hide_parameter("My pin"), 0);
	assert_int_equal(wye_log_hide_parameter("x-pin"), 0);
	assert_int_equal(wye_log_hide_parameter("x-pin"), 0);
	expect("/?my+pin=1&my%20pin=2", "/?my+pin=***&my%20pin=***");
	assert_true(wye_log_hides_field("X-Pin"));
}

static void cuts(void **state)
{
	char url[3000], memory[100];
	struct wye_text got;

	(void)state;
	memset(url, 'x', sizeof url);
	memcpy(url, "/?token=", 8);
	url[2960] = '&';
	got = wye_log_url((struct wye_text) { url, sizeof url }, memory, sizeof memory);
	assert_int_equal(got.length, 11 + 40);
	assert_memory_equal(got.data, "/?token=***&x", 13);
	got = wye_log_url((struct wye_text) { url, sizeof url }, memory, 10);
	assert_int_equal(got.length, 10);
	assert_memory_equal(got.data, "/?token=**", 10);
	memcpy(url + 2960, "&token=y", 8);
	got = wye_log_url((struct wye_text) { url + 8, sizeof url - 8 }, memory, sizeof memory);
	assert_ptr_equal(got.data, url + 8); /* no '?' */
	url[10] = '?';
	got = wye_log_url((struct wye_text) { url + 8, sizeof url - 8 }, memory, sizeof memory);
	assert_int_equal(got.length, sizeof memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries),
		cmocka_unit_test(users),
		cmocka_unit_test(added),
		cmocka_unit_test(cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
