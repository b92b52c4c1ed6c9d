/* SPDX-License-Identifier: MIT
 *
 * hash.c - see hash.h.
 */
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/hash.h"

static uint64_t secret[2];
static bool drawn;

void wye_hash_start(void)
{
	if (drawn) /* tables are full of hashes made with it */
		return;
	drawn = true;
	if (getrandom(secret, sizeof secret, GRND_NONBLOCK) != sizeof secret)
		secret[0] = (uint64_t)time(NULL) ^ (uint64_t)(uintptr_t)&secret;
}

static inline uint64_t turn(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static inline void mix(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = turn(v[1], 13) ^ v[0];
	v[0] = turn(v[0], 32);
	v[2] += v[3];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = turn(v[1], 17) ^ v[2];
	v[2] = turn(v[2], 32);
}

static inline void take(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v);
	v[0] ^= word;
}

uint64_t wye_hash_keyed(const uint64_t key[2], struct wye_text text, uint8_t space)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
			  key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573 };
	uint64_t last = (uint64_t)(text.length & 0xff) << 56;
	const char *at = text.data;
	size_t left = text.length;

	for (; left >= 8; at += 8, left -= 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		take(v, word);
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)(uint8_t)at[i] << 8 * i;
	take(v, space);
	take(v, last);
	v[2] ^= 0xff;
	mix(v);
	mix(v);
	mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t wye_hash(struct wye_text text, uint8_t space)
{
	return wye_hash_keyed(secret, text, space);
}
