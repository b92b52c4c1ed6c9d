/* SPDX-License-Identifier: MIT
 *
 * utf8.c - see utf8.h. ASCII is skipped by blocks and whole characters by their length; only
 * what a piece cuts in two goes byte by byte.
 */
#include <string.h>

#include "websocket/utf8.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Length of the run of ASCII at the start, found by words: it may miss the last few bytes. */
static size_t ascii_words(const uint8_t *data, size_t length)
{
	uint64_t word[4];
	size_t at = 0;

	for (; length - at >= sizeof word; at += sizeof word) {
		memcpy(word, data + at, sizeof word);
		if ((word[0] | word[1] | word[2] | word[3]) & HIGH_BITS)
			break;
	}
	for (; length - at >= sizeof word[0]; at += sizeof word[0]) {
		memcpy(word, data + at, sizeof word[0]);
		if (word[0] & HIGH_BITS)
			break;
	}
	return at;
}

/* A lead byte (RFC 3629, 4). The range of the byte behind it shuts out overlong forms,
 * surrogates and what is above U+10FFFF. */
static bool lead(struct wye_utf8 *state, uint8_t byte)
{
	if (byte < 0x80)
		return true;
	if (byte < 0xc2 || byte > 0xf4)
		return false;
	state->missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	state->low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
	state->high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
	return true;
}

static bool step(struct wye_utf8 *state, uint8_t byte)
{
	if (!state->missing)
		return lead(state, byte);
	if (byte < state->low || byte > state->high)
		return false;
	state->missing--;
	state->low = 0x80;
	state->high = 0xbf;
	return true;
}

static bool trail(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Do the bytes behind a lead byte make a character of three bytes, of four? Bounds as in
 * lead(). */
static inline bool three(const uint8_t *data)
{
	return trail(data[1]) && trail(data[2]) && !(data[0] == 0xe0 && data[1] < 0xa0) &&
	       !(data[0] == 0xed && data[1] > 0x9f);
}

static inline bool four(const uint8_t *data)
{
	return data[0] <= 0xf4 && trail(data[1]) && trail(data[2]) && trail(data[3]) &&
	       !(data[0] == 0xf0 && data[1] < 0x90) && !(data[0] == 0xf4 && data[1] > 0x8f);
}

/* Length of the whole characters at the start, up to the first that is cut or invalid. */
static size_t characters(const uint8_t *data, size_t length)
{
	size_t at = ascii_words(data, length);

	while (at < length) {
		uint8_t first = data[at];

		if (first < 0x80) {
			at++;
			at += ascii_words(data + at, length - at);
		} else if (first < 0xe0) {
			if (first < 0xc2 || length - at < 2 || !trail(data[at + 1]))
				break;
			at += 2;
		} else if (first < 0xf0) {
			if (length - at < 3 || !three(data + at))
				break;
			at += 3;
		} else {
			if (length - at < 4 || !four(data + at))
				break;
			at += 4;
		}
	}
	return at;
}

bool wye_utf8_feed(struct wye_utf8 *state, const uint8_t *data, size_t length)
{
	size_t at = 0;

	for (; state->missing && at < length; at++)
		if (!step(state, data[at]))
			return false;
	at += characters(data + at, length - at);
	for (; at < length; at++)
		if (!step(state, data[at]))
			return false;
	return true;
}

bool wye_utf8_valid(const uint8_t *data, size_t length)
{
	return characters(data, length) == length;
}

size_t wye_utf8_cut(const uint8_t *data, size_t length, size_t limit)
{
	return characters(data, length < limit ? length : limit);
}
