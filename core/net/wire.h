/* SPDX-License-Identifier: MIT
 *
 * wire.h - a client's socket on its way from a thread to another, with the TLS session on it,
 * which holds what is not sent yet and what was read too early.
 */
#ifndef WYE_CORE_NET_WIRE_H
#define WYE_CORE_NET_WIRE_H

#include <unistd.h>

#include "tls/session.h"

struct wye_wire {
	int descriptor;      /* -1: none */
	struct wye_tls *tls; /* NULL: plain */
};

static inline void wye_wire_close(struct wye_wire *wire)
{
	wye_tls_destroy(wire->tls);
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
