/* SPDX-License-Identifier: MIT
 *
 * fuzz_deflate.c - what is deflated is shorter and inflates to itself, in a window of the size
 * that was agreed on and by a naive reader of RFC 1951, too; any bytes inflate to what that
 * reader makes of them, in memory that keeps to max_message. Input: a byte chooses which and
 * the window, one the limit, the rest are messages of two bytes of length and so many bytes.
 */
#include "../unit/codec_trace.h"
#include "../unit/naive_decoder.h"
#include "target.h"

/* ---- there and back ---- */

/* No more of what came before than the window holds: zlib with so many bits sees to that. */
static void check_back(struct wye_inflater *inflater, const uint8_t *deflated, size_t size,
		       const uint8_t *data, size_t length)
{
	struct wye_ws_input event = { .opcode = WYE_WS_BINARY,
				      .data = (uint8_t *)deflated,
				      .length = size,
				      .compressed = true };
	uint8_t *out;

	TRACE_MUST(wye_inflate_message(inflater, length, &event, &out) == WYE_WS_MESSAGE);
	TRACE_MUST(event.length == length && !memcmp(event.data, data, length));
	free(out);
}

static void check_naive_back(uint8_t *deflated, size_t size, const uint8_t *data, size_t length)
{
	struct naive_output plain = { .data = malloc(1), .capacity = 1, .limit = length };

	memcpy(deflated + size, "\0\0\xff\xff", 4);
	TRACE_MUST(!naive_inflate(&plain, deflated, size + 4, false));
	TRACE_MUST(plain.length == length && !memcmp(plain.data, data, length));
	free(plain.data);
}

static void run_deflate(unsigned choice, unsigned minimum, const uint8_t *data, size_t length)
{
	unsigned bits = 9 + choice % 7;
	struct wye_inflater inflater = { .bits = choice & 0x40 ? (uint8_t)bits : 0 };
	uint8_t *out = malloc(length + 4), *exact = malloc(length ? length : 1);
	size_t size;

	TRACE_MUST(out && exact);
	size = wye_deflate_message(bits, minimum, data, length, exact);
	TRACE_MUST(!size || (size < length && length >= minimum));
	memcpy(out, exact, size);
	if (size) {
		check_back(&inflater, exact, size, data, length);
		check_back(&inflater, exact, size, data, length);
		check_naive_back(out, size, data, length);
	}
	wye_inflater_fini(&inflater);
	free(exact);
	free(out);
}

/* ---- any bytes ---- */

struct both {
	struct wye_inflater inflater;
	struct naive_output plain;
};

/* What the naive reader makes of a message: 0 or the close code. */
static unsigned naive_verdict(struct both *both, const uint8_t *data, size_t length, bool text)
{
	uint8_t *copy = malloc(length + 4);
	unsigned code;

	TRACE_MUST(copy);
	memcpy(copy, data, length);
	memcpy(copy + length, "\0\0\xff\xff", 4);
	both->plain.message = both->plain.length;
	code = length ? naive_inflate(&both->plain, copy, length + 4, both->inflater.bits) : 0;
	free(copy);
	if (!code && text &&
	    naive_utf8(both->plain.data + both->plain.message,
		       both->plain.length - both->plain.message) != NAIVE_VALID)
		code = WYE_WS_BAD_DATA;
	return code;
}

/* False: the connection is broken. */
static bool inflate_one(struct both *both, const uint8_t *data, size_t length, bool text)
{
	struct wye_ws_input event = { .opcode = text ? WYE_WS_TEXT : WYE_WS_BINARY,
				      .length = length,
				      .compressed = true };
	unsigned code = naive_verdict(both, data, length, text);
	uint8_t *copy = malloc(length ? length : 1), *out;
	enum wye_ws_event kind;

	TRACE_MUST(copy);
	memcpy(copy, data, length);
	event.data = copy;
	kind = wye_inflate_message(&both->inflater, both->plain.limit, &event, &out);
	TRACE_MUST(kind == (code ? WYE_WS_BROKEN : WYE_WS_MESSAGE));
	TRACE_MUST(!code || event.code == code);
	if (!code) {
		TRACE_MUST(event.length == both->plain.length - both->plain.message);
		TRACE_MUST(!memcmp(event.data, both->plain.data + both->plain.message,
				   event.length));
		TRACE_MUST(event.length <= both->plain.limit && !event.compressed);
	}
	free(out);
	free(copy);
	return !code;
}

static void run_inflate(unsigned choice, size_t limit, const uint8_t *data, size_t length)
{
	struct both both = { .inflater = { .bits = choice & 0x40 ? 15 : 0 },
			     .plain = { .data = malloc(1), .capacity = 1, .limit = limit } };
	bool goes_on = true;

	while (length >= 2 && goes_on) {
		size_t size = data[0] * 256u + data[1], left = length - 2;

		if (size > left)
			size = left;
		goes_on = inflate_one(&both, data + 2, size, choice & 0x20);
		data += 2 + size;
		length -= 2 + size;
	}
	wye_inflater_fini(&both.inflater);
	free(both.plain.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	if (length < 2)
		return 0;
	if (data[0] & 0x80)
		run_deflate(data[0], data[1], data + 2, length - 2);
	else
		run_inflate(data[0], (size_t)data[1] * data[1], data + 2, length - 2);
	return 0;
}
