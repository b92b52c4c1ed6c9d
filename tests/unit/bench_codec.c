/* SPDX-License-Identifier: MIT
 *
 * bench_codec.c - what decoding costs: nanoseconds per message, whole frames in one buffer as
 * they come from the network. Not a test; run it by hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "websocket/codec.h"

enum {
	BUFFER = 64 * 1024,
	ROUNDS = 7,
};

static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Appends a masked frame; returns its length. */
static size_t frame(uint8_t *out, unsigned opcode, const char *text, size_t length)
{
	size_t at = wye_ws_frame_header(out, opcode, length);

	out[1] |= 0x80;
	memcpy(out + at, mask, 4);
	for (size_t i = 0; i < length; i++)
		out[at + 4 + i] = (uint8_t)text[i % strlen(text)] ^ mask[i & 3];
	return at + 4 + length;
}

/* Decodes the same buffer again and again; restoring it is measured alone and taken off. */
static double measure(const uint8_t *frames, size_t length, size_t repeat, bool decode)
{
	static uint8_t work[BUFFER + 64];
	struct wye_ws_decoder decoder;
	struct wye_ws_input event;
	double start = seconds();

	wye_ws_decoder_init(&decoder, 1 << 20);
	for (size_t i = 0; i < repeat; i++) {
		uint8_t *data = work;
		size_t left = length;

		memcpy(work, frames, length);
		__asm__ volatile("" : : "r"(work) : "memory");
		while (decode && wye_ws_decode(&decoder, &data, &left, &event) != WYE_WS_MORE)
			;
	}
	wye_ws_decoder_fini(&decoder);
	return seconds() - start;
}

static void bench(const char *name, unsigned opcode, const char *text, size_t size)
{
	static uint8_t frames[BUFFER + 64];
	size_t length = 0, count = 0, repeat;
	double best = 1e9;

	while (length + size + 14 <= BUFFER / 4 || !count) {
		length += frame(frames + length, opcode, text, size);
		count++;
	}
	repeat = 20000000 / (length + count * 64);
	for (int i = 0; i < ROUNDS; i++) {
		double cost = measure(frames, length, repeat, true) -
			      measure(frames, length, repeat, false);

		best = cost < best ? cost : best;
	}
	printf("%-16s %6zu bytes %9.1f ns\n", name, size,
	       best * 1e9 / (double)repeat / (double)count);
}

int main(void)
{
	static const size_t sizes[] = { 0, 8, 32, 125, 1024, 16384 };

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		bench("binary", WYE_WS_OP_BINARY, "0123456789abcdef", sizes[i]);
		bench("ASCII text", WYE_WS_OP_TEXT, "0123456789abcdef", sizes[i]);
	}
	bench("Russian text", WYE_WS_OP_TEXT, "одна длинная строка текста, ", 1008);
	bench("Chinese text", WYE_WS_OP_TEXT, "一条线路分成两条", 1008);
	return 0;
}
