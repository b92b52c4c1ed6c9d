/* SPDX-License-Identifier: MIT
 *
 * base64url.c - see base64url.h.
 */
#include "jwt/base64url.h"

static const char ALPHABET[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum {
	BAD = 64, /* above all values: one bit tells */
};

#define _ BAD
static const unsigned char VALUES[256] = {
	_,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  /* 0x00 */
	_,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  /* 0x10 */
	_,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  62, _,  _,  /* 0x20 */
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, _,  _,  _,  _,  _,  _,  /* 0x30 */
	_,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, /* 0x40 */
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, _,  _,  _,  _,  63, /* 0x50 */
	_,  26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, /* 0x60 */
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, _,  _,  _,  _,  _,  /* 0x70 */
	_,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  /* 0x80 */
	_,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  /* 0x90 */
	_,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  /* 0xa0 */
	_,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  /* 0xb0 */
	_,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  /* 0xc0 */
	_,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  /* 0xd0 */
	_,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  /* 0xe0 */
	_,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  _,  /* 0xf0 */
};
#undef _

/* The last two or three characters. The bits that are left over must be 0. */
static ssize_t decode_rest(unsigned char *out, const unsigned char *in, size_t left)
{
	unsigned group;

	if (!left)
		return 0;
	if (left == 1)
		return -1;
	group = (unsigned)VALUES[in[0]] << 12 | (unsigned)VALUES[in[1]] << 6;
	if (left == 3)
		group |= VALUES[in[2]];
	if ((VALUES[in[0]] | VALUES[in[1]]) & BAD || (left == 3 && VALUES[in[2]] & BAD))
		return -1;
	if (group & (left == 2 ? 0x3ffu : 0x3u))
		return -1;
	out[0] = (unsigned char)(group >> 10);
	if (left == 3)
		out[1] = (unsigned char)(group >> 2);
	return (ssize_t)left - 1;
}

ssize_t wye_base64url_decode(unsigned char *out, struct wye_text text)
{
	const unsigned char *in = (const unsigned char *)text.data, *end = in + text.length;
	unsigned char *at = out;
	unsigned seen = 0;
	ssize_t rest;

	for (; end - in >= 4; in += 4, at += 3) {
		unsigned a = VALUES[in[0]], b = VALUES[in[1]], c = VALUES[in[2]],
			 d = VALUES[in[3]];

		seen |= a | b | c | d;
		at[0] = (unsigned char)(a << 2 | b >> 4);
		at[1] = (unsigned char)(b << 4 | c >> 2);
		at[2] = (unsigned char)(c << 6 | d);
	}
	rest = decode_rest(at, in, (size_t)(end - in));
	return seen & BAD || rest < 0 ? -1 : at - out + rest;
}

size_t wye_base64url_encode(char *out, const void *data, size_t length)
{
	const unsigned char *in = data;
	size_t characters = WYE_BASE64URL_LENGTH(length);

	for (size_t i = 0; i < characters; i++) {
		size_t bit = i * 6, byte = bit / 8;
		unsigned pair = (unsigned)in[byte] << 8 |
				(byte + 1 < length ? (unsigned)in[byte + 1] : 0);

		out[i] = ALPHABET[pair >> (10 - bit % 8) & 0x3f];
	}
	return characters;
}
