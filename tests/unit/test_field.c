/* SPDX-License-Identifier: MIT
 *
 * test_field.c - names, values, and lists taken from both ends.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/field.h"
#include "unit.h"

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, strlen(string) };
}

static bool is(struct wye_text got, const char *expected)
{
	return got.length == strlen(expected) && !memcmp(got.data, expected, got.length);
}

static void token_bytes(void **state)
{
	static const char set[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	(void)state;
	for (int byte = -128; byte < 128; byte++)
		if (wye_byte_is((char)byte, WYE_BYTE_TOKEN) !=
		    (byte && strchr(set, (char)byte)))
			fail_msg("byte %d", byte);
}

static void other_bytes(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		bool text = byte == '\t' || (byte >= ' ' && byte != 0x7f);
		bool host =
			byte && (strchr("!$&'()*+,;=-._~0123456789abcdefghijklmnopqrstuvwxyz"
					"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
					byte));

		assert_int_equal(wye_byte_is((char)byte, WYE_BYTE_TEXT), text);
		assert_int_equal(wye_byte_is((char)byte, WYE_BYTE_HOST), host);
	}
}

static void fields_of_replies(void **state)
{
	static const char *const reserved[] = { "Content-Length",
						"transfer-encoding",
						"CONNECTION",
						"Date",
						"content-type",
						"",
						"a b",
						"a:",
						"\xc3\xa4" };

	(void)state;
	assert_true(wye_field_valid("X-A", text("b c \t\x80")));
	assert_true(wye_field_valid("X-A", text("")));
	assert_true(wye_field_valid("Dates", text("")));
	assert_true(wye_field_valid("Dat", text("")));
	assert_false(wye_field_valid("X-A", text("b\r")));
	assert_false(wye_field_valid("X-A", text("b\nc")));
	assert_false(wye_field_valid("X-A", (struct wye_text) { "a\0b", 3 }));
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		if (wye_field_valid(reserved[i], text("")))
			fail_msg("%s", reserved[i]);
}

static void fields_of_requests(void **state)
{
	static const char *const read[] = { "Content-Length",
					    "transfer-encoding",
					    "CONNECTION",
					    "host",
					    "Upgrade",
					    "expect",
					    "",
					    "a:" };

	(void)state;
	assert_true(wye_request_field_valid("Content-Type", text("a/b")));
	assert_true(wye_request_field_valid("Date", text("")));
	assert_false(wye_request_field_valid("X-A", text("b\nc")));
	for (size_t i = 0; i < sizeof read / sizeof read[0]; i++)
		if (wye_request_field_valid(read[i], text("")))
			fail_msg("%s", read[i]);
}

static void names_in_any_case(void **state)
{
	const struct wye_field fields[] = { { text("Ab"), text("1") },
					    { text("a"), text("2") },
					    { text("A"), text("3") } };

	(void)state;
	assert_true(wye_text_is(text("aB-c"), "Ab-C"));
	assert_false(wye_text_is(text("ab"), "abc"));
	assert_false(wye_text_is(text("abc"), "ab"));
	assert_true(is(wye_field_find(fields, 3, "A"), "2"));
	assert_true(is(wye_field_find(fields, 3, "AB"), "1"));
	assert_null(wye_field_find(fields, 3, "b").data);
	assert_null(wye_field_find(NULL, 0, "a").data);
}

static void trimmed(void **state)
{
	(void)state;
	assert_true(is(wye_text_trim(text(" \t a b\t ")), "a b"));
	assert_true(is(wye_text_trim(text("a")), "a"));
	assert_int_equal(wye_text_trim(text(" \t")).length, 0);
	assert_int_equal(wye_text_trim(text("")).length, 0);
	assert_true(is(wye_text_trim(text("\na\r")), "\na\r"));
}

static void list_has(void **state)
{
	(void)state;
	assert_true(wye_list_has(text("close, Upgrade"), "upgrade"));
	assert_true(wye_list_has(text(",, Close ,"), "close"));
	assert_false(wye_list_has(text("close-up, x"), "close"));
	assert_false(wye_list_has(text("a b"), "a"));
	assert_false(wye_list_has(text(""), "a"));
	assert_false(wye_list_has(text(" , "), ""));
}

/* ---- lists ---- */

enum { MOST = 32 };

/* Splits byte by byte. */
static size_t naive_split(const char *list, char out[MOST][MOST])
{
	size_t count = 0, length = 0;

	for (;; list++) {
		if (*list && *list != ',') {
			if (length || (*list != ' ' && *list != '\t'))
				out[count][length++] = *list;
			continue;
		}
		while (length && strchr(" \t", out[count][length - 1]))
			length--;
		out[count][length] = '\0';
		count += length > 0;
		length = 0;
		if (!*list)
			return count;
	}
}

static void from_both_ends(void **state)
{
	(void)state;
	srand(9);
	for (int round = 0; round < 100000; round++) {
		char list[MOST] = "", expected[MOST][MOST];
		struct wye_text front, back, element;
		size_t count;

		for (int i = rand() % (MOST - 1); i > 0; i--)
			strncat(list, &",, \tabc"[rand() % 7], 1);
		count = naive_split(list, expected);
		front = back = text(list);
		for (size_t i = 0; i < count; i++) {
			assert_true(wye_list_next(&front, &element));
			assert_true(is(element, expected[i]));
			assert_true(wye_list_last(&back, &element));
			assert_true(is(element, expected[count - 1 - i]));
		}
		assert_false(wye_list_next(&front, &element));
		assert_false(wye_list_last(&back, &element));
		assert_int_equal(front.length + back.length, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(token_bytes),       cmocka_unit_test(other_bytes),
		cmocka_unit_test(fields_of_replies), cmocka_unit_test(fields_of_requests),
		cmocka_unit_test(names_in_any_case), cmocka_unit_test(trimmed),
		cmocka_unit_test(list_has),          cmocka_unit_test(from_both_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
