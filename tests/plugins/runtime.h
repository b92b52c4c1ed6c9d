/* SPDX-License-Identifier: MIT
 *
 * runtime.h - what the two parts of the plugin for tests share.
 */
#ifndef TESTS_RUNTIME_H
#define TESTS_RUNTIME_H

#include "orders.h"

struct runtime {
	struct peers peers;
	pthread_mutex_t lock;
	char closes[65536]; /* a line for each close() */
	size_t closes_length;
	atomic_int drains, rooms, room_status, rooms_elsewhere, visits, visits_elsewhere;
};

/* Carries an order out, on any thread; `ws` on a connection's loop only, else NULL. */
void obey(struct runtime *runtime, const struct order *order, struct wye_ws *ws,
	  struct answer *answer);

#endif
