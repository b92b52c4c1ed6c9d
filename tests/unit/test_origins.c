/* SPDX-License-Identifier: MIT
 *
 * test_origins.c - which origins a pattern lets pass.
 */
#include <stdio.h>

#include "../../middleware/origins.h"
#include "unit.h"

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, strlen(string) };
}

static void expect(const char *origin, const char *pattern, bool passes)
{
	if (origin_matches(text(origin), pattern) != passes)
		fail_msg("%s, %s", origin, pattern);
}

static void exact(void **state)
{
	(void)state;
	expect("https://a.example", "https://a.example", true);
	expect("HTTPS://A.example", "https://a.EXAMPLE", true);
	expect("http://a.example", "https://a.example", false);
	expect("https://a.example:8443", "https://a.example", false);
	expect("https://a.example:8443", "https://a.example:8443", true);
	expect("https://a.example.evil.org", "https://a.example", false);
	expect("https://a.exampl", "https://a.example", false);
	expect("null", "null", true);
	expect("null", "https://a.example", false);
	expect("https://a.example", "null", false);
	expect("null", "*", true);
	expect("", "https://a.example", false);
}

static void star(void **state)
{
	static const char pattern[] = "https://*.example.org";

	(void)state;
	expect("https://a.example.org", pattern, true);
	expect("https://b.a.example.org", pattern, true);
	expect("https://A.EXAMPLE.ORG", pattern, true);
	expect("https://example.org", pattern, false);
	expect("https://.example.org", pattern, false);
	expect("https://evilexample.org", pattern, false);
	expect("http://a.example.org", pattern, false);
	expect("https://a.example.org:8443", pattern, false);
	expect("https://a.example.org:8443", "https://*.example.org:8443", true);
	expect("https://a.example.org.evil.net", pattern, false);
	expect("https://evil.net/.example.org", pattern, false);
	expect("https://evil.net:1.example.org", pattern, false);
	expect("https://me@a.example.org", pattern, false);
	expect("https://a b.example.org", pattern, false);
}

static void well_formed(void **state)
{
	static const char *const good[] = { "*",
					    "null",
					    "https://a.example",
					    "http://localhost:3000",
					    "http://[::1]:3000",
					    "https://*.example.org",
					    "https://*.example.org:8443",
					    "chrome-extension://abc" };
	static const char *const bad[] = { "",
					   "a.example",
					   "https://",
					   "://a",
					   "https://a.example/",
					   "https://a.example/b",
					   "https://a*.example",
					   "https://a.*.example",
					   "https://*",
					   "https://*.",
					   "https://*.*.example",
					   "https://me@a",
					   "https://a, https://b" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (!origin_well_formed(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (origin_well_formed(bad[i]))
			fail_msg("%s", bad[i]);
}

static void own_host(void **state)
{
	(void)state;
	assert_true(origin_is_host(text("https://a.example"), text("a.example:443")));
	assert_true(origin_is_host(text("http://a.example"), text("A.example:80")));
	assert_true(origin_is_host(text("http://a.example:8080"), text("a.example:8080")));
	assert_false(origin_is_host(text("http://a.example"), text("a.example:443")));
	assert_false(origin_is_host(text("null"), text("null")));
	assert_false(origin_is_host(text("http://"), text("")));
	assert_false(origin_is_host(text("http://a"), (struct wye_text) { NULL, 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact),
		cmocka_unit_test(star),
		cmocka_unit_test(well_formed),
		cmocka_unit_test(own_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
