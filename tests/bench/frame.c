/* SPDX-License-Identifier: MIT
 *
 * frame.c - see frame.h.
 */
#include <string.h>

#include "frame.h"

static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

static size_t head_put(uint8_t *out, int opcode, size_t length)
{
	size_t size = length < 126 ? 2 : length < 65536 ? 4 : 10;

	out[0] = (uint8_t)(0x80 | opcode);
	out[1] = (uint8_t)(0x80 | (size == 2 ? length : size == 4 ? 126 : 127));
	for (size_t i = 2; i < size; i++)
		out[i] = (uint8_t)((uint64_t)length >> (8 * (size - 1 - i)));
	return size;
}

size_t frame_put(uint8_t *out, int opcode, const uint8_t *payload, size_t length)
{
	size_t head = head_put(out, opcode, length);

	memcpy(out + head, mask, sizeof mask);
	head += sizeof mask;
	for (size_t i = 0; i < length; i++)
		out[head + i] = payload[i] ^ mask[i & 3];
	return head + length;
}

void frame_begin(struct frame_reader *in)
{
	in->have = 0;
	in->need = 2;
}

static uint64_t frame_length(const struct frame_reader *in)
{
	uint64_t length = 0;

	if (in->need == 2)
		return in->head[1];
	for (unsigned i = 2; i < in->need; i++)
		length = length << 8 | in->head[i];
	return length;
}

/* A server never masks (RFC 6455, 5.1), so the second byte is the plain length. */
bool frame_head(struct frame_reader *in, const uint8_t *data, size_t length, size_t *taken)
{
	size_t used = 0;

	while (in->have < in->need && used < length) {
		in->head[in->have++] = data[used++];
		if (in->have == 2 && in->head[1] >= 126)
			in->need = in->head[1] == 126 ? 4 : 10;
	}
	*taken = used;
	if (in->have < in->need)
		return false;
	in->left = frame_length(in);
	return true;
}

/* Reserved bits, a mask from a server, a long control frame (RFC 6455, 5.1, 5.2, 5.5). */
bool frame_bad(const struct frame_reader *in)
{
	return in->head[0] & 0x70 || in->head[1] & 0x80 ||
	       (in->head[0] & 8 && in->head[1] > 125);
}
