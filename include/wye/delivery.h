/* SPDX-License-Identifier: MIT
 *
 * wye/delivery.h - messages that are kept until the client's own code has confirmed them, and
 * sent again after a reconnect: the application's level of acknowledgement.
 *
 * A delivery belongs to a client, not to a connection: the plugin keeps it, by a session's name
 * say, attaches it to each connection in turn, and tells it what the client confirmed. Numbers
 * count from 1. How a number gets into a message, and how the client confirms it, is the
 * plugin's own protocol. All calls from any thread; a delivery has a lock of its own.
 */
#ifndef WYE_DELIVERY_H
#define WYE_DELIVERY_H

#include <wye/types.h>
#include <wye/websocket.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wye_delivery;

/* At most so many messages and bytes wait to be confirmed. Returns 0; -ENOMEM. */
WYE_API int wye_delivery_create(struct wye_delivery **out, size_t messages,
				size_t bytes) WYE_MUST_CHECK;
/* NULL is accepted. What is not confirmed is gone. */
WYE_API void wye_delivery_destroy(struct wye_delivery *delivery);

/* Sends a message, and keeps it. `write` (may be NULL: the data are sent as they are) is called
 * under the lock with the message's number and puts the bytes to be sent into `out`, which has
 * room for `length` + 32; it returns their length.
 *
 * With nothing attached, or no room in the outbox, it waits. Not for routes that drop messages,
 * nor for messages above a route's outbox_bytes: such a one stops all behind it.
 * Returns its number; -ENOBUFS: too many wait to be confirmed, nothing was kept, and its number,
 * if `write` was told one, goes to the next; -ENOMEM. */
WYE_API int64_t wye_delivery_send(struct wye_delivery *delivery, enum wye_ws_kind kind,
				  const void *data, size_t length,
				  size_t (*write)(void *out, const void *data, size_t length,
						  uint64_t number)) WYE_MUST_CHECK;

/* The client is on this connection from now on, and has confirmed up to `number`: what is above
 * is sent again, in order, before anything new. Returns 0; a negative errno: it is not attached:
 * -ENOENT or -ENOMEM, and on the connection's loop another one of wye_ws_send(). */
WYE_API int wye_delivery_attach(struct wye_delivery *delivery, wye_ws_id id,
				uint64_t number) WYE_MUST_CHECK;
/* Nothing is sent any more, unless another connection has been attached meanwhile. */
WYE_API void wye_delivery_detach(struct wye_delivery *delivery, wye_ws_id id);

/* The client has confirmed all up to `number`; numbers never sent count for nothing. */
WYE_API void wye_delivery_confirm(struct wye_delivery *delivery, uint64_t number);

/* How many wait to be confirmed. */
WYE_API size_t wye_delivery_waiting(struct wye_delivery *delivery);

#ifdef __cplusplus
}
#endif
#endif
