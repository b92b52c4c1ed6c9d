/* SPDX-License-Identifier: MIT
 *
 * test_chunks.c - which framings of a body in chunks are taken: a table, read at once, byte by
 * byte, and in two pieces cut anywhere.
 */
#include <stdlib.h>

#include "http/chunks.h"
#include "unit.h"

enum { ROOM = 40 };

#define END "0\r\n\r\n"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct row {
	const char *text;
	size_t length;
	enum wye_chunking_answer answer;
} ROWS[] = {
#define ROW(text, answer)                                                                      \
	{                                                                                      \
		text, sizeof text - 1, WYE_CHUNKING_##answer                                   \
	}
	ROW(END, DONE),
	ROW("5\r\nhello\r\n" END, DONE),
	ROW("5\r\n\0\n\r\n0\r\n" END, DONE),
	ROW("1\r\nh\r\n4\r\nello\r\n" END, DONE),
	ROW("A\r\nhellohello\r\na\r\nhellohello\r\n" END, DONE),
	ROW("0000000000000001\r\nx\r\n" END, DONE),
	ROW("1;a;b=c;d=\"e;\t\\\"f\"\r\nx\r\n0;x\r\n\r\n", DONE),
	ROW("1; a = b\t;c = \"d\" ;e\r\nx\r\n" END, DONE),
	ROW("1 ;a\r\nx\r\n" END, BAD),
	ROW("0\r\nX: y\r\nEmpty:\r\nZ:\t\x80 \r\n\r\n", DONE),
	ROW("", MORE),
	ROW("5\r\nhell", MORE),
	ROW("5\r\nhello\r\n0\r\n\r", MORE),
	ROW("7fffffffffffffff\r\nx", MORE),
	ROW("8000000000000000\r\n", BAD),
	ROW("ffffffffffffffff\r\n", BAD),
	ROW("00000000000000001\r\nx\r\n" END, BAD),
	ROW("10000000000000001\r\n", BAD),
	ROW("\r\n", BAD),
	ROW(" 5\r\n", BAD),
	ROW("5 \r\n", BAD),
	ROW("5 5\r\n", BAD),
	ROW("+5\r\n", BAD),
	ROW("0x5\r\n", BAD),
	ROW("5_0\r\n", BAD),
	ROW("g\r\n", BAD),
	ROW("5\0\r\n", BAD),
	ROW("5\n", BAD),
	ROW("5\r\r\n", BAD),
	ROW("5\rh", BAD),
	ROW("1;\r\n", BAD),
	ROW("1;=a\r\n", BAD),
	ROW("1;a=\r\n", BAD),
	ROW("1;a=b c\r\n", BAD),
	ROW("1;a b\r\n", BAD),
	ROW("1;a \r\n", BAD),
	ROW("1;a\n", BAD),
	ROW("1;a\0b\r\n", BAD),
	ROW("1;a\rb\r\n", BAD),
	ROW("1;a=\"b\nc\"\r\n", BAD),
	ROW("1;a=\"b\\\nc\"\r\n", BAD),
	ROW("1;a=\"b\"c\r\n", BAD),
	ROW("1;a=\"b\r\nx\r\n" END, BAD),
	ROW("1,a\r\n", BAD),
	ROW("1\r\nxy", BAD),
	ROW("1\r\nx\n", BAD),
	ROW("1\r\nx\ry", BAD),
	ROW("1\r\nx0\r\n", BAD),
	ROW("0\r\n\n", BAD),
	ROW("0\n", BAD),
	ROW("0\r\n\rx", BAD),
	ROW("0\r\n X: y\r\n", BAD),
	ROW("0\r\nX: y\r\n fold\r\n", BAD),
	ROW("0\r\n: y\r\n", BAD),
	ROW("0\r\nX : y\r\n", BAD),
	ROW("0\r\nX\r\n", BAD),
	ROW("0\r\nX: y\n", BAD),
	ROW("0\r\nX: \0\r\n", BAD),
	ROW("0\r\nX: y\rz\r\n", BAD),
	ROW("1;" X64 "\r\n", LARGE),
	ROW("0\r\nX: " X64 "\r\n", LARGE),
	ROW("1;abcdefghijkl\r\nx\r\n1;abcdefghijkl\r\nx\r\n1;abcdefghijkl\r\nx\r\n1;abc\r\n",
	    LARGE),
#undef ROW
};

/* Each piece has memory of its own, so that a read beyond its end is found. */
static enum wye_chunking_answer feed(struct wye_chunking *chunks, const char *text,
				     size_t length, size_t *used)
{
	char *copy = malloc(length ? length : 1);
	enum wye_chunking_answer answer;

	memcpy(copy, text, length);
	answer = wye_chunking_read(chunks, copy, length, used);
	free(copy);
	return answer;
}

static void check(const struct row *row, size_t first, size_t step)
{
	enum wye_chunking_answer answer = WYE_CHUNKING_MORE;
	size_t at = 0, used = 0, size = first;
	struct wye_chunking chunks;

	wye_chunking_begin(&chunks, ROOM);
	for (; at < row->length && answer == WYE_CHUNKING_MORE; size = step) {
		if (size > row->length - at)
			size = row->length - at;
		answer = feed(&chunks, row->text + at, size, &used);
		at += used;
	}
	if (answer != row->answer)
		fail_msg("\"%s\", cut at %zu: %d, not %d", row->text, first, (int)answer,
			 (int)row->answer);
	if (answer == WYE_CHUNKING_DONE)
		assert_int_equal(at, row->length);
}

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		check(&ROWS[i], ROWS[i].length, ROWS[i].length);
		check(&ROWS[i], 1, 1);
		for (size_t cut = 1; cut < ROWS[i].length; cut++)
			check(&ROWS[i], cut, ROWS[i].length);
	}
}

static void stops_at_the_end(void **state)
{
	static const char TEXT[] = "1\r\nx\r\n" END "GET / HTTP/1.1\r\n";
	struct wye_chunking chunks;
	size_t used;

	(void)state;
	wye_chunking_begin(&chunks, 0);
	assert_int_equal(feed(&chunks, TEXT, sizeof TEXT - 1, &used), WYE_CHUNKING_DONE);
	assert_int_equal(used, sizeof "1\r\nx\r\n" END - 1);
	assert_int_equal(feed(&chunks, "x", 1, &used), WYE_CHUNKING_DONE);
	assert_int_equal(used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(stops_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
