/* SPDX-License-Identifier: MIT
 *
 * test_utf8.c - UTF-8: the cases of Markus Kuhn's stress test, each found at the very byte
 * however it is cut; every code point; every short sequence against a naive decoder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "naive_decoder.h"
#include "websocket/utf8.h"

/* `bad` is the place of the byte that makes it invalid; VALID, or CUT if it only ends too soon.
 */
enum { VALID = -1, CUT = -2 };

#define ROW(name, bytes, bad)                                                                  \
	{                                                                                      \
		name, bytes, sizeof(bytes) - 1, bad                                            \
	}

static const struct row {
	const char *name, *bytes;
	size_t length;
	int bad;
} rows[] = {
	ROW("nothing", "", VALID),
	ROW("NUL", "\0", VALID),
	ROW("kosme", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", VALID),
	/* 2.1 and 2.2: first and last of each length */
	ROW("U+007F", "\x7f", VALID),
	ROW("U+0080", "\xc2\x80", VALID),
	ROW("U+07FF", "\xdf\xbf", VALID),
	ROW("U+0800", "\xe0\xa0\x80", VALID),
	ROW("U+FFFF", "\xef\xbf\xbf", VALID),
	ROW("U+10000", "\xf0\x90\x80\x80", VALID),
	ROW("U+1FFFFF", "\xf7\xbf\xbf\xbf", 0),
	ROW("U+200000", "\xf8\x88\x80\x80\x80", 0),
	ROW("U+3FFFFFF", "\xfb\xbf\xbf\xbf\xbf", 0),
	ROW("U+4000000", "\xfc\x84\x80\x80\x80\x80", 0),
	ROW("U+7FFFFFFF", "\xfd\xbf\xbf\xbf\xbf\xbf", 0),
	/* 2.3: other boundaries */
	ROW("U+D7FF", "\xed\x9f\xbf", VALID),
	ROW("U+E000", "\xee\x80\x80", VALID),
	ROW("U+FFFD", "\xef\xbf\xbd", VALID),
	ROW("U+10FFFF", "\xf4\x8f\xbf\xbf", VALID),
	ROW("U+110000", "\xf4\x90\x80\x80", 1),
	/* 3.1 and 3.2: bytes that stand alone */
	ROW("lone 80", "\x80", 0),
	ROW("lone BF", "\xbf", 0),
	ROW("80 behind ASCII", "abcdefghijklmnopqrstuvwxyz\x80", 26),
	ROW("two trail bytes", "\x80\xbf", 0),
	ROW("C3 and space", "\xc3 ", 1),
	ROW("E2 and space", "\xe2 ", 1),
	ROW("F1 and space", "\xf1 ", 1),
	ROW("E2 82 and space", "\xe2\x82 ", 2),
	ROW("F0 9F 98 and space", "\xf0\x9f\x98 ", 3),
	ROW("C3 C3", "\xc3\xc3\xa9", 1),
	/* 3.3: last byte missing */
	ROW("C3", "\xc3", CUT),
	ROW("E2", "\xe2", CUT),
	ROW("E2 82", "\xe2\x82", CUT),
	ROW("F0", "\xf0", CUT),
	ROW("F0 9F", "\xf0\x9f", CUT),
	ROW("F0 9F 98", "\xf0\x9f\x98", CUT),
	ROW("E0 9F can't go on", "\xe0\x9f", 1),
	ROW("ED A0 can't go on", "\xed\xa0", 1),
	ROW("F0 8F can't go on", "\xf0\x8f", 1),
	ROW("F4 90 can't go on", "\xf4\x90", 1),
	/* 3.4: cut ones in a row */
	ROW("cut in a row", "\xc0\xe0\x80\xf0\x80\x80", 0),
	ROW("E2 82 E2", "\xe2\x82\xe2\x82\xac", 2),
	/* 3.5: impossible bytes */
	ROW("FE", "\xfe", 0),
	ROW("FF", "\xff", 0),
	ROW("FE FE FF FF", "\xfe\xfe\xff\xff", 0),
	ROW("F5", "\xf5\x80\x80\x80", 0),
	/* 4: overlong */
	ROW("slash in two", "\xc0\xaf", 0),
	ROW("slash in three", "\xe0\x80\xaf", 1),
	ROW("slash in four", "\xf0\x80\x80\xaf", 1),
	ROW("slash in five", "\xf8\x80\x80\x80\xaf", 0),
	ROW("slash in six", "\xfc\x80\x80\x80\x80\xaf", 0),
	ROW("U+007F in two", "\xc1\xbf", 0),
	ROW("U+07FF in three", "\xe0\x9f\xbf", 1),
	ROW("U+FFFF in four", "\xf0\x8f\xbf\xbf", 1),
	ROW("NUL in two", "\xc0\x80", 0),
	ROW("NUL in three", "\xe0\x80\x80", 1),
	ROW("NUL in four", "\xf0\x80\x80\x80", 1),
	/* 5: surrogates and noncharacters */
	ROW("U+D800", "\xed\xa0\x80", 1),
	ROW("U+DB7F", "\xed\xad\xbf", 1),
	ROW("U+DC00", "\xed\xb0\x80", 1),
	ROW("U+DFFF", "\xed\xbf\xbf", 1),
	ROW("a pair", "\xed\xa0\x80\xed\xb0\x80", 1),
	ROW("U+FFFE", "\xef\xbf\xbe", VALID),
};

/* Feeds in two pieces, allocated each on its own so that a sanitizer sees a step beyond. */
static bool feed_cut(struct wye_utf8 *state, const char *bytes, size_t length, size_t at)
{
	uint8_t *first = malloc(at + 1), *second = malloc(length - at + 1);
	bool good;

	assert_true(first && second);
	memcpy(first + 1, bytes, at);
	memcpy(second + 1, bytes + at, length - at);
	good = wye_utf8_feed(state, first + 1, at) &&
	       wye_utf8_feed(state, second + 1, length - at);
	free(first);
	free(second);
	return good;
}

static void check_row(const struct row *row, size_t length, size_t at)
{
	struct wye_utf8 state = { 0 };
	bool good = feed_cut(&state, row->bytes, length, at);

	if (good != (row->bad < 0 || length <= (size_t)row->bad))
		fail_msg("%s: %zu bytes cut at %zu: %s", row->name, length, at,
			 good ? "accepted" : "refused");
	if (length == row->length && good && !state.missing != (row->bad == VALID))
		fail_msg("%s: %u bytes missing at the end", row->name, state.missing);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];

		assert_int_equal(wye_utf8_valid((const uint8_t *)row->bytes, row->length),
				 row->bad == VALID);
		for (size_t length = 0; length <= row->length; length++)
			for (size_t at = 0; at <= length; at++)
				check_row(row, length, at);
	}
}

static size_t encode(uint8_t out[4], uint32_t c)
{
	if (c < 0x80)
		out[0] = (uint8_t)c;
	else if (c < 0x800)
		out[0] = (uint8_t)(0xc0 | c >> 6);
	else if (c < 0x10000)
		out[0] = (uint8_t)(0xe0 | c >> 12);
	else
		out[0] = (uint8_t)(0xf0 | c >> 18);
	if (c >= 0x10000)
		out[1] = 0x80 | (c >> 12 & 0x3f);
	if (c >= 0x800)
		out[c < 0x10000 ? 1 : 2] = 0x80 | (c >> 6 & 0x3f);
	if (c >= 0x80)
		out[c < 0x800 ? 1 : c < 0x10000 ? 2 : 3] = 0x80 | (c & 0x3f);
	return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

static bool by_bytes(const uint8_t *data, size_t length)
{
	struct wye_utf8 state = { 0 };

	for (size_t i = 0; i < length; i++)
		if (!wye_utf8_feed(&state, data + i, 1))
			return false;
	return !state.missing;
}

static void test_every_code_point(void **state)
{
	uint8_t bytes[4];

	(void)state;
	for (uint32_t c = 0; c < 0x120000; c++) {
		bool good = c < 0xd800 || (c > 0xdfff && c <= 0x10ffff);
		size_t length = encode(bytes, c);

		if (wye_utf8_valid(bytes, length) != good || by_bytes(bytes, length) != good)
			fail_msg("U+%04X", (unsigned)c);
	}
}

static void compare_with_naive(const uint8_t *data, size_t length)
{
	struct wye_utf8 state = { 0 };
	enum naive_text expected = naive_utf8(data, length);
	bool good = wye_utf8_feed(&state, data, length);

	if (good != (expected != NAIVE_INVALID) ||
	    (good && !state.missing != (expected == NAIVE_VALID)))
		fail_msg("%02x %02x %02x %02x, %zu bytes", data[0], data[1], data[2], data[3],
			 length);
}

static void test_short_sequences(void **state)
{
	static const uint8_t edges[] = { 0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
					 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xff };
	uint8_t data[4];

	(void)state;
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		data[0] = (uint8_t)(pair >> 8);
		data[1] = (uint8_t)pair;
		for (size_t i = 0; i < sizeof edges * sizeof edges; i++) {
			data[2] = edges[i / sizeof edges];
			data[3] = edges[i % sizeof edges];
			compare_with_naive(data, 4);
		}
		data[2] = data[3] = 0;
		compare_with_naive(data, 1);
		compare_with_naive(data, 2);
		compare_with_naive(data, 3);
	}
}

/* One odd byte among ASCII at each place, so that no block of any size is skipped over it. */
static void test_one_byte_among_ascii(void **state)
{
	enum { MOST = 100 };
	uint8_t data[MOST + 8];

	(void)state;
	for (size_t start = 0; start < 8; start++)
		for (size_t length = 1; length <= MOST; length++)
			for (size_t at = 0; at < length; at++) {
				memset(data, 'a', sizeof data);
				data[start + length] = 0xff; /* behind the end */
				assert_true(wye_utf8_valid(data + start, length));
				data[start + at] = 0x80;
				assert_false(wye_utf8_valid(data + start, length));
			}
}

static void test_cut(void **state)
{
	const uint8_t *text = (const uint8_t *)"ab\xe2\x82\xac\xf0\x9f\x98\x80z";

	(void)state;
	assert_int_equal(wye_utf8_cut(text, 10, 100), 10);
	assert_int_equal(wye_utf8_cut(text, 10, 9), 9);
	assert_int_equal(wye_utf8_cut(text, 10, 8), 5);
	assert_int_equal(wye_utf8_cut(text, 10, 6), 5);
	assert_int_equal(wye_utf8_cut(text, 10, 5), 5);
	assert_int_equal(wye_utf8_cut(text, 10, 4), 2);
	assert_int_equal(wye_utf8_cut(text, 10, 0), 0);
	assert_int_equal(wye_utf8_cut((const uint8_t *)"ab\xff"
						       "cd",
				      5, 5),
			 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_short_sequences),
		cmocka_unit_test(test_one_byte_among_ascii),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
