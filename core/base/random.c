/* SPDX-License-Identifier: MIT
 *
 * random.c - see random.h: xorshift64* (Vigna).
 */
#include <sys/random.h>

#include "base/random.h"

static _Thread_local uint64_t state;

static void seed(void)
{
	if (getrandom(&state, sizeof state, GRND_NONBLOCK) != sizeof state || !state)
		state = (uint64_t)(uintptr_t)&state | 1;
}

uint64_t wye_random(uint64_t limit)
{
	if (!state)
		seed();
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return limit ? (state * UINT64_C(0x2545f4914f6cdd1d) >> 11) % limit : 0;
}
