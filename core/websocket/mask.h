/* SPDX-License-Identifier: MIT
 *
 * mask.h - unmasks payload (RFC 6455, 5.3). Inline, as this is most of what a message costs. A
 * mask is held in the order of its bytes on the wire, whatever the machine's. Pure; any thread.
 */
#ifndef WYE_CORE_WEBSOCKET_MASK_H
#define WYE_CORE_WEBSOCKET_MASK_H

#include <string.h>

#include <wye/types.h>

/* 16 bytes at any address: one register where the machine has such. */
typedef uint64_t wye_pair __attribute__((vector_size(16), aligned(1), may_alias));

static inline void wye_unmask_word(uint8_t *data, uint64_t mask, uint64_t *seen)
{
	uint64_t word;

	memcpy(&word, data, sizeof word);
	word ^= mask;
	memcpy(data, &word, sizeof word);
	*seen |= word;
}

/* Unmasks in place, and finds in the same pass whether all is ASCII. Returns true if so. */
static inline bool wye_unmask(uint8_t *data, size_t length, uint32_t mask)
{
	uint64_t twice = mask | (uint64_t)mask << 32, seen;
	wye_pair wide = { twice, twice }, all = { 0, 0 };
	uint8_t bytes[4], *end = data + length;

	for (; end - data >= 32; data += 32) {
		wye_pair *block = (wye_pair *)data;

		block[0] ^= wide;
		block[1] ^= wide;
		all |= block[0] | block[1];
	}
	seen = all[0] | all[1];
	for (; end - data >= 8; data += 8)
		wye_unmask_word(data, twice, &seen);
	memcpy(bytes, &mask, sizeof bytes);
	for (size_t i = 0; data < end; data++, i++) {
		*data ^= bytes[i & 3];
		seen |= *data;
	}
	return !(seen & UINT64_C(0x8080808080808080));
}

/* The mask as it stands `by` bytes later. */
static inline uint32_t wye_mask_turn(uint32_t mask, size_t by)
{
	uint8_t bytes[8];

	memcpy(bytes, &mask, 4);
	memcpy(bytes + 4, &mask, 4);
	memcpy(&mask, bytes + (by & 3), 4);
	return mask;
}

#endif
