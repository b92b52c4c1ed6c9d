/* SPDX-License-Identifier: MIT
 *
 * test_redirect.c - templates of redirects: what they make of values, and which are refused.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../handlers/redirect-target.h"
#include "unit.h"

struct row {
	const char *pattern, *to;
	const char *values[2]; /* in the order of the template */
	const char *query, *expected;
};

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, string ? strlen(string) : 0 };
}

static void assert_leads(const struct row *row)
{
	struct wye_text values[2] = { text(row->values[0]), text(row->values[1]) };
	struct wye_error why = { "" };
	struct redirect_target *target;
	size_t room, length;
	char *out;

	if (redirect_target_create(&target, row->to, row->pattern, &why))
		fail_msg("%s: %s", row->to, why.text);
	room = redirect_target_room(target, values, text(row->query));
	out = malloc(room + 1);
	assert_non_null(out);
	length = redirect_target_write(target, values, text(row->query), out);
	assert_true(length <= room);
	out[length] = '\0';
	assert_string_equal(out, row->expected);
	free(out);
	redirect_target_destroy(target);
}

static void leads(void **state)
{
	static const struct row rows[] = {
		{ "/a", "/b", { 0 }, NULL, "/b" },
		{ "/a", "/", { 0 }, NULL, "/" },
		{ "/a", "https://x.org", { 0 }, NULL, "https://x.org" },
		{ "/a",
		  "https://x.org:81/y?z=1#part",
		  { 0 },
		  NULL,
		  "https://x.org:81/y?z=1#part" },
		{ "/a", "/b", { 0 }, "q=1", "/b?q=1" },
		{ "/a", "/b", { 0 }, "", "/b?" },
		{ "/a", "/b?c", { 0 }, "q=1", "/b?c&q=1" },
		{ "/a", "/b#f", { 0 }, "q=1", "/b?q=1#f" },
		{ "/u/:id", "/v/{id}", { "7" }, NULL, "/v/7" },
		{ "/u/:id", "/v/{id}/w", { "a b/c?d#e%" }, NULL, "/v/a%20b%2Fc%3Fd%23e%25/w" },
		{ "/u/:id", "/v/{id}", { "\xc3\xa4\r\nX: y" }, NULL, "/v/%C3%A4%0D%0AX:%20y" },
		{ "/u/:id", "/v?id={id}", { "a&b=c+d/e" }, "q", "/v?id=a%26b%3Dc%2Bd%2Fe&q" },
		{ "/:a/:b", "/{b}/{a}", { "2", "1" }, NULL, "/2/1" },
		{ "/o/*rest",
		  "https://x.org/{rest}",
		  { "a/b c%2Fd" },
		  NULL,
		  "https://x.org/a/b%20c%2Fd" },
		{ "/o/*rest", "https://x.org/{rest}", { "" }, NULL, "https://x.org/" },
		/* never to another host */
		{ "/*rest", "/{rest}", { "/evil.org" }, NULL, "/evil.org" },
		{ "/*rest", "/{rest}", { "///evil.org" }, NULL, "/evil.org" },
		{ "/*rest", "/{rest}", { "\\evil.org" }, NULL, "/%5Cevil.org" },
		{ "/*rest", "/{rest}/evil.org", { "" }, NULL, "/evil.org" },
		{ "/*rest",
		  "https://x.org/{rest}",
		  { "/@evil.org" },
		  NULL,
		  "https://x.org//@evil.org" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_leads(&rows[i]);
}

static void refused(void **state)
{
	static const struct {
		const char *pattern, *to, *sentence;
	} rows[] = {
		{ "/a", "", "begins neither" },
		{ "/a", "b", "begins neither" },
		{ "/a", "//evil.org", "begins neither" },
		{ "/a", "ftp://x", "begins neither" },
		{ "/a", "https://", "begins neither" },
		{ "/a", "https:///x", "begins neither" },
		{ "/:a", "https://{a}/", "begins neither" },
		{ "/:a", "https://x{a}/", "begins neither" },
		{ "/:a", "{a}", "begins neither" },
		{ "/a", "/b c", "a byte that no URL has" },
		{ "/a", "/b\r\nX: y", "a byte that no URL has" },
		{ "/a", "/b\\c", "a byte that no URL has" },
		{ "/:a", "/b#{a}", "a byte that no URL has" },
		{ "/:a", "/{b}", "no parameter \"b\"" },
		{ "/:ab", "/{a}", "no parameter \"a\"" },
		{ "/a:b", "/{b}", "no parameter \"b\"" },
		{ "/:a", "/{a", "begins the name" },
		{ "/:a", "/{}", "begins the name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct redirect_target *target;
		struct wye_error why = { "" };

		if (!redirect_target_create(&target, rows[i].to, rows[i].pattern, &why) ||
		    !strstr(why.text, rows[i].sentence))
			fail_msg("%s: %s", rows[i].to, why.text);
	}
}

static void many(void **state)
{
	char pattern[256] = "", to[256] = "";
	struct redirect_target *target;
	struct wye_error why;

	(void)state;
	for (int i = 0; i < 16; i++) {
		sprintf(pattern + strlen(pattern), "/:p%d", i);
		sprintf(to + strlen(to), "/{p%d}", i);
	}
	assert_int_equal(redirect_target_create(&target, to, pattern, &why), 0);
	assert_int_equal(redirect_target_count(target), 16);
	assert_string_equal(redirect_target_name(target, 15), "p15");
	redirect_target_destroy(target);
	strcat(to, "{p1}");
	assert_int_not_equal(redirect_target_create(&target, to, pattern, &why), 0);
	assert_non_null(strstr(why.text, "more than 16"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leads),
		cmocka_unit_test(refused),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
