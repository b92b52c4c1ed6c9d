/* SPDX-License-Identifier: MIT
 *
 * test_hosts.c - which host's routes a request finds, and what falls through to others.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "route/hosts.h"
#include "unit.h"

static struct wye_hosts *hosts;

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, strlen(string) };
}

/* The value of a route is its host's name. */
static void add(const char *host, const char *pattern, unsigned methods)
{
	struct wye_router *router;
	struct wye_error why;
	const void *other;

	assert_int_equal(wye_hosts_router(hosts, host, &router), 0);
	assert_int_equal(
		wye_router_add(router, pattern, methods, host ? host : "any", &other, &why), 0);
}

static struct wye_match find(const char *host, enum wye_method method, const char *path)
{
	struct wye_match match;
	bool found = wye_hosts_find(hosts, text(host), method, text(path), &match);

	assert_int_equal(found, match.value != NULL);
	return match;
}

static void expect(const char *host, const char *path, const char *expected)
{
	struct wye_match match = find(host, WYE_METHOD_GET, path);

	if (!expected != !match.value || (expected && strcmp(match.value, expected) != 0))
		fail_msg("%s%s: %s", host, path, match.value ? (char *)match.value : "none");
}

static int set_up(void **state)
{
	(void)state;
	return wye_hosts_create(&hosts);
}

static int tear_down(void **state)
{
	(void)state;
	wye_hosts_destroy(hosts);
	return 0;
}

static void without_hosts(void **state)
{
	(void)state;
	add(NULL, "/", WYE_METHOD_GET);
	expect("a.example", "/", "any");
	expect("", "/", "any");
	expect("a", "/x", NULL);
}

static void exact_and_below(void **state)
{
	(void)state;
	add("a.example", "/", WYE_METHOD_GET);
	add("*.example", "/", WYE_METHOD_GET);
	add("*.a.example", "/", WYE_METHOD_GET);
	add("*.b.example", "/only", WYE_METHOD_GET);
	expect("a.example", "/", "a.example");
	expect("A.Example", "/", "a.example");
	expect("a.example:8080", "/", "a.example");
	expect("a.example:", "/", "a.example");
	expect("b.example", "/", "*.example");
	expect("x.a.example", "/", "*.a.example");
	expect("Y.X.A.EXAMPLE:1", "/", "*.a.example");
	expect("y.x.example", "/", "*.example");
	expect("x.b.example", "/only", "*.b.example");
	expect("x.b.example", "/", "*.example"); /* the longer one has no such path */
	expect("example", "/", NULL);
	expect(".example", "/", NULL); /* nothing below it */
	expect("xa.example.org", "/", NULL);
	expect("xexample", "/", NULL);
	expect("", "/", NULL);
	add(NULL, "/", WYE_METHOD_GET);
	expect("example", "/", "any");
	expect("", "/", "any");
	expect("a.example", "/", "a.example");
}

static void literals(void **state)
{
	(void)state;
	add("[::1]", "/", WYE_METHOD_GET);
	add("127.0.0.1", "/", WYE_METHOD_GET);
	add("[fe80::a]", "/", WYE_METHOD_GET);
	expect("[::1]", "/", "[::1]");
	expect("[::1]:80", "/", "[::1]");
	expect("[FE80::A]:80", "/", "[fe80::a]");
	expect("127.0.0.1:80", "/", "127.0.0.1");
	expect("[::2]", "/", NULL);
	expect("[::", "/", NULL);
	expect(":", "/", NULL);
	expect("]", "/", NULL);
}

static void allowed_is_gathered(void **state)
{
	struct wye_match match;

	(void)state;
	add("a.b.c", "/x", WYE_METHOD_GET);
	add("*.b.c", "/x", WYE_METHOD_POST);
	add("*.c", "/x", WYE_METHOD_PUT);
	add(NULL, "/x", WYE_METHOD_DELETE);
	match = find("a.b.c", WYE_METHOD_PATCH, "/x");
	assert_null(match.value);
	assert_int_equal(match.allowed & ~(unsigned)WYE_METHOD_HEAD,
			 WYE_METHOD_GET | WYE_METHOD_POST | WYE_METHOD_PUT | WYE_METHOD_DELETE);
	assert_string_equal(find("a.b.c", WYE_METHOD_PUT, "/x").value, "*.c");
	assert_string_equal(find("a.b.c", WYE_METHOD_DELETE, "/x").value, "any");
	assert_int_equal(find("z", WYE_METHOD_GET, "/x").allowed, WYE_METHOD_DELETE);
	assert_int_equal(find("a.b.c", WYE_METHOD_GET, "/y").allowed, 0);
}

static void routers(void **state)
{
	static const char *const wrong[] = { "",   "*",    "*.",  "*a",  "a*",    "a b",
					     "a/", "a:80", "*.*", "u@a", "\xc3z", "*.a:80" };
	struct wye_router *one, *two;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (wye_hosts_router(hosts, wrong[i], &one) != -EINVAL)
			fail_msg("%s", wrong[i]);
	assert_int_equal(wye_hosts_router(hosts, "a.b", &one), 0);
	assert_int_equal(wye_hosts_router(hosts, "A.B", &two), 0);
	assert_ptr_equal(one, two);
	assert_int_equal(wye_hosts_router(hosts, "*.a.b", &two), 0);
	assert_ptr_not_equal(one, two);
	assert_int_equal(wye_hosts_router(hosts, NULL, &one), 0);
	assert_int_equal(wye_hosts_router(hosts, NULL, &two), 0);
	assert_ptr_equal(one, two);
}

/* ---- random hosts against a naive search ---- */

static void random_name(char *out, bool rule)
{
	strcpy(out, rule && rand() % 2 ? "*" : "");
	for (int i = 1 + rand() % 4; i > 0; i--)
		sprintf(out + strlen(out), "%s%c", *out ? "." : "", "abAB"[rand() % 4]);
}

static bool applies(const char *rule, const char *host)
{
	size_t length = strlen(rule), whole = strlen(host);

	if (*rule != '*')
		return !strcasecmp(rule, host);
	return whole > length - 1 && !strcasecmp(host + whole - (length - 1), rule + 1);
}

/* An exact one wins, then the longest. */
static const char *best_of(char rules[][32], int count, const char *host)
{
	const char *best = NULL;

	for (int i = 0; i < count; i++)
		if (applies(rules[i], host) &&
		    (!best || *rules[i] != '*' ||
		     (*best == '*' && strlen(rules[i]) > strlen(best))))
			best = rules[i];
	return best;
}

static void random_hosts(void **state)
{
	(void)state;
	srand(13);
	for (int round = 0; round < 300; round++) {
		char rules[30][32];
		int count = 0;

		wye_hosts_destroy(hosts);
		assert_int_equal(wye_hosts_create(&hosts), 0);
		for (int i = 0; i < 30; i++) {
			bool known = false;

			random_name(rules[count], true);
			for (int j = 0; j < count; j++)
				known |= !strcasecmp(rules[j], rules[count]);
			if (!known)
				add(rules[count], "/", WYE_METHOD_GET), count++;
		}
		for (int i = 0; i < 200; i++) {
			char host[40];
			const char *expected;

			random_name(host, false);
			expected = best_of(rules, count, host);
			strcat(host, rand() % 2 ? ":8080" : "");
			expect(host, "/", expected);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_hosts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(exact_and_below, set_up, tear_down),
		cmocka_unit_test_setup_teardown(literals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(allowed_is_gathered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(routers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(random_hosts, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
