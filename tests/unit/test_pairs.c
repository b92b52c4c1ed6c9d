/* SPDX-License-Identifier: MIT
 *
 * test_pairs.c - queries, forms and cookies as lists; what was written is found again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "route/pairs.h"
#include "unit.h"

static struct wye_arena arena;
static char first[512];

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, strlen(string) };
}

/* "name=value|name=value|" */
static void expect(const struct wye_pairs *pairs, const char *input, const char *expected)
{
	char got[256] = "";

	assert_true(pairs->parsed);
	for (size_t i = 0; i < pairs->count; i++)
		sprintf(got + strlen(got), "%.*s=%.*s|", (int)pairs->items[i].name.length,
			pairs->items[i].name.data, (int)pairs->items[i].value.length,
			pairs->items[i].value.data);
	if (strcmp(got, expected) != 0)
		fail_msg("%s: %s and not %s", input, got, expected);
}

struct row {
	const char *input, *expected;
};

static void forms(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "a=b", "a=b|" },
		{ "a=b&c=d&a=e", "a=b|c=d|a=e|" },
		{ "a", "a=|" },
		{ "a=", "a=|" },
		{ "=b", "=b|" },
		{ "=", "" },
		{ "&&a=b&&", "a=b|" },
		{ "a=b=c", "a=b=c|" },
		{ "a+b=c+d", "a b=c d|" },
		{ "%61%3D=%26", "a==&|" },
		{ "a=%2B%20", "a=+ |" },
		{ "a=%&b=%4&c=%zz", "a=%|b=%4|c=%zz|" },
		{ "a;b=c", "a;b=c|" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wye_pairs pairs = { 0 };

		wye_pairs_parse_form(&pairs, &arena, text(rows[i].input));
		expect(&pairs, rows[i].input, rows[i].expected);
		wye_arena_reset(&arena);
	}
}

static void cookies(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "a=b", "a=b|" },
		{ "a=b; c=d", "a=b|c=d|" },
		{ "a=b;c=d;", "a=b|c=d|" },
		{ " a=b\t;\t c=d ", "a=b|c=d|" },
		{ ";; ;a=b", "a=b|" },
		{ "a", "a=|" },
		{ "=b", "" },
		{ "a=\"b c\"", "a=b c|" },
		{ "a=\"", "a=\"|" },
		{ "a=\"\"", "a=|" },
		{ "a=b=c", "a=b=c|" },
		{ "a=%20+", "a=%20+|" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wye_pairs pairs = { 0 };

		wye_pairs_parse_cookies(&pairs, &arena, text(rows[i].input));
		expect(&pairs, rows[i].input, rows[i].expected);
		wye_arena_reset(&arena);
	}
}

static void cookies_of_several_fields(void **state)
{
	struct wye_pairs pairs = { 0 };

	(void)state;
	wye_pairs_parse_cookies(&pairs, &arena, text("a=b; c=d"));
	wye_pairs_parse_cookies(&pairs, &arena, text(""));
	wye_pairs_parse_cookies(&pairs, &arena, text("e=f"));
	expect(&pairs, "three fields", "a=b|c=d|e=f|");
	wye_arena_reset(&arena);
}

static void finding(void **state)
{
	struct wye_pairs pairs = { 0 };

	(void)state;
	assert_null(wye_pairs_find(&pairs, "a").data);
	wye_pairs_parse_form(&pairs, &arena, text("ab=1&a=2&a=3&A=4&e"));
	assert_memory_equal(wye_pairs_find(&pairs, "a").data, "2", 1);
	assert_memory_equal(wye_pairs_find(&pairs, "A").data, "4", 1);
	assert_non_null(wye_pairs_find(&pairs, "e").data);
	assert_int_equal(wye_pairs_find(&pairs, "e").length, 0);
	assert_null(wye_pairs_find(&pairs, "").data);
	assert_null(wye_pairs_find(&pairs, "abc").data);
	wye_arena_reset(&arena);
}

static void bytes_of_any_kind(void **state)
{
	struct wye_pairs pairs = { 0 };
	struct wye_text value;

	(void)state;
	wye_pairs_parse_form(&pairs, &arena, (struct wye_text) { "a=\0%00\xff&b=c", 11 });
	value = wye_pairs_find(&pairs, "a");
	assert_int_equal(value.length, 3);
	assert_memory_equal(value.data, "\0\0\xff", 3);
	assert_memory_equal(wye_pairs_find(&pairs, "b").data, "c", 1);
	wye_arena_reset(&arena);
}

/* ---- what was written is read again ---- */

enum { PAIRS = 8, BYTES = 6 };

static size_t encode(char *out, const unsigned char *bytes, size_t count)
{
	size_t length = 0;

	for (size_t i = 0; i < count; i++)
		if (bytes[i] == ' ' && rand() % 2)
			out[length++] = '+';
		else if (strchr("%&=+ ", bytes[i]) || rand() % 3 == 0)
			length += (size_t)sprintf(out + length,
						  rand() % 2 ? "%%%02x" : "%%%02X", bytes[i]);
		else
			out[length++] = (char)bytes[i];
	return length;
}

static void there_and_back(void **state)
{
	(void)state;
	srand(3);
	for (int round = 0; round < 20000; round++) {
		unsigned char texts[2 * PAIRS][BYTES];
		char form[2 * PAIRS * (3 * BYTES + 1)];
		size_t length = 0, count = 1 + (size_t)rand() % PAIRS;
		struct wye_pairs pairs = { 0 };

		for (size_t i = 0; i < 2 * count; i++) {
			for (int j = 0; j < BYTES; j++)
				texts[i][j] = rand() % 2 ? (unsigned char)rand()
							 : (unsigned char)"%&=+ a"[rand() % 6];
			length += encode(form + length, texts[i], BYTES);
			form[length++] = "=&"[i % 2];
		}
		wye_pairs_parse_form(&pairs, &arena, (struct wye_text) { form, length - 1 });
		assert_int_equal(pairs.count, count);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(pairs.items[i].name.length, BYTES);
			assert_int_equal(pairs.items[i].value.length, BYTES);
			assert_memory_equal(pairs.items[i].name.data, texts[2 * i], BYTES);
			assert_memory_equal(pairs.items[i].value.data, texts[2 * i + 1], BYTES);
		}
		wye_arena_reset(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(cookies),
		cmocka_unit_test(cookies_of_several_fields),
		cmocka_unit_test(finding),
		cmocka_unit_test(bytes_of_any_kind),
		cmocka_unit_test(there_and_back),
	};

	wye_arena_init(&arena, first, sizeof first);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
