/* SPDX-License-Identifier: MIT
 *
 * test_multipart.c - forms of parts: each body whole, byte by byte, and cut in two and in three
 * at every byte gives the same.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <wye/multipart.h>

#include "unit.h"

enum { TRACE = 8192 };

/* What was told: "[name|filename|type:data]" per part. */
struct trace {
	size_t length;
	char text[TRACE];
	int fail_begin, fail_data, fail_end;
};

static void add(struct trace *trace, const char *data, size_t length)
{
	assert_true(trace->length + length < TRACE);
	memcpy(trace->text + trace->length, data, length);
	trace->length += length;
	trace->text[trace->length] = '\0';
}

static void add_text(struct trace *trace, struct wye_text text)
{
	if (text.data)
		add(trace, text.data, text.length);
	else
		add(trace, "-", 1);
}

static int begin(void *argument, const struct wye_form_part *part)
{
	struct trace *trace = argument;

	add(trace, "[", 1);
	add_text(trace, part->name);
	add(trace, "|", 1);
	add_text(trace, part->filename);
	add(trace, "|", 1);
	add_text(trace, part->type);
	add(trace, ":", 1);
	return trace->fail_begin;
}

static int data(void *argument, const void *bytes, size_t length)
{
	assert_true(length > 0);
	add(argument, bytes, length);
	return ((struct trace *)argument)->fail_data;
}

static int end(void *argument)
{
	add(argument, "]", 1);
	return ((struct trace *)argument)->fail_end;
}

static const struct wye_multipart_handler handler = {
	.size = sizeof handler, .begin = begin, .data = data, .end = end
};

static const struct wye_multipart_limits limits = { .size = sizeof limits,
						    .header = 256,
						    .parts = 3 };

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, string ? strlen(string) : 0 };
}

#define TYPE "multipart/form-data; boundary=AaB"

/* Feeds pieces that end at `first` and `second`; each is a copy of its own, so that a byte read
 * beyond it is found by the sanitizer. */
static int feed(struct wye_multipart *parser, const char *body, size_t from, size_t to)
{
	char *piece = malloc(to - from + 1);
	int error;

	memcpy(piece, body + from, to - from);
	piece = realloc(piece, to > from ? to - from : 1);
	error = wye_multipart_feed(parser, piece, to - from);
	free(piece);
	return error;
}

static int run(struct trace *trace, const char *body, size_t length, size_t first,
	       size_t second)
{
	struct wye_multipart *parser;
	int error;

	trace->length = 0;
	trace->text[0] = '\0';
	assert_int_equal(wye_multipart_create(&parser, text(TYPE), &limits, &handler, trace),
			 0);
	error = feed(parser, body, 0, first);
	if (!error)
		error = feed(parser, body, first, second);
	if (!error)
		error = feed(parser, body, second, length);
	if (!error)
		error = wye_multipart_finish(parser);
	assert_int_equal(wye_multipart_finish(parser), error);
	assert_int_equal(wye_multipart_feed(parser, "x", 1), error);
	wye_multipart_destroy(parser);
	return error;
}

static int run_bytes(struct trace *trace, const char *body, size_t length)
{
	struct wye_multipart *parser;
	int error = 0;

	trace->length = 0;
	trace->text[0] = '\0';
	assert_int_equal(wye_multipart_create(&parser, text(TYPE), &limits, &handler, trace),
			 0);
	for (size_t i = 0; i < length && !error; i++)
		error = feed(parser, body, i, i + 1);
	if (!error)
		error = wye_multipart_finish(parser);
	wye_multipart_destroy(parser);
	return error;
}

static void assert_run(int error, int expected_error, const struct trace *trace,
		       const char *expected, const char *body)
{
	if (error != expected_error || (!error && strcmp(trace->text, expected) != 0))
		fail_msg("%s gave %d, %s", body, error, trace->text);
}

static void assert_parts(const char *body, int expected_error, const char *expected)
{
	size_t length = strlen(body);
	struct trace trace = { .fail_begin = 0 };

	for (size_t first = 0; first <= length; first++)
		for (size_t second = first; second <= length; second++)
			assert_run(run(&trace, body, length, first, second), expected_error,
				   &trace, expected, body);
	assert_run(run_bytes(&trace, body, length), expected_error, &trace, expected, body);
}

#define NAMED "Content-Disposition: form-data; name=\"a\"\r\n"

static void parts(void **state)
{
	(void)state;
	assert_parts("--AaB--", 0, "");
	assert_parts("--AaB--\r\nepilogue --AaB\r\n", 0, "");
	assert_parts("--AaB\r\n" NAMED "\r\n1\r\n--AaB--\r\n", 0, "[a|-|-:1]");
	assert_parts("pre\r\namble\r\n--AaB\r\n" NAMED "\r\n1\r\n--AaB--", 0, "[a|-|-:1]");
	assert_parts("\r\n--AaB\r\n" NAMED "\r\n\r\n--AaB--", 0, "[a|-|-:]");
	assert_parts("--AaB\r\n" NAMED "\r\n--AaB--", 0, "[a|-|-:]"); /* its CR LF is shared */
	assert_parts("--AaB \t\r\n" NAMED "\r\n1\r\n--AaB\t \r\n" NAMED "\r\n2\r\n--AaB--", 0,
		     "[a|-|-:1][a|-|-:2]");
	assert_parts(
		"--AaB\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n"
		"Content-Type: text/plain\r\n\r\n1\r\n--AaB--",
		0, "[f|a.txt|text/plain:1]");
}

/* Data that look like the beginning of a delimiter. */
static void nearly(void **state)
{
	static const char *const like[] = {
		"\r",     "\n",      "\r\r",     "\r\n",           "\r\n-",
		"\r\n--", "\r\n--A", "\r\n--Aa", "\r\n--Aa\r\n",   "\r\r\n--Aa",
		"--AaB",  "x--AaB",  "\n--AaB",  "\r--AaB",        "\r\n--AaX\r\n",
		"-",      "--",      "\r\n\r\n", "\r\n--\r\n--Aab"
	};
	char body[256], expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof like / sizeof like[0]; i++) {
		if (!strncmp(like[i], "--AaB", 5)) /* behind an empty header's line it is one */
			continue;
		snprintf(body, sizeof body, "--AaB\r\n" NAMED "\r\n%s\r\n--AaB--", like[i]);
		snprintf(expected, sizeof expected, "[a|-|-:%s]", like[i]);
		assert_parts(body, 0, expected);
	}
}

static void names(void **state)
{
	static const char *const rows[][2] = {
		{ "form-data; name=a", "[a|-|-:]" },
		{ "form-data;name=\"a\"", "[a|-|-:]" },
		{ "FORM-DATA ; NAME=\"a\" ; x=y;", "[a|-|-:]" },
		{ "form-data; name=\"\"", "[|-|-:]" },
		{ "form-data; name=\"a;b=c\"", "[a;b=c|-|-:]" },
		{ "form-data; name=\"a\\\"b\\\\c\"", "[a\"b\\c|-|-:]" },
		{ "form-data; name=\"%22\"; filename=\"C:\\dir\\f\"", "[%22|C:\\dir\\f|-:]" },
		{ "form-data; name=\"\xc3\xa4\"; filename=\"\"", "[\xc3\xa4||-:]" },
		{ "form-data; name=n; filename=\"../../etc/passwd\"",
		  "[n|../../etc/passwd|-:]" },
		{ "form-data; filename*=UTF-8''x; name=n", "[n|-|-:]" },
	};
	char body[256];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(body, sizeof body,
			 "--AaB\r\ncontent-disposition: %s\r\n\r\n\r\n--AaB--", rows[i][0]);
		assert_parts(body, 0, rows[i][1]);
	}
}

static void malformed(void **state)
{
	static const char *const heads[] = {
		"",
		"Content-Type: text/plain\r\n",
		"Content-Disposition: attachment; name=\"a\"\r\n",
		"Content-Disposition: form-data\r\n",
		"Content-Disposition: form-data; filename=\"a\"\r\n",
		"Content-Disposition: form-data; name=\r\n",
		"Content-Disposition: form-data; name=\"a\r\n",
		"Content-Disposition: form-data; name=\"a\"; name=\"b\"\r\n",
		"Content-Disposition: form-data; name=\"a\" x\r\n",
		"Content-Disposition: form-data; name=\"a\\\"\r\n",
		NAMED NAMED,
		NAMED " folded\r\n",
		NAMED "no colon\r\n",
		NAMED ": no name\r\n",
		NAMED "A b: c\r\n",
		NAMED "A: b\x01\r\n",
		NAMED "A: b\nC: d\r\n",
		NAMED "A: b\rC: d\r\n",
		NAMED "Content-Type: a\r\nContent-Type: b\r\n",
		NAMED "Content-Transfer-Encoding: base64\r\n",
	};
	char body[512];

	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		snprintf(body, sizeof body, "--AaB\r\n%s\r\n1\r\n--AaB--", heads[i]);
		assert_parts(body, -EBADMSG, "");
	}
	assert_parts("", -EBADMSG, "");
	assert_parts("x", -EBADMSG, "");
	assert_parts("--AaB", -EBADMSG, "");
	assert_parts("--AaB-", -EBADMSG, "");
	assert_parts("--AaB-x", -EBADMSG, "");
	assert_parts("--AaBx\r\n" NAMED "\r\n\r\n--AaB--", -EBADMSG, "");
	assert_parts("--AaB\n" NAMED "\r\n\r\n--AaB--", -EBADMSG, "");
	assert_parts("--AaB\rx", -EBADMSG, "");
	assert_parts("--AaB\r\n" NAMED "\r\n1\r\n", -EBADMSG, "");
	assert_parts("--AaB\r\n" NAMED "\r\n1\r\n--AaB", -EBADMSG, "");
	assert_parts("--AaB\r\n" NAMED "\r\n1--AaB--", -EBADMSG, "");
	assert_parts("--AaB\r\n" NAMED, -EBADMSG, "");
}

static void plain_encodings(void **state)
{
	(void)state;
	assert_parts("--AaB\r\n" NAMED "Content-Transfer-Encoding: Binary\r\n\r\n1\r\n--AaB--",
		     0, "[a|-|-:1]");
}

static void bounds(void **state)
{
	char body[1024] = "", part[] = "--AaB\r\n" NAMED "\r\n1\r\n", filler[256];
	struct trace trace = { .fail_begin = 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		strcat(body, part);
	strcat(body, "--AaB--");
	assert_int_equal(run_bytes(&trace, body, strlen(body)), 0);
	body[strlen(body) - 2] = '\0';
	strcat(strcat(body, part + 5), "--AaB--");
	assert_int_equal(run_bytes(&trace, body, strlen(body)), -E2BIG);

	memset(filler, 'x', sizeof filler); /* to a header of 256 bytes, then of 257 */
	for (int more = 0; more < 2; more++) {
		int length = 256 - (int)strlen(NAMED "X: \r\n\r\n") + more;

		snprintf(body, sizeof body, "--AaB\r\n" NAMED "X: %.*s\r\n\r\n\r\n--AaB--",
			 length, filler);
		assert_int_equal(run_bytes(&trace, body, strlen(body)), more ? -E2BIG : 0);
	}
}

static void callbacks_that_fail(void **state)
{
	static const char body[] = "--AaB\r\n" NAMED "\r\n1\r\n--AaB--";
	struct trace one = { .fail_begin = -EPERM }, two = { .fail_data = -EIO },
		     three = { .fail_end = -ENOSPC };

	(void)state;
	assert_int_equal(run(&one, body, sizeof body - 1, 0, 0), -EPERM);
	assert_string_equal(one.text, "[a|-|-:");
	assert_int_equal(run(&two, body, sizeof body - 1, 0, 0), -EIO);
	assert_string_equal(two.text, "[a|-|-:1");
	assert_int_equal(run_bytes(&three, body, sizeof body - 1), -ENOSPC);
}

static void boundaries(void **state)
{
	static const char *const good[] = {
		"multipart/form-data; boundary=x",
		"Multipart/Form-Data;boundary=\"a b(1)\"",
		"multipart/form-data; charset=utf-8; "
		"BOUNDARY=----WebKitFormBoundary7MA4YWxkTrZu0gW",
	};
	static const char *const bad[] = {
		NULL,
		"",
		"multipart/mixed; boundary=x",
		"multipart/form-data",
		"multipart/form-data; boundary=",
		"multipart/form-data; boundary=\"\"",
		"multipart/form-data; boundary=\"x \"",
		"multipart/form-data; boundary=\"x",
		"multipart/form-data; boundary=\"a\\\"b\"",
		"multipart/form-data; boundary=\"a\rb\"",
		"multipart/form-data; boundary=a; boundary=b",
		"multipart/form-data, boundary=a",
		"multipart/form-data; boundary=0123456789012345678901234567890123456789"
		"0123456789012345678901234567890",
	};
	struct wye_multipart *parser;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(
			wye_multipart_create(&parser, text(good[i]), NULL, &handler, NULL), 0);
		wye_multipart_destroy(parser);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (wye_multipart_create(&parser, text(bad[i]), NULL, &handler, NULL) !=
		    -EINVAL)
			fail_msg("%s", bad[i]);
	wye_multipart_destroy(NULL);
}

/* Random bytes of the alphabet that delimiters are made of: whatever the cuts, all the same. */
static void any_bytes(void **state)
{
	static const char *const words[] = {
		"\r", "\n", "\r\n", "--",        "-",   "AaB",
		"A",  "a",  "x",    "\r\n--AaB", NAMED, "\r\n\r\n"
	};

	(void)state;
	srand(7);
	for (int round = 0; round < 20000; round++) {
		struct trace whole = { .fail_begin = 0 }, cut = { .fail_begin = 0 };
		char body[512] = "--AaB\r\n" NAMED "\r\n";
		size_t length;
		int error;

		for (int i = rand() % 12; i > 0; i--)
			strcat(body, words[(size_t)rand() % (sizeof words / sizeof words[0])]);
		if (rand() % 2)
			strcat(body, "\r\n--AaB--");
		length = strlen(body);
		error = run(&whole, body, length, length, length);
		assert_int_equal(run_bytes(&cut, body, length), error);
		assert_string_equal(cut.text, whole.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts),
		cmocka_unit_test(nearly),
		cmocka_unit_test(names),
		cmocka_unit_test(malformed),
		cmocka_unit_test(plain_encodings),
		cmocka_unit_test(bounds),
		cmocka_unit_test(callbacks_that_fail),
		cmocka_unit_test(boundaries),
		cmocka_unit_test(any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
