/* SPDX-License-Identifier: MIT
 *
 * farewell.h - last words on a socket: what is to be said is written, the sending side is shut
 * down, and what the client still sends is read and dropped for a moment, as unread bytes would
 * turn the close into a reset that overtakes the answer (RFC 9112, 9.6). On either kind of
 * loop; each one belongs to the loop that began it.
 */
#ifndef WYE_CORE_NET_FAREWELL_H
#define WYE_CORE_NET_FAREWELL_H

#include <wye/loop.h>

#include "net/limits.h"

/* Takes the descriptor over, which leaves the limits when it is closed. `bytes` are copied. */
void wye_farewell(struct wye_loop *loop, int descriptor, const void *bytes, size_t length,
		  struct wye_limits *limits, const union wye_address *peer);

/* Closes what is left on the calling thread. Before its loop ends. */
void wye_farewells_end(void);

#endif
