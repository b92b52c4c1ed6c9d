/* SPDX-License-Identifier: MIT
 *
 * naive_inflate.h - RFC 1951 as plainly as can be, a bit at a time, and what RFC 7692, 7.2.2
 * makes of it: what zlib and our use of it are compared with.
 */
#ifndef WYE_TESTS_NAIVE_INFLATE_H
#define WYE_TESTS_NAIVE_INFLATE_H

#include "codec_trace.h"

/* All output of a connection. Nothing before `start` can be referred to. */
struct naive_output {
	uint8_t *data;
	size_t length, capacity;
	size_t start, message; /* of the deflate stream; of the message */
	size_t limit;          /* of a message */
};

struct naive_bits {
	const uint8_t *data;
	size_t at, end; /* in bits */
	bool over;      /* more was asked for than there is */
};

/* Codes of each length, and their symbols in order (RFC 1951, 3.2.2). */
struct naive_code {
	unsigned counts[16], symbols[288];
};

static inline unsigned naive_take(struct naive_bits *bits, unsigned count)
{
	unsigned value = 0;

	for (unsigned i = 0; i < count; i++, bits->at++) {
		if (bits->at >= bits->end)
			bits->over = true;
		else
			value |= (bits->data[bits->at / 8] >> bits->at % 8 & 1u) << i;
	}
	return value;
}

/* Returns 0 or the close code. */
static inline unsigned naive_put(struct naive_output *out, unsigned byte)
{
	if (out->length == out->capacity) {
		out->capacity = 2 * out->capacity;
		out->data = realloc(out->data, out->capacity);
		TRACE_MUST(out->data);
	}
	out->data[out->length++] = (uint8_t)byte;
	return out->length - out->message > out->limit ? 1009 : 0;
}

/* False: more codes than there can be, or fewer, but for a single one of one bit. */
static inline bool naive_build(struct naive_code *code, const unsigned *lengths, unsigned count)
{
	int left = 1;
	unsigned longest = 0, at = 0;

	memset(code, 0, sizeof *code);
	for (unsigned i = 0; i < count; i++)
		code->counts[lengths[i]]++;
	code->counts[0] = 0;
	for (unsigned length = 1; length <= 15; length++) {
		for (unsigned i = 0; i < count; i++)
			if (lengths[i] == length)
				code->symbols[at++] = i;
		left = 2 * left - (int)code->counts[length];
		if (left < 0)
			return false;
		if (code->counts[length])
			longest = length;
	}
	return left == 0 || longest <= 1;
}

/* Returns the symbol, or 1000 if there is none. */
static inline unsigned naive_symbol(struct naive_bits *bits, const struct naive_code *code)
{
	unsigned value = 0, first = 0, before = 0;

	for (unsigned length = 1; length <= 15; length++) {
		value = value << 1 | naive_take(bits, 1);
		if (bits->over)
			return 1000;
		if (value - first < code->counts[length])
			return code->symbols[before + value - first];
		before += code->counts[length];
		first = (first + code->counts[length]) << 1;
	}
	return 1000;
}

/* A match whose length has the symbol 257 to 285 (3.2.5). */
static inline unsigned naive_match(struct naive_output *out, struct naive_bits *bits,
				   unsigned symbol, const struct naive_code *distances)
{
	unsigned place = symbol - 257, extra, length, distance, code = 0;

	if (symbol > 285)
		return 1007;
	extra = place < 8 || place == 28 ? 0 : place / 4 - 1;
	length = place < 8 ? place + 3 : place == 28 ? 258 : ((4 + place % 4) << extra) + 3;
	length += naive_take(bits, extra);
	place = naive_symbol(bits, distances);
	if (place > 29)
		return 1007;
	extra = place < 4 ? 0 : place / 2 - 1;
	distance = place < 4 ? place + 1 : ((2 + place % 2) << extra) + 1;
	distance += naive_take(bits, extra);
	if (bits->over || distance > out->length - out->start)
		return 1007;
	while (length-- && !code)
		code = naive_put(out, out->data[out->length - distance]);
	return code;
}

static inline unsigned naive_coded(struct naive_output *out, struct naive_bits *bits,
				   const struct naive_code *literals,
				   const struct naive_code *distances)
{
	unsigned code = 0;

	while (!code) {
		unsigned symbol = naive_symbol(bits, literals);

		if (symbol == 256)
			return 0;
		if (symbol >= 1000)
			return 1007;
		code = symbol < 256 ? naive_put(out, symbol)
				    : naive_match(out, bits, symbol, distances);
	}
	return code;
}

static inline unsigned naive_stored(struct naive_output *out, struct naive_bits *bits)
{
	unsigned length, code = 0;

	bits->at = (bits->at + 7) / 8 * 8;
	length = naive_take(bits, 16);
	if ((length ^ naive_take(bits, 16)) != 0xffff || bits->over)
		return 1007;
	while (length-- && !code) {
		unsigned byte = naive_take(bits, 8);

		code = bits->over ? 1007 : naive_put(out, byte);
	}
	return code;
}

static inline unsigned naive_fixed(struct naive_output *out, struct naive_bits *bits)
{
	struct naive_code literals, distances;
	unsigned lengths[288];

	for (unsigned i = 0; i < 288; i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	naive_build(&literals, lengths, 288);
	for (unsigned i = 0; i < 32; i++)
		lengths[i] = 5;
	naive_build(&distances, lengths, 32);
	return naive_coded(out, bits, &literals, &distances);
}

/* The lengths of both codes, themselves coded (3.2.7). */
static inline bool naive_lengths(struct naive_bits *bits, unsigned *lengths, unsigned count,
				 const struct naive_code *code)
{
	unsigned at = 0;

	while (at < count) {
		unsigned symbol = naive_symbol(bits, code), repeat = 1, value = 0;

		if (symbol < 16)
			value = symbol;
		else if (symbol == 16 && at)
			value = lengths[at - 1], repeat = 3 + naive_take(bits, 2);
		else if (symbol == 17)
			repeat = 3 + naive_take(bits, 3);
		else if (symbol == 18)
			repeat = 11 + naive_take(bits, 7);
		else
			return false;
		if (bits->over || at + repeat > count)
			return false;
		while (repeat--)
			lengths[at++] = value;
	}
	return true;
}

static inline unsigned naive_dynamic(struct naive_output *out, struct naive_bits *bits)
{
	static const unsigned order[] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					  11, 4,  12, 3, 13, 2, 14, 1, 15 };
	unsigned literal_count = naive_take(bits, 5) + 257, distance_count,
		 lengths[320] = { 0 }, count;
	struct naive_code literals, distances;

	distance_count = naive_take(bits, 5) + 1;
	count = naive_take(bits, 4) + 4;
	if (literal_count > 286 || distance_count > 30)
		return 1007;
	for (unsigned i = 0; i < count; i++)
		lengths[order[i]] = naive_take(bits, 3);
	if (bits->over || !naive_build(&literals, lengths, 19))
		return 1007;
	if (!naive_lengths(bits, lengths, literal_count + distance_count, &literals))
		return 1007;
	if (!lengths[256] || !naive_build(&literals, lengths, literal_count) ||
	    !naive_build(&distances, lengths + literal_count, distance_count))
		return 1007;
	return naive_coded(out, bits, &literals, &distances);
}

static inline unsigned naive_block(struct naive_output *out, struct naive_bits *bits)
{
	switch (naive_take(bits, 2)) {
	case 0:
		return naive_stored(out, bits);
	case 1:
		return naive_fixed(out, bits);
	case 2:
		return naive_dynamic(out, bits);
	}
	return 1007;
}

/* Appends a message's output; its compressed payload has the tail of RFC 7692, 7.2.2 already.
 * Returns 0 or the close code. */
static inline unsigned naive_inflate(struct naive_output *out, const uint8_t *data,
				     size_t length, bool takeover)
{
	struct naive_bits bits = { .data = data, .end = 8 * length };
	unsigned code = 0;
	bool last = false;

	out->message = out->length;
	if (!takeover)
		out->start = out->length;
	while (!code && bits.at < bits.end) {
		last = naive_take(&bits, 1);
		code = naive_block(out, &bits);
		if (last) {
			bits.at = (bits.at + 7) / 8 * 8;
			out->start = out->length;
		}
	}
	return code ? code : bits.over || last ? 1007 : 0;
}

#endif
