/* SPDX-License-Identifier: MIT
 *
 * base64url.h - base64 with the alphabet for URLs and without padding (RFC 4648, 5; RFC 7515,
 * 2). Pure; any thread.
 */
#ifndef WYE_CORE_JWT_BASE64URL_H
#define WYE_CORE_JWT_BASE64URL_H

#include <sys/types.h>

#include <wye/types.h>

/* Bytes that a text of that length stands for, and characters that so many bytes become. */
#define WYE_BASE64URL_BYTES(characters) ((characters) / 4 * 3 + (characters) % 4 * 3 / 4)
#define WYE_BASE64URL_LENGTH(bytes)     (((bytes)*4 + 2) / 3)

/* Decodes into WYE_BASE64URL_BYTES(text.length) bytes; returns how many. -1 for what no encoder
 * writes: another character, padding, or unused bits that are not 0, so that no two texts
 * stand for the same bytes. */
ssize_t wye_base64url_decode(unsigned char *out, struct wye_text text);

/* Returns the length. No NUL is put behind it. */
size_t wye_base64url_encode(char *out, const void *data, size_t length);

#endif
