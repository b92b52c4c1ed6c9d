/* SPDX-License-Identifier: MIT
 *
 * test_head.c - which heads are refused and how they are split: by a table, and by comparing
 * random mutations with a naive strict parser of the bytes as they were sent.
 */
#include <arpa/inet.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/arena.h"
#include "http/head.h"
#include "raw_head.h"
#include "unit.h"

enum { ROOM = 4096 };

static struct wye_arena arena;

/* ---- the request line ---- */

/* Splits as the engine does: at the first blank and at the last one. */
static struct wye_fault check_line(const char *text, size_t length)
{
	char *bytes = malloc(length + 1), *version, *end;
	struct wye_request_line line = { .method.data = bytes };
	struct wye_fault fault;

	memcpy(bytes, text, length);
	bytes[length] = '\0';
	end = bytes + length;
	while (end > bytes && (end[-1] == '\r' || end[-1] == '\n'))
		*--end = '\0';
	line.method.length = strcspn(bytes, " ");
	bytes[line.method.length] = '\0';
	version = end;
	while (version > bytes && version[-1] != ' ')
		version--;
	if (version > bytes)
		version[-1] = '\0';
	line.target.data = bytes + line.method.length + 1;
	line.target.length = strlen(line.target.data);
	line.version = (struct wye_text) { version, strlen(version) };
	line.between = (size_t)(version - bytes) - line.method.length;
	line.rest = line.end = bytes + length;
	fault = wye_head_check_line(&line);
	free(bytes);
	return fault;
}

static void request_lines(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		unsigned status;
	} rows[] = {
#define ROW(text, status)                                                                      \
	{                                                                                      \
		text,                                                                          \
		sizeof text - 1,                                                               \
		status,                                                                        \
	}
		ROW("GET / HTTP/1.1\r\n", 0),      ROW("GET / HTTP/1.0\r\n", 0),
		ROW("M-SEARCH * HTTP/1.1\r\n", 0), ROW("GET / HTTP/1.1\n", 400),
		ROW("GET / HTTP/1.1\r\r\n", 400),  ROW("GET / HTTP/1.2\r\n", 505),
		ROW("GET / HTTP/2.0\r\n", 505),    ROW("GET / HTTP/0.9\r\n", 505),
		ROW("GET / http/1.1\r\n", 400),    ROW("GET / HTTP/1,1\r\n", 400),
		ROW("GET / HTTP/1.10\r\n", 400),   ROW("GET / HTTP/1.\r\n", 400),
		ROW("GET / HTTP/x.1\r\n", 400),    ROW("GET / HTTQ/1.1\r\n", 400),
		ROW("G(T / HTTP/1.1\r\n", 400),    ROW("G\x80Z / HTTP/1.1\r\n", 400),
		ROW(" / HTTP/1.1\r\n", 400),       ROW("GET /a\0b HTTP/1.1\r\n", 400),
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (check_line(rows[i].text, rows[i].length).status != rows[i].status)
			fail_msg("%s: not %u", rows[i].text, rows[i].status);
}

/* ---- fields ---- */

/* A head in memory of its own size, so that the sanitizers see its ends. */
struct made {
	char *bytes;
	struct raw_head raw;
	struct wye_request_line line;
	struct wye_head head;
	struct wye_fault fault;
};

static void make(struct made *made, const char *text, size_t length, bool old)
{
	char *copy = malloc(length + 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	made->raw = raw_head_zero(copy, length);
	made->bytes = malloc(made->raw.length + 1);
	memcpy(made->bytes, copy, made->raw.length);
	free(copy);
	made->line.version = (struct wye_text) { old ? "HTTP/1.0" : "HTTP/1.1", 8 };
	made->line.rest = made->bytes;
	made->line.end = made->bytes + made->raw.length;
	made->line.fields = made->raw.fields;
	if (made->raw.complete)
		made->fault = wye_head_read(&made->head, &arena, &made->line);
}

static void drop(struct made *made)
{
	free(made->bytes);
	wye_arena_reset(&arena);
}

#define HOST "Host: a\r\n"

/* A status below 100 is how many fields there are. */
static const struct row {
	const char *text;
	size_t length;
	unsigned expected;
	bool old;
} ROWS[] = {
#define ROW(text, expected)                                                                    \
	{                                                                                      \
		text, sizeof text - 1, expected, false,                                        \
	}
#define OLD(text, expected)                                                                    \
	{                                                                                      \
		text, sizeof text - 1, expected, true,                                         \
	}
	ROW(HOST "\r\n", 1),
	ROW(HOST "A:\r\nB:\r\n\r\n", 3),
	ROW(HOST "A: b\r\nA: c\r\n\r\n", 3),
	ROW(HOST "A: b:c::d\r\n\r\n", 2),
	ROW(HOST "A:\t b c \t\r\n\r\n", 2),
	ROW(HOST "A: \x80\xff\r\n\r\n", 2),
	ROW("\r\n", 400), /* no Host */
	OLD("\r\n", 0),
	OLD("A: b\r\n\r\n", 1),
	/* names */
	ROW(HOST ": b\r\n\r\n", 400),
	ROW(HOST "A : b\r\n\r\n", 400),
	ROW(HOST "A\t: b\r\n\r\n", 400),
	ROW(HOST " A: b\r\n\r\n", 400), /* folded */
	ROW(HOST "A: b\r\n c\r\n\r\n", 400),
	ROW(" A: b\r\n" HOST "\r\n", 400), /* before the first */
	ROW(HOST "A(: b\r\n\r\n", 400),
	ROW(HOST "\x80: b\r\n\r\n", 400),
	/* bytes */
	ROW(HOST "A: b\x01\r\n\r\n", 400),
	ROW(HOST "A: \x7f\r\n\r\n", 400),
	ROW(HOST "A: b\0c\r\n\r\n", 400),
	ROW(HOST "A: b\0\r\n\r\n", 400),
	ROW(HOST "A: b\0\0\r\n\r\n", 400),
	ROW(HOST "A:\0\r\n\r\n", 400),
	/* line ends */
	ROW(HOST "A: b\n\r\n", 400),
	ROW(HOST "A: b\r\r\n", 400),
	ROW(HOST "A: b\r\n\n", 400),
	ROW(HOST "A: b\n\n", 400),
	ROW(HOST "A: b\rC: d\r\n\r\n", 400),
	ROW(HOST "A: b\nC: d\r\n\r\n", 400),
	ROW(HOST "A:\n\n", 400),
	ROW(HOST "A:\n\r\n", 400),
	ROW(HOST "\n", 400),
	ROW("\n", 400),
	OLD("\n", 400),
	/* Host */
	ROW("host: a\r\n\r\n", 1),
	ROW("Host:\r\n\r\n", 400),
	ROW("Host: a b\r\n\r\n", 400),
	ROW("Host: a@b\r\n\r\n", 400),
	ROW("Host: a/b\r\n\r\n", 400),
	ROW(HOST HOST "\r\n", 400),
	OLD(HOST HOST "\r\n", 400),
	/* Content-Length */
	ROW(HOST "Content-Length: 0\r\n\r\n", 2),
	ROW(HOST "Content-Length: 007\r\n\r\n", 2),
	ROW(HOST "Content-Length: 999999999999999999\r\n\r\n", 2),
	ROW(HOST "Content-Length: 1000000000000000000\r\n\r\n", 400),
	ROW(HOST "Content-Length:\r\n\r\n", 400),
	ROW(HOST "Content-Length: -1\r\n\r\n", 400),
	ROW(HOST "Content-Length: +1\r\n\r\n", 400),
	ROW(HOST "Content-Length: 0x1\r\n\r\n", 400),
	ROW(HOST "Content-Length: 1 1\r\n\r\n", 400),
	ROW(HOST "Content-Length: 1, 1\r\n\r\n", 400),
	ROW(HOST "Content-Length: 1\r\ncontent-length: 1\r\n\r\n", 400),
	/* Transfer-Encoding */
	ROW(HOST "Transfer-Encoding: chunked\r\n\r\n", 2),
	ROW(HOST "Transfer-Encoding: CHUNKED\r\n\r\n", 2),
	ROW(HOST "Transfer-Encoding: chunked \r\n\r\n", 400), /* the engine trips over it */
	ROW(HOST "Transfer-Encoding: \t chunked\r\n\r\n", 2),
	ROW(HOST "Transfer-Encoding: chunked,\r\n\r\n", 400),
	ROW(HOST "Transfer-Encoding: chunked, chunked\r\n\r\n", 400),
	ROW(HOST "Transfer-Encoding: chunked, gzip\r\n\r\n", 400),
	ROW(HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
	ROW(HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
	ROW(HOST "Transfer-Encoding: gzip\r\n\r\n", 501),
	ROW(HOST "Transfer-Encoding: xchunked\r\n\r\n", 501),
	ROW(HOST "Transfer-Encoding: chunked;a=b\r\n\r\n", 501),
	ROW(HOST "Transfer-Encoding:\r\n\r\n", 501),
	ROW(HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400),
	ROW(HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
	OLD(HOST "Transfer-Encoding: chunked\r\n\r\n", 400),
	/* Expect */
	ROW(HOST "Expect: 100-Continue\r\n\r\n", 2),
	ROW(HOST "Expect: 100-continue, x\r\n\r\n", 417),
	ROW(HOST "Expect:\r\n\r\n", 417),
#undef ROW
#undef OLD
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
		const struct row *row = &ROWS[i];
		struct made made = { 0 };
		unsigned got;

		make(&made, row->text, row->length, row->old);
		got = !made.raw.complete  ? 400
		      : made.fault.status ? made.fault.status
					  : (unsigned)made.head.count;
		if (got != row->expected)
			fail_msg("%s: %u and not %u", row->text, got, row->expected);
		if (made.fault.status)
			assert_int_equal(made.fault.text[strlen(made.fault.text) - 1], '\n');
		drop(&made);
	}
}

/* A NUL can hide a field from the engine; it is seen by the count, as the engine's caller
 * knows. */
static void hidden_field(void **state)
{
	static const char text[] = HOST "A: b\0\0C\0d\r\n\r\n";
	struct made made = { 0 };

	(void)state;
	make(&made, text, sizeof text - 1, false);
	assert_true(made.raw.complete);
	assert_true(made.fault.status || made.head.count != made.raw.fields);
	drop(&made);
}

static bool is(struct wye_text text, const char *expected)
{
	return text.data && text.length == strlen(expected) &&
	       !memcmp(text.data, expected, text.length);
}

static void what_is_read(void **state)
{
	static const char text[] = "Connection: x, Upgrade\r\nHOST:\t[::1]:80 \r\n"
				   "Connection: second\r\nupgrade: websocket\r\n"
				   "CONTENT-LENGTH: 1234\r\nExpect: 100-continue\r\n\r\nbody";
	struct made made = { 0 };

	(void)state;
	make(&made, text, sizeof text - 1, false);
	assert_int_equal(made.fault.status, 0);
	assert_int_equal(made.head.count, 6);
	assert_int_equal(made.raw.fields, 6);
	assert_true(is(made.head.host, "[::1]:80"));
	assert_true(is(made.head.fields[2].name, "Connection"));
	assert_true(is(made.head.fields[2].value, "second"));
	assert_true(made.head.upgrades && made.head.expects && made.head.has_length);
	assert_false(made.head.chunked);
	assert_int_equal(made.head.length, 1234);
	drop(&made);
}

static void many_fields(void **state)
{
	static char text[64 * 1024] = HOST;
	size_t length = strlen(text);
	struct made made = { 0 };

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		length += (size_t)sprintf(text + length, "a:%s\r\n", i % 2 ? "" : "b");
	length += (size_t)sprintf(text + length, "\r\n");
	make(&made, text, length, false);
	assert_int_equal(made.fault.status, 0);
	assert_int_equal(made.head.count, 5001);
	drop(&made);
}

static void hosts(void **state)
{
	static const char *const good[] = {
		"a",           "a.b",       "a:80",    "a:",          "a:65535",
		"a:00080",     "1.2.3.4",   "[::1]",   "[::1]:65535", "[::]",
		"[::1.2.3.4]", "a_b~c!$&'", "(a)*+,;",
	};
	static const char *const wrong[] = {
		"",
		":",
		":80",
		"a:b",
		"a:65536",
		"a:123456",
		"a:1:2",
		"[",
		"[]",
		"[:]",
		"[::1",
		"::1",
		"a]",
		"[::1]x",
		"[::g]",
		"u@a",
		"a b",
		"a\tb",
		"a/",
		"a?",
		"a#",
		"a\\b",
		"\x80z",
		"[::1]:x",
		"a^",
		"\"a\"",
		"a%20b",
		"[v1.a]",
		"[1.2.3.4]",
		"a:-1",
		"a:+1",
		"a: 1",
		"[::1%25eth0]",
		"[1:2:3:4:5:6:7:8:9]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (!wye_head_is_host((struct wye_text) { good[i], strlen(good[i]) }))
			fail_msg("%s is refused", good[i]);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (wye_head_is_host((struct wye_text) { wrong[i], strlen(wrong[i]) }))
			fail_msg("%s is taken", wrong[i]);
	assert_false(wye_head_is_host((struct wye_text) { "a\0b", 3 }));
	assert_false(wye_head_is_host((struct wye_text) { "a\0", 2 }));
	assert_false(wye_head_is_host((struct wye_text) { "[:\0:]", 5 }));
}

/* ---- a naive strict parser of the bytes as sent ---- */

static regex_t line_form, host_form, length_form, coding_last, coding_inside;

static void compile(regex_t *regex, const char *text)
{
	assert_int_equal(regcomp(regex, text, REG_EXTENDED | REG_ICASE), 0);
}

static int set_up(void **state)
{
	static char first[ROOM];

	(void)state;
	wye_arena_init(&arena, first, sizeof first);
	compile(&line_form, "^([-0-9A-Za-z!#$%&'*+.^_`|~]+):[ \t]*(.*)$");
	compile(&host_form, "^([-0-9A-Za-z._~!$&'()*+,;=]+|\\[([^]]*)\\])(:([0-9]*))?$");
	compile(&length_form, "^[0-9]{1,18}$");
	compile(&coding_last, "(^|,)[ \t]*chunked[ \t,]*$");
	compile(&coding_inside, "(^|,)[ \t]*chunked[ \t]*,.*[^ \t,]");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	regfree(&line_form);
	regfree(&host_form);
	regfree(&length_form);
	regfree(&coding_last);
	regfree(&coding_inside);
	return 0;
}

struct naive {
	char names[64][ROOM], values[64][ROOM];
	unsigned count;
	bool host, chunked, sized, expects, upgrades;
	uint64_t length;
};

static bool matches(const regex_t *regex, const char *text)
{
	return !regexec(regex, text, 0, NULL, 0);
}

static bool naive_host(const char *value)
{
	struct in6_addr address;
	char literal[ROOM];
	regmatch_t parts[5];

	if (regexec(&host_form, value, 5, parts, 0))
		return false;
	if (parts[4].rm_so >= 0 && strtod(value + parts[4].rm_so, NULL) > 65535)
		return false;
	sprintf(literal, "%.*s", (int)(parts[2].rm_eo - parts[2].rm_so), value + 1);
	return parts[2].rm_so < 0 || inet_pton(AF_INET6, literal, &address) == 1;
}

static unsigned naive_coding(struct naive *naive, const char *value, bool blank_behind)
{
	if (matches(&coding_inside, value))
		return 400;
	if (!matches(&coding_last, value))
		return naive->chunked ? 400 : 501;
	if (naive->chunked)
		return 400;
	naive->chunked = !strcasecmp(value, "chunked") && !blank_behind;
	return naive->chunked                                         ? 0
	       : strspn(value, " \t,chunkedCHUNKED") == strlen(value) ? 400
								      : 501;
}

static unsigned naive_meaning(struct naive *naive, const char *name, const char *value,
			      bool blank_behind)
{
	bool again;

	if (!strcasecmp(name, "Host")) {
		again = naive->host;
		naive->host = true;
		return again || !naive_host(value) ? 400 : 0;
	}
	if (!strcasecmp(name, "Content-Length")) {
		again = naive->sized;
		naive->sized = true;
		naive->length = strtoull(value, NULL, 10);
		return again || !matches(&length_form, value) ? 400 : 0;
	}
	if (!strcasecmp(name, "Transfer-Encoding"))
		return naive_coding(naive, value, blank_behind);
	if (!strcasecmp(name, "Expect")) {
		naive->expects = true;
		return strcasecmp(value, "100-continue") ? 417 : 0;
	}
	naive->upgrades |= !strcasecmp(name, "Upgrade");
	return 0;
}

static unsigned naive_line(struct naive *naive, const char *bytes, size_t length)
{
	char *name = naive->names[naive->count], *value = naive->values[naive->count];
	char line[ROOM];
	regmatch_t parts[3];

	for (size_t i = 0; i < length; i++)
		if (((unsigned char)bytes[i] < 32 && bytes[i] != '\t') || bytes[i] == 127)
			return 400;
	memcpy(line, bytes, length);
	line[length] = '\0';
	if (regexec(&line_form, line, 3, parts, 0))
		return 400;
	sprintf(name, "%.*s", (int)parts[1].rm_eo, line);
	strcpy(value, line + parts[2].rm_so);
	while (*value && strchr(" \t", value[strlen(value) - 1]))
		value[strlen(value) - 1] = '\0';
	naive->count++;
	return naive_meaning(naive, name, value, strchr(" \t", line[length - 1]));
}

/* Returns the status; 0: fine; 1: the head has no end. */
static unsigned naive_read(struct naive *naive, const char *bytes, size_t length, bool old)
{
	const char *end = bytes + length, *stop;

	while ((stop = memmem(bytes, (size_t)(end - bytes), "\r\n", 2)) && stop != bytes) {
		unsigned status = naive_line(naive, bytes, (size_t)(stop - bytes));

		if (status)
			return status;
		bytes = stop + 2;
	}
	if (!stop)
		return 1;
	if (!naive->host && !old)
		return 400;
	return naive->chunked && (naive->sized || old) ? 400 : 0;
}

/* ---- random mutations ---- */

static const char *const pieces[] = {
	"Host: a\r\n",
	"Host: [::1]:8080\r\n",
	"Content-Length: 12\r\n",
	"Transfer-Encoding: chunked\r\n",
	"Transfer-Encoding: gzip, chunked\r\n",
	"Expect: 100-continue\r\n",
	"Upgrade: websocket\r\n",
	"Connection: close\r\n",
	"Accept:\r\n",
	"X-Y: z \t\r\n",
	"Cookie: a=b; c=d\r\n",
	" folded: line\r\n",
};

static const char bytes[] = "\0\r\n:\t ,;a1[]@%\x7f\x80-";

static size_t random_head(char *out, bool whole)
{
	size_t length = 0;
	unsigned count = 1 + (unsigned)rand() % 5;

	if (whole)
		length = (size_t)sprintf(out, "%s", pieces[rand() % 2]);
	for (unsigned i = 0; i < count; i++)
		length += (size_t)sprintf(
			out + length, "%s",
			pieces[(whole ? 2 : 0) + (unsigned)rand() % (whole ? 9 : 12)]);
	return length + (size_t)sprintf(out + length, "\r\n");
}

static size_t mutate(char *head, size_t length)
{
	size_t at = (size_t)rand() % length;

	switch (rand() % 4) {
	case 0:
		head[at] = bytes[(size_t)rand() % (sizeof bytes - 1)];
		return length;
	case 1:
		memmove(head + at, head + at + 1, length - at - 1);
		return length - 1;
	case 2:
		memmove(head + at + 1, head + at, length - at);
		head[at] = bytes[(size_t)rand() % (sizeof bytes - 1)];
		return length + 1;
	default:
		head[at] ^= 0x20;
		return length;
	}
}

static void compare(const struct made *made, const struct naive *naive)
{
	assert_int_equal(made->head.count, naive->count);
	for (unsigned i = 0; i < naive->count; i++) {
		assert_true(is(made->head.fields[i].name, naive->names[i]));
		assert_true(is(made->head.fields[i].value, naive->values[i]));
	}
	assert_int_equal(made->head.host.data != NULL, naive->host);
	assert_int_equal(made->head.chunked, naive->chunked);
	assert_int_equal(made->head.has_length, naive->sized);
	assert_int_equal(made->head.length, naive->sized ? naive->length : 0);
	assert_int_equal(made->head.expects, naive->expects);
	assert_int_equal(made->head.upgrades, naive->upgrades);
}

static void check(const char *head, size_t length, bool old, unsigned *accepted)
{
	static struct naive naive;
	struct made made = { 0 };
	unsigned expected, got;

	naive.count = 0;
	naive.host = naive.chunked = naive.sized = naive.expects = naive.upgrades = false;
	make(&made, head, length, old);
	expected = naive_read(&naive, head, length, old);
	got = !made.raw.complete || (!made.fault.status && made.head.count != made.raw.fields)
		      ? 400
		      : made.fault.status;
	if (!got != !expected) {
		fwrite(head, 1, length, stderr);
		fail_msg("%u and not %u", got, expected);
	}
	if (!got)
		compare(&made, &naive);
	*accepted += !got;
	drop(&made);
}

static bool inside(struct wye_text text, const struct made *made)
{
	const char *start = made->head.count ? made->head.fields[0].name.data : NULL;

	return text.data >= start && text.data + text.length <= start + made->raw.length;
}

/* A NUL can stand for a zero of the engine's, and nothing can tell them apart. */
static void check_hidden(const char *head, size_t length, bool old)
{
	struct made made = { 0 };

	make(&made, head, length, old);
	for (size_t i = 0; made.raw.complete && i < made.head.count; i++) {
		assert_true(inside(made.head.fields[i].name, &made));
		assert_true(inside(made.head.fields[i].value, &made));
		assert_null(memchr(made.head.fields[i].value.data, 0,
				   made.head.fields[i].value.length));
	}
	drop(&made);
}

static void mutations(void **state)
{
	unsigned accepted = 0, refused = 0;

	(void)state;
	srand(11);
	for (int round = 0; round < 200000; round++) {
		char head[ROOM];
		size_t length = random_head(head, rand() % 2);
		bool old = rand() % 4 == 0;

		for (int i = rand() % 4; i > 0; i--)
			length = mutate(head, length);
		if (memchr(head, 0, length))
			check_hidden(head, length, old);
		else
			check(head, length, old, &accepted);
		refused++;
	}
	refused -= accepted;
	print_message("%u heads taken, %u refused\n", accepted, refused);
	assert_true(accepted > 5000 && refused > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_lines), cmocka_unit_test(table),
		cmocka_unit_test(hidden_field),  cmocka_unit_test(what_is_read),
		cmocka_unit_test(many_fields),   cmocka_unit_test(hosts),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
