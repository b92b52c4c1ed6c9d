/* SPDX-License-Identifier: MIT
 *
 * wire.h - a client's socket on its way from a thread to another, with the TLS session on it,
 * which holds what is not sent yet and what was read too early. Of a plain socket that lies
 * beside it.
 */
#ifndef WYE_CORE_NET_WIRE_H
#define WYE_CORE_NET_WIRE_H

#include <stdlib.h>
#include <unistd.h>

#include "tls/session.h"

struct wye_socket;

/* Made by malloc(3). */
struct wye_early {
	struct wye_early *next;    /* in a loop's list, with */
	struct wye_socket *socket; /* that it is to receive */
	size_t length;
	uint8_t bytes[];
};

struct wye_wire {
	int descriptor;          /* -1: none */
	struct wye_tls *tls;     /* NULL: plain */
	struct wye_early *early; /* NULL: nothing */
};

static inline void wye_wire_close(struct wye_wire *wire)
{
	wye_tls_destroy(wire->tls);
	free(wire->early);
	if (wire->descriptor >= 0)
		close(wire->descriptor);
	*wire = (struct wye_wire) { .descriptor = -1 };
}

/* Leaves nothing behind. */
static inline struct wye_wire wye_wire_take(struct wye_wire *wire)
{
	struct wye_wire taken = *wire;

	*wire = (struct wye_wire) { .descriptor = -1 };
	return taken;
}

#endif
