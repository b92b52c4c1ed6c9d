/* SPDX-License-Identifier: MIT
 *
 * preface.h - reads the PROXY header of a new connection (proxy.h), and nothing behind it,
 * before anybody else gets the socket. Without waiting; on the http thread that will serve the
 * connection, which owns it.
 */
#ifndef WYE_CORE_NET_PREFACE_H
#define WYE_CORE_NET_PREFACE_H

#include <wye/loop.h>

#include "net/listener.h"

/* Where a connection goes afterwards. */
struct wye_preface_taker {
	/* `peer` is the client, if the header told one; it has entered the limits. `read` bytes
	 * were the header. */
	void (*ready)(void *owner, int descriptor, const union wye_address *peer,
		      const struct wye_listener *listener, size_t read);
	/* It is closed and has left the limits: no header in time, or a broken one, or its
	 * client has too many. */
	void (*failed)(void *owner);
	void *owner;
};

/* Once, before threads run. */
void wye_prefaces_register_metrics(void);

/* Takes over a descriptor that has entered the limits with `peer`. The taker, copied, is called
 * once: in this call, if the header is there. */
void wye_preface_begin(struct wye_loop *loop, struct wye_limits *limits, int descriptor,
		       const union wye_address *peer, const struct wye_listener *listener,
		       const struct wye_preface_taker *taker);

/* Closes those of the calling thread whose header has not come. */
void wye_prefaces_end(void);

#endif
