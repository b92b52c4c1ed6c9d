/* SPDX-License-Identifier: MIT
 *
 * utf8.h - is it UTF-8 (RFC 3629)? In pieces of any size, and an error is found at the very
 * byte that makes it one. Pure; any thread.
 */
#ifndef WYE_CORE_WEBSOCKET_UTF8_H
#define WYE_CORE_WEBSOCKET_UTF8_H

#include <wye/types.h>

/* Between two pieces. All zero: at the start of a character, so also a valid place to end. */
struct wye_utf8 {
	uint8_t missing;   /* bytes of the current character still to come */
	uint8_t low, high; /* what the next of them may be; only if one is missing */
};

/* Checks the next piece. False: an invalid byte is in it, and the text is lost. */
bool wye_utf8_feed(struct wye_utf8 *state, const uint8_t *data, size_t length);

/* True if the whole is UTF-8 and doesn't end within a character. */
bool wye_utf8_valid(const uint8_t *data, size_t length);

/* The length of the longest start of a valid text that has at most `limit` bytes and doesn't
 * end within a character. */
size_t wye_utf8_cut(const uint8_t *data, size_t length, size_t limit);

#endif
