/* SPDX-License-Identifier: MIT
 *
 * test_cookie.c - cookies that are set, and those that browsers would drop.
 */
#include <errno.h>
#include <stdio.h>

#include <wye/http.h>

#include "unit.h"

#define COOKIE(name_, value_, ...)                                                             \
	((struct wye_cookie) { .size = sizeof(struct wye_cookie),                              \
			       .name = name_,                                                  \
			       .value = { value_, sizeof value_ - 1 },                         \
			       ##__VA_ARGS__ })

static void assert_cookie(struct wye_cookie cookie, const char *expected)
{
	char out[WYE_COOKIE_MAX];
	int length = wye_cookie_write(&cookie, out);

	assert_int_equal(length, expected ? (int)strlen(expected) : -EINVAL);
	if (expected)
		assert_memory_equal(out, expected, (size_t)length);
}

static void written(void **state)
{
	(void)state;
	assert_cookie(COOKIE("a", "b"), "a=b");
	assert_cookie(COOKIE("a", ""), "a=");
	assert_cookie(COOKIE("a", "\"b c\""), NULL);
	assert_cookie(COOKIE("a", "\"b\""), "a=\"b\"");
	assert_cookie(COOKIE("a", "b", .path = "/x", .domain = "example.org", .max_age = 60,
			     .expires = 784111777, .secure = true, .http_only = true,
			     .same_site = WYE_SAME_SITE_NONE, .partitioned = true),
		      "a=b; Path=/x; Domain=example.org; Max-Age=60; "
		      "Expires=Sun, 06 Nov 1994 08:49:37 GMT; Secure; HttpOnly; SameSite=None; "
		      "Partitioned");
	assert_cookie(COOKIE("a", "b", .max_age = -1), "a=b; Max-Age=0");
	assert_cookie(COOKIE("a", "b", .same_site = WYE_SAME_SITE_LAX), "a=b; SameSite=Lax");
	assert_cookie(COOKIE("a", "b", .same_site = WYE_SAME_SITE_STRICT),
		      "a=b; SameSite=Strict");
	assert_cookie(COOKIE("__Host-a", "b", .secure = true, .path = "/"),
		      "__Host-a=b; Path=/; Secure");
	assert_cookie(COOKIE("__Secure-a", "b", .secure = true), "__Secure-a=b; Secure");
}

static void dropped(void **state)
{
	static const char *const names[] = { "",          "a b",      "a=", "a;",
					     "a\r\nX: y", "\xc3\xa4", "a," };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_cookie(COOKIE(names[i], "b"), NULL);
	assert_cookie(COOKIE("a", "b;c"), NULL);
	assert_cookie(COOKIE("a", "b\r\nX: y"), NULL);
	assert_cookie(COOKIE("a", "b\0c"), NULL);
	assert_cookie(COOKIE("a", "b,c"), NULL);
	assert_cookie(COOKIE("a", "b\\c"), NULL);
	assert_cookie(COOKIE("a", "b c"), NULL);
	assert_cookie(COOKIE("a", "\""), NULL);
	assert_cookie(COOKIE("a", "\xc3\xa4"), NULL);
	assert_cookie(COOKIE("a", "b", .path = "x"), NULL);
	assert_cookie(COOKIE("a", "b", .path = ""), NULL);
	assert_cookie(COOKIE("a", "b", .path = "/;Secure"), NULL);
	assert_cookie(COOKIE("a", "b", .path = "/\n"), NULL);
	assert_cookie(COOKIE("a", "b", .path = "/x "), NULL);
	assert_cookie(COOKIE("a", "b", .domain = ""), NULL);
	assert_cookie(COOKIE("a", "b", .domain = ".x.org"), NULL);
	assert_cookie(COOKIE("a", "b", .domain = "x.org;"), NULL);
	assert_cookie(COOKIE("a", "b", .same_site = WYE_SAME_SITE_NONE), NULL);
	assert_cookie(COOKIE("a", "b", .partitioned = true), NULL);
	assert_cookie(COOKIE("__Secure-a", "b"), NULL);
	assert_cookie(COOKIE("__secure-a", "b"), NULL);
	assert_cookie(COOKIE("__Host-a", "b", .secure = true), NULL);
	assert_cookie(COOKIE("__Host-a", "b", .secure = true, .path = "/x"), NULL);
	assert_cookie(COOKIE("__Host-a", "b", .path = "/"), NULL);
	assert_cookie(COOKIE("__hOST-a", "b", .secure = true, .path = "/", .domain = "x.org"),
		      NULL);
}

static void longest(void **state)
{
	static char value[4096], path[1026], domain[257];
	char out[WYE_COOKIE_MAX];
	struct wye_cookie cookie = { .size = sizeof cookie,
				     .name = "a",
				     .value = { value, 4095 },
				     .path = path,
				     .domain = domain,
				     .max_age = INT64_MAX,
				     .expires = 253402300799,
				     .secure = true,
				     .http_only = true,
				     .same_site = WYE_SAME_SITE_STRICT,
				     .partitioned = true };

	(void)state;
	memset(value, 'v', sizeof value);
	memset(path, '/', 1024);
	memset(domain, 'd', 255);
	assert_in_range(wye_cookie_write(&cookie, out), 5400, WYE_COOKIE_MAX);
	cookie.value.length++;
	assert_int_equal(wye_cookie_write(&cookie, out), -EINVAL);
	cookie.value.length--;
	path[1024] = '/';
	assert_int_equal(wye_cookie_write(&cookie, out), -EINVAL);
	path[1024] = '\0';
	domain[255] = 'd';
	assert_int_equal(wye_cookie_write(&cookie, out), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written),
		cmocka_unit_test(dropped),
		cmocka_unit_test(longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
