/* SPDX-License-Identifier: MIT
 *
 * receive.h - what comes from a peer: bytes are decoded, messages shown to the handler, control
 * frames answered; and what is kept while reading is paused. On the connection's loop.
 */
#ifndef WYE_CORE_WEBSOCKET_RECEIVE_H
#define WYE_CORE_WEBSOCKET_RECEIVE_H

#include "websocket/connection.h"

/* Bytes that are kept for later; a message with its kind. Freed by free(). */
struct wye_ws_bytes {
	size_t length;
	uint8_t kind; /* enum wye_ws_kind */
	uint8_t data[];
};

/* A copy; NULL without memory. */
struct wye_ws_bytes *wye_ws_bytes_keep(const void *data, size_t length);

void wye_ws_received(struct wye_ws *ws, uint8_t *data, size_t length);
/* Reading goes on: what was kept first. */
void wye_ws_resumed(struct wye_ws *ws);

#endif
