/* SPDX-License-Identifier: MIT
 *
 * test_router.c - which route a path finds; what it costs with few and with many routes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "route/router.h"
#include "route/target.h"
#include "unit.h"

static struct wye_router *router;

static int add(const char *pattern, unsigned methods)
{
	const void *other;
	struct wye_error why;

	return wye_router_add(router, pattern, methods, pattern, &other, &why);
}

static struct wye_match find(const char *path, enum wye_method method)
{
	struct wye_match match;

	wye_match_init(&match);
	wye_router_find(router, method, (struct wye_text) { path, strlen(path) }, &match);
	return match;
}

static void expect(const char *path, const char *pattern, const char *parameters)
{
	struct wye_match match = find(path, WYE_METHOD_GET);
	char text[256] = "";

	for (size_t i = 0; i < match.count; i++)
		sprintf(text + strlen(text), "%.*s=%.*s;", (int)match.parameters[i].name.length,
			match.parameters[i].name.data, (int)match.parameters[i].value.length,
			match.parameters[i].value.data);
	if (!pattern)
		assert_null(match.value);
	else
		assert_string_equal(match.value, pattern);
	assert_string_equal(text, parameters);
}

static void literal_parameter_rest(void **state)
{
	static const char *const patterns[] = {
		"/app/*rest",       "/users/:id",    "/users/me", "/users/:id/posts", "/",
		"/users/:id/:what", "/users/me/x/y", "/a%20b",    "/usersettings"
	};

	(void)state;
	assert_int_equal(wye_router_create(&router), 0);
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
		assert_int_equal(add(patterns[i], WYE_METHOD_GET), 0);
	expect("/", "/", "");
	expect("/users/me", "/users/me", "");
	expect("/users/mel", "/users/:id", "id=mel;");
	expect("/users/m", "/users/:id", "id=m;");
	expect("/users/me/posts", "/users/:id/posts", "id=me;");
	expect("/users/me/x", "/users/:id/:what", "id=me;what=x;");
	expect("/users/me/x/y", "/users/me/x/y", "");
	expect("/users/me/x/z", NULL, "");
	expect("/users/", NULL, "");
	expect("/users", NULL, "");
	expect("/usersettings", "/usersettings", "");
	expect("/app/", "/app/*rest", "rest=;");
	expect("/app/a/b/", "/app/*rest", "rest=a/b/;");
	expect("/app", NULL, "");
	expect("/a b", "/a%20b", "");
	expect("", NULL, "");
	expect("x", NULL, "");
	wye_router_destroy(router);
}

static void methods(void **state)
{
	struct wye_match match;
	char list[64];

	(void)state;
	assert_int_equal(wye_router_create(&router), 0);
	assert_int_equal(add("/a/:x", WYE_METHOD_GET), 0);
	assert_int_equal(add("/a/:y", WYE_METHOD_POST), 0);
	assert_int_equal(add("/a/b", WYE_METHOD_PUT), 0);
	assert_string_equal(find("/a/1", WYE_METHOD_HEAD).value, "/a/:x");
	match = find("/a/1", WYE_METHOD_POST);
	assert_string_equal(match.value, "/a/:y");
	assert_memory_equal(match.parameters[0].name.data, "y", 1);
	assert_string_equal(find("/a/b", WYE_METHOD_GET).value,
			    "/a/:x"); /* literal has no GET */
	match = find("/a/b", WYE_METHOD_DELETE);
	assert_null(match.value);
	wye_method_list(match.allowed, list);
	assert_string_equal(list, "GET, HEAD, POST, PUT");
	assert_int_equal(find("/none", WYE_METHOD_GET).allowed, 0);
	wye_router_destroy(router);
}

static void refused_patterns(void **state)
{
	(void)state;
	assert_int_equal(wye_router_create(&router), 0);
	assert_int_equal(add("/u/:id", WYE_METHOD_GET), 0);
	assert_int_equal(add("/u/:name", WYE_METHOD_GET | WYE_METHOD_POST), -EEXIST);
	assert_int_equal(add("/u/*rest", WYE_METHOD_GET), 0);
	assert_int_equal(add("/u/*other", WYE_METHOD_GET), -EEXIST);
	assert_int_equal(add("u", WYE_METHOD_GET), -EINVAL);
	assert_int_equal(add("/:", WYE_METHOD_GET), -EINVAL);
	assert_int_equal(add("/:a/:a", WYE_METHOD_GET), -EINVAL);
	assert_int_equal(add("/*a/b", WYE_METHOD_GET), -EINVAL);
	wye_router_destroy(router);
}

/* ---- random routes against a naive matcher ---- */

static const char *const pieces[] = { "a", "ab", "abc", ":p", ":q", "b" };

static void random_path(char *out, bool pattern, unsigned depth)
{
	out[0] = '\0';
	for (unsigned i = 0; i < depth; i++) {
		const char *piece = pieces[(unsigned)rand() % (pattern ? 6 : 3)];

		if (piece[0] == ':')
			sprintf(out + strlen(out), "/:p%u", i);
		else
			sprintf(out + strlen(out), "/%s", piece);
	}
}

/* Compares segment by segment; -1: no match, else how literal it is, the first segment first.
 */
static long naive(const char *pattern, const char *path)
{
	long score = 0;

	while (*pattern && *path) {
		size_t wanted = strcspn(pattern + 1, "/"), length = strcspn(path + 1, "/");
		bool literal = pattern[1] != ':';

		if (literal && (wanted != length || memcmp(pattern + 1, path + 1, length) != 0))
			return -1;
		score = score * 2 + literal;
		pattern += 1 + wanted;
		path += 1 + length;
	}
	return *pattern || *path ? -1 : score;
}

static void random_routes(void **state)
{
	(void)state;
	srand(7);
	for (int round = 0; round < 200; round++) {
		char patterns[40][64];
		int count = 0;

		assert_int_equal(wye_router_create(&router), 0);
		for (int i = 0; i < 40; i++) {
			random_path(patterns[count], true, 1 + (unsigned)rand() % 4);
			count += !add(patterns[count], WYE_METHOD_GET);
		}
		for (int i = 0; i < 100; i++) {
			const char *best = NULL;
			long score = -1;
			char path[64];

			random_path(path, false, 1 + (unsigned)rand() % 4);
			for (int j = 0; j < count; j++)
				if (naive(patterns[j], path) > score) {
					best = patterns[j];
					score = naive(best, path);
				}
			assert_ptr_equal(find(path, WYE_METHOD_GET).value, best);
		}
		wye_router_destroy(router);
	}
}

/* ---- cost ---- */

static double nanoseconds_per_find(int routes)
{
	static char patterns[10000][64];
	double best = 1e9;

	assert_int_equal(wye_router_create(&router), 0);
	for (int i = 0; i < routes; i++) {
		sprintf(patterns[i], "/api/v1/resource%05d/items/:id", i * 7919 % 100000);
		assert_int_equal(add(patterns[i], WYE_METHOD_GET), 0);
	}
	for (int round = 0; round < 9; round++) {
		struct timespec from, to;
		double took;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		for (int i = 0; i < 20000; i++)
			assert_non_null(
				find("/api/v1/resource00000/items/12345", WYE_METHOD_GET)
					.value);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		took = ((double)(to.tv_sec - from.tv_sec) * 1e9 +
			(double)(to.tv_nsec - from.tv_nsec)) /
		       20000;
		best = took < best ? took : best;
	}
	wye_router_destroy(router);
	return best;
}

static void cost_does_not_grow_with_routes(void **state)
{
	double few, many;
	int tries = 0;

	(void)state;
	do { /* a busy machine's caches are cold */
		few = nanoseconds_per_find(10);
		many = nanoseconds_per_find(10000);
		print_message("find: %.0f ns with 10 routes, %.0f ns with 10,000\n", few,
			      many);
	} while (many >= 3 * few && ++tries < 5);
	assert_true(many < 3 * few);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literal_parameter_rest),
		cmocka_unit_test(methods),
		cmocka_unit_test(refused_patterns),
		cmocka_unit_test(random_routes),
		cmocka_unit_test(cost_does_not_grow_with_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
