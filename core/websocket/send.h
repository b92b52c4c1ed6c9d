/* SPDX-License-Identifier: MIT
 *
 * send.h - what goes to a connection's outbox. The public functions stand in <wye/websocket.h>.
 * On the connection's loop, unless said otherwise.
 */
#ifndef WYE_CORE_WEBSOCKET_SEND_H
#define WYE_CORE_WEBSOCKET_SEND_H

#include "websocket/connection.h"

/* Writes the 101 (RFC 6455, 4.2.2), as the first bytes. Returns 0 or a negative errno. */
int wye_ws_queue_101(struct wye_ws *ws, const struct wye_handshake *handshake) WYE_MUST_CHECK;

/* Queues a control frame at the end, or in front of all messages of which nothing is written.
 */
int wye_ws_queue_control(struct wye_ws *ws, enum wye_ws_opcode opcode, const void *data,
			 size_t length);
int wye_ws_overtake(struct wye_ws *ws, enum wye_ws_opcode opcode, const void *data,
		    size_t length) WYE_MUST_CHECK;
/* Answers a ping. While the socket takes nothing, the last of several is answered only (5.5.3),
 * in front of what waits: by the second function, as soon as it takes something. */
void wye_ws_pong(struct wye_ws *ws, const void *data, size_t length);
void wye_ws_pong_owed(struct wye_ws *ws);

struct wye_ws_shared;

/* Gives it a message for many; what finds no room goes by the route's slow_consumer, and is
 * counted. Nothing of a plugin is called. Returns a send's verdict; -ENOBUFS: it has ended. */
int wye_ws_share(struct wye_ws *ws, const struct wye_ws_shared *shared, const uint64_t *key);

#endif
