/* SPDX-License-Identifier: MIT
 *
 * pending.h - a handshake that waits for its verdict on a stream loop, with its socket, which
 * is not upgraded yet: a taker of its own. It holds no thread and no HTTP connection. When it
 * is accepted its socket becomes a WebSocket connection's; when it is refused the answer is
 * written here, and the connection closes.
 */
#ifndef WYE_CORE_WEBSOCKET_PENDING_H
#define WYE_CORE_WEBSOCKET_PENDING_H

#include "stream/socket.h"
#include "websocket/handshake.h"

struct wye_pending {
	struct wye_socket socket;        /* first */
	struct wye_handshake *handshake; /* NULL once it is refused */
	union wye_address peer;          /* for the limits, which it leaves at its end */
};

/* Takes a handshake over: its mail's function, on the stream loop. */
void wye_pending_take_over(struct wye_mail *mail);

/* A step that was waited for has given its verdict. Stream loop. */
void wye_pending_go_on(struct wye_handshake *handshake, enum wye_verdict verdict);

/* The ticket that is out, if there is one, is refused from now on. */
void wye_pending_drop_ticket(struct wye_handshake *handshake);

/* The deadline of a handshake's context is over. */
void wye_pending_deadline_over(struct wye_context *context);

#endif
