/* SPDX-License-Identifier: MIT
 *
 * naive_decoder.h - RFC 6455 once more, and 7692, as plainly as can be, over bytes that lie
 * there whole: what the real decoder is compared with. Shares nothing with it.
 */
#ifndef WYE_TESTS_NAIVE_DECODER_H
#define WYE_TESTS_NAIVE_DECODER_H

#include "naive_inflate.h"

enum naive_text { NAIVE_VALID, NAIVE_CUT, NAIVE_INVALID };

/* By decoding each character: one that ends with the text may still become valid. */
static inline enum naive_text naive_utf8(const uint8_t *data, size_t length)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t at = 0;

	while (at < length) {
		uint32_t c = data[at];
		size_t size = c < 0x80       ? 1
			      : c >> 5 == 6  ? 2
			      : c >> 4 == 14 ? 3
			      : c >> 3 == 30 ? 4
					     : 0;
		uint32_t low, high;

		if (!size)
			return NAIVE_INVALID;
		if (size == 1) {
			at++;
			continue;
		}
		/* All that the bytes which are there leave possible: low to high. */
		low = high = c & (0x7f >> size);
		for (size_t i = 1; i < size; i++) {
			bool there = at + i < length;

			if (there && data[at + i] >> 6 != 2)
				return NAIVE_INVALID;
			low = low << 6 | (there ? data[at + i] & 0x3f : 0);
			high = high << 6 | (there ? data[at + i] & 0x3f : 0x3f);
		}
		if (high < least[size] || low > 0x10ffff || (low >= 0xd800 && high <= 0xdfff))
			return NAIVE_INVALID;
		if (at + size > length)
			return NAIVE_CUT;
		at += size;
	}
	return NAIVE_VALID;
}

static inline bool naive_close_code(unsigned code)
{
	static const unsigned allowed[] = { 1000, 1001, 1002, 1003, 1007, 1008,
					    1009, 1010, 1011, 1012, 1013, 1014 };

	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
		if (code == allowed[i])
			return true;
	return code / 1000 == 3 || code / 1000 == 4;
}

struct naive {
	struct trace *trace;
	size_t max_message;
	uint8_t *message;
	size_t length;
	unsigned kind;
	bool compressed;
	struct naive_output plain;
};

/* Returns 0, or the code of the error in the first bytes of a frame. */
static inline unsigned naive_start(const struct naive *naive, const uint8_t *in, size_t left)
{
	unsigned opcode = in[0] % 16, second = left > 1 ? in[1] : 0x80;
	bool data = opcode <= 2, control = opcode >= 8 && opcode <= 10;
	bool may_compress = naive->trace->deflate && (opcode == 1 || opcode == 2);

	if (in[0] & (may_compress ? 0x30 : 0x70) || (!data && !control))
		return 1002;
	if (data && (opcode == 0) != (naive->kind != 0))
		return 1002;
	if (control && (in[0] < 0x80 || second % 128 > 125 || (opcode == 8 && second == 0x81)))
		return 1002;
	return second < 0x80 ? 1002 : 0;
}

static inline bool naive_close(struct trace *trace, const uint8_t *data, size_t length)
{
	unsigned code = length ? data[0] * 256u + data[1] : 1005;

	if (length && !naive_close_code(code))
		trace_add(trace, "broken:1002;");
	else if (length && naive_utf8(data + 2, length - 2) != NAIVE_VALID)
		trace_add(trace, "broken:1007;");
	else {
		trace_add(trace, "close:%u:", code);
		trace_payload(trace, data + (length ? 2 : 0), length ? length - 2 : 0);
	}
	return false;
}

/* The message is there. False: the end. */
static inline bool naive_message(struct naive *naive)
{
	uint8_t *data = naive->message;
	size_t length = naive->length;
	unsigned code = 0;

	if (naive->compressed && length) {
		memcpy(data + length, "\0\0\xff\xff", 4);
		code = naive_inflate(&naive->plain, data, length + 4, naive->trace->takeover);
		data = naive->plain.data + naive->plain.message;
		length = naive->plain.length - naive->plain.message;
		if (!code && naive->kind == 1 && naive_utf8(data, length) != NAIVE_VALID)
			code = 1007;
	}
	if (code) {
		trace_add(naive->trace, "broken:%u;", code);
		return false;
	}
	trace_add(naive->trace, naive->kind == 1 ? "text:" : "binary:");
	trace_payload(naive->trace, data, length);
	naive->length = naive->kind = 0;
	return true;
}

/* A frame of which `there` bytes of payload have come. False: the end. */
static inline bool naive_frame(struct naive *naive, unsigned first, const uint8_t *payload,
			       size_t length, size_t there)
{
	unsigned opcode = first % 16;
	enum naive_text text;

	if (opcode >= 8) {
		if (there < length)
			return false;
		if (opcode == 8)
			return naive_close(naive->trace, payload, length);
		trace_add(naive->trace, opcode == 9 ? "ping:" : "pong:");
		trace_payload(naive->trace, payload, length);
		return true;
	}
	if (opcode) {
		naive->kind = opcode;
		naive->compressed = first & 0x40;
	}
	memcpy(naive->message + naive->length, payload, there);
	naive->length += there;
	text = naive->kind == 1 && !naive->compressed
		       ? naive_utf8(naive->message, naive->length)
		       : NAIVE_VALID;
	if (text == NAIVE_INVALID || (text == NAIVE_CUT && there == length && first >= 0x80)) {
		trace_add(naive->trace, "broken:1007;");
		return false;
	}
	if (there == length && first >= 0x80)
		return naive_message(naive);
	return there == length;
}

/* Payload bytes that a message may have yet, the frame with that first byte included. */
static inline uint64_t naive_room(const struct naive *naive, unsigned first)
{
	bool compressed = first % 16 ? first & 0x40 : naive->compressed;
	uint64_t most = naive->max_message;

	if (compressed)
		most += most / 16 + 64;
	return (most < UINT32_MAX ? most : UINT32_MAX) - naive->length;
}

/* Judges the frame at `in`; returns its size, 0 at the end. */
static inline size_t naive_step(struct naive *naive, const uint8_t *in, size_t left)
{
	unsigned error = naive_start(naive, in, left);
	uint64_t length = left > 1 ? in[1] % 128 : 0;
	size_t more = length == 126 ? 2 : length == 127 ? 8 : 0, header = 2 + more + 4, there;
	uint8_t *payload;
	bool go_on;

	if (!error && left >= 2 + more) {
		if (more)
			length = 0;
		for (size_t i = 0; i < more; i++)
			length = length * 256 + in[2 + i];
		if (length >= (uint64_t)1 << 63 || (more == 2 && length <= 125) ||
		    (more == 8 && length <= 65535))
			error = 1002;
		else if (in[0] % 16 < 8 && length > naive_room(naive, in[0]))
			error = 1009;
	}
	if (error)
		trace_add(naive->trace, "broken:%u;", error);
	if (error || left < header)
		return 0;
	there = left - header < length ? left - header : (size_t)length;
	payload = malloc(there + 1);
	TRACE_MUST(payload);
	for (size_t i = 0; i < there; i++)
		payload[i] = in[header + i] ^ in[header - 4 + i % 4];
	go_on = naive_frame(naive, in[0], payload, (size_t)length, there);
	free(payload);
	return go_on ? header + there : 0;
}

/* Appends all events of the bytes to the trace, errors without their sentences. */
static inline void naive_run(struct trace *trace, const uint8_t *in, size_t length,
			     size_t max_message)
{
	struct naive naive = {
		.trace = trace,
		.max_message = max_message,
		.plain = { .data = malloc(1), .capacity = 1, .limit = max_message }
	};
	size_t step = 1;

	trace_bytes(trace, "", 0);
	naive.message = malloc(length + 4);
	TRACE_MUST(naive.message && naive.plain.data);
	for (; length && step; in += step, length -= step)
		step = naive_step(&naive, in, length);
	free(naive.message);
	free(naive.plain.data);
}

#endif
