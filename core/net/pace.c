/* SPDX-License-Identifier: MIT
 *
 * pace.c - see pace.h.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "net/pace.h"

struct wye_pace {
	uint64_t interval;     /* nanoseconds until a token has come back */
	uint64_t slack;        /* that tokens may be taken ahead of their time */
	_Atomic uint64_t full; /* nanoseconds: when all tokens are back */
};

int wye_pace_create(struct wye_pace **out, unsigned rate, unsigned burst)
{
	struct wye_pace *pace = calloc(1, sizeof *pace);

	if (!pace)
		return -ENOMEM;
	pace->interval = 1000000000u / rate;
	pace->slack = (burst - 1) * pace->interval;
	*out = pace;
	return 0;
}

void wye_pace_destroy(struct wye_pace *pace)
{
	free(pace);
}

bool wye_pace_take(struct wye_pace *pace, uint64_t now)
{
	uint64_t full = atomic_load_explicit(&pace->full, memory_order_relaxed), from;

	now *= 1000000;
	do {
		from = full > now ? full : now;
		if (from - now > pace->slack)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&pace->full, &full, from + pace->interval, memory_order_relaxed,
		memory_order_relaxed));
	return true;
}
