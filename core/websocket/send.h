/* SPDX-License-Identifier: MIT
 *
 * send.h - what goes to a connection's outbox. The public functions stand in <wye/websocket.h>.
 */
#ifndef WYE_CORE_WEBSOCKET_SEND_H
#define WYE_CORE_WEBSOCKET_SEND_H

#include "websocket/connection.h"

/* Writes the 101 (RFC 6455, 4.2.2), as the first bytes. Returns 0 or a negative errno. */
int wye_ws_queue_101(struct wye_ws *ws, const struct wye_handshake *handshake) WYE_MUST_CHECK;

/* Queues a control frame. Pongs are dropped while the outbox is over its bound. */
int wye_ws_queue_control(struct wye_ws *ws, enum wye_ws_opcode opcode, const void *data,
			 size_t length);

/* Messages have left the outbox: the totals are kept, and the handler may hear of it. */
void wye_ws_release(struct wye_ws *ws, unsigned messages, size_t payload);

#endif
