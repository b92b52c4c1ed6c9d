/* SPDX-License-Identifier: MIT
 *
 * fuzz_chunks.c - a body in chunks ends where a plain reader of the grammar says, however its
 * bytes are cut. Input: a byte for the room of extensions and trailers, one for the cuts, then
 * the body.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "http/chunks.h"
#include "target.h"

/* ---- RFC 9112, 7.1 once more, over bytes that lie there whole ---- */

struct plain {
	const char *data;
	size_t length, at, room;
	enum wye_chunking_answer answer; /* MORE: nothing is wrong so far */
};

/* The next byte; -1: there is none, or the end is known. */
static int peek(const struct plain *plain)
{
	if (plain->answer != WYE_CHUNKING_MORE || plain->at == plain->length)
		return -1;
	return (unsigned char)plain->data[plain->at];
}

static bool end(struct plain *plain, enum wye_chunking_answer answer)
{
	if (peek(plain) >= 0) {
		plain->at++;
		plain->answer = answer;
	}
	return false;
}

static bool expect(struct plain *plain, char wanted)
{
	if (peek(plain) != wanted)
		return end(plain, WYE_CHUNKING_BAD);
	plain->at++;
	return true;
}

/* A byte that counts. */
static bool extra(struct plain *plain)
{
	if (!plain->room)
		return end(plain, WYE_CHUNKING_LARGE);
	plain->room--;
	plain->at++;
	return true;
}

static bool is_token(int byte)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z') || (byte > 0 && strchr(others, byte));
}

static bool is_text(int byte)
{
	return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

static bool is_blank(int byte)
{
	return byte == ' ' || byte == '\t';
}

static bool blanks(struct plain *plain)
{
	while (is_blank(peek(plain)))
		if (!extra(plain))
			return false;
	return true;
}

/* One at least. */
static bool token(struct plain *plain)
{
	if (!is_token(peek(plain)))
		return end(plain, WYE_CHUNKING_BAD);
	while (is_token(peek(plain)))
		if (!extra(plain))
			return false;
	return true;
}

static bool quoted(struct plain *plain)
{
	if (!extra(plain))
		return false;
	while (peek(plain) != '"') {
		if (peek(plain) == '\\' && !extra(plain))
			return false;
		if (!is_text(peek(plain)))
			return end(plain, WYE_CHUNKING_BAD);
		if (!extra(plain))
			return false;
	}
	return extra(plain);
}

/* From its semicolon on; blanks stand behind it only in front of another. */
static bool extension(struct plain *plain)
{
	bool gap;

	if (!extra(plain) || !blanks(plain) || !token(plain))
		return false;
	gap = is_blank(peek(plain));
	if (!blanks(plain))
		return false;
	if (peek(plain) == '=') {
		if (!extra(plain) || !blanks(plain) ||
		    !(peek(plain) == '"' ? quoted(plain) : token(plain)))
			return false;
		gap = is_blank(peek(plain));
		if (!blanks(plain))
			return false;
	}
	return peek(plain) == ';' || (peek(plain) == '\r' && !gap) ||
	       end(plain, WYE_CHUNKING_BAD);
}

static bool line_end(struct plain *plain)
{
	return expect(plain, '\r') && expect(plain, '\n');
}

static bool trailers(struct plain *plain)
{
	while (peek(plain) != '\r') {
		if (!token(plain))
			return false;
		if (peek(plain) != ':')
			return end(plain, WYE_CHUNKING_BAD);
		if (!extra(plain))
			return false;
		while (is_text(peek(plain)))
			if (!extra(plain))
				return false;
		if (peek(plain) != '\r')
			return end(plain, WYE_CHUNKING_BAD);
		if (!extra(plain) || !expect(plain, '\n'))
			return false;
	}
	if (line_end(plain))
		plain->answer = WYE_CHUNKING_DONE;
	return false;
}

/* At most 16 digits, and no more than 2^63 - 1. */
static bool size_line(struct plain *plain, uint64_t *size)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	size_t count = 0;
	int byte;

	*size = 0;
	for (; (byte = peek(plain)) > 0 && strchr(digits, byte); count++, plain->at++) {
		if (count == 16)
			return end(plain, WYE_CHUNKING_BAD);
		*size = *size * 16 + (uint64_t)(strchr(digits, byte) - digits) % 16;
	}
	if (!count)
		return end(plain, WYE_CHUNKING_BAD);
	while (peek(plain) == ';')
		if (!extension(plain))
			return false;
	if (!expect(plain, '\r'))
		return false;
	if (*size > INT64_MAX)
		return end(plain, WYE_CHUNKING_BAD);
	return expect(plain, '\n');
}

/* False: it was the last, or the end is known. */
static bool chunk(struct plain *plain)
{
	uint64_t size, left;

	if (!size_line(plain, &size))
		return false;
	if (!size)
		return trailers(plain);
	left = plain->length - plain->at;
	plain->at += size < left ? size : left;
	return line_end(plain);
}

/* ---- the reader itself ---- */

static size_t next_piece(size_t cut, uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return cut < 4 ? cut + 1 : 1 + (*seed >> 16) % cut;
}

/* Each piece is memory of its own: a sanitizer sees each step beside it. */
static enum wye_chunking_answer read_piece(struct wye_chunking *chunks, const char *data,
					   size_t length, size_t *used)
{
	char *copy = malloc(length);
	enum wye_chunking_answer answer;

	if (!copy)
		abort();
	memcpy(copy, data, length);
	answer = wye_chunking_read(chunks, copy, length, used);
	must(*used <= length, "more than there was");
	must(answer != WYE_CHUNKING_MORE || *used == length, "some were left");
	free(copy);
	return answer;
}

static void check(const struct plain *expected, uint32_t room, size_t cut)
{
	enum wye_chunking_answer answer = WYE_CHUNKING_MORE;
	struct wye_chunking chunks;
	uint32_t seed = (uint32_t)cut;
	size_t at = 0, used = 0;

	wye_chunking_begin(&chunks, room);
	while (at < expected->length && answer == WYE_CHUNKING_MORE) {
		size_t size = next_piece(cut, &seed), left = expected->length - at;

		answer = read_piece(&chunks, expected->data + at, size < left ? size : left,
				    &used);
		at += used;
	}
	must(answer == expected->answer, "another answer");
	must(at == expected->at, "another end");
	if (answer == WYE_CHUNKING_MORE)
		return;
	must(read_piece(&chunks, "0", 1, &used) == answer && !used, "not for ever");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct plain plain;

	if (length < 2)
		return 0;
	plain = (struct plain) { .data = (const char *)data + 2,
				 .length = length - 2,
				 .room = data[0],
				 .answer = WYE_CHUNKING_MORE };
	while (chunk(&plain))
		;
	check(&plain, data[0], plain.length);
	check(&plain, data[0], 0);
	check(&plain, data[0], data[1]);
	return 0;
}
