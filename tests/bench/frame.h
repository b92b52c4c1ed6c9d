/* SPDX-License-Identifier: MIT
 *
 * frame.h - WebSocket frames as a client writes and reads them (RFC 6455, 5.2). Pure.
 */
#ifndef WYE_TESTS_BENCH_FRAME_H
#define WYE_TESTS_BENCH_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	OPCODE_TEXT = 1,
	OPCODE_CLOSE = 8,
	OPCODE_PING = 9,
	OPCODE_PONG = 10,
};

/* Bytes of a masked frame's head, at most. */
enum { FRAME_HEAD_MAX = 14 };

/* Writes a masked frame of any length and returns its size. */
size_t frame_put(uint8_t *out, int opcode, const uint8_t *payload, size_t length);

/* Reads the heads of frames from bytes that arrive in any portions. */
struct frame_reader {
	uint8_t head[10];
	unsigned have, need;
	uint64_t left; /* of the current frame's payload */
};

/* The next frame begins. */
void frame_begin(struct frame_reader *in);

/* Collects the head. Returns true when it is whole; *taken says how many bytes it used. */
bool frame_head(struct frame_reader *in, const uint8_t *data, size_t length, size_t *taken);

/* True if a server may not send such a frame. */
bool frame_bad(const struct frame_reader *in);

static inline int frame_opcode(const struct frame_reader *in)
{
	return in->head[0] & 0x0f;
}

static inline bool frame_final(const struct frame_reader *in)
{
	return in->head[0] & 0x80;
}

#endif
