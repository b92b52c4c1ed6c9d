/* SPDX-License-Identifier: MIT
 *
 * send.h - sending to an adopted socket from any thread, by its id. What every long connection
 * has in common: a bound on what waits, counted in the slot of its id, so that a send knows at
 * once whether there is room, and whether the connection is there at all.
 *
 * The 44 bits of state in the slot's word: messages (16) and payload bytes (28) in the outbox.
 */
#ifndef WYE_CORE_STREAM_SEND_H
#define WYE_CORE_STREAM_SEND_H

#include "stream/socket.h"

/* Payload of one message, and of all that waits, is below this. */
#define WYE_SEND_MAX ((UINT64_C(1) << 28) - 1)

/* What an id names, so that one taker's is refused by another's functions. */
enum wye_socket_kind {
	WYE_SOCKET_WEBSOCKET = 1,
	WYE_SOCKET_STREAM,
	WYE_SOCKET_HANDSHAKE, /* a ticket of one: nothing is sent to it */
};

void wye_slot_mark(struct wye_slot *slot, enum wye_socket_kind kind);
bool wye_slot_is(const struct wye_slot *slot, enum wye_socket_kind kind);

/* Gives a socket its id and bounds, before or after it is adopted; `socket->loop` is set.
 * Loop's thread. Returns 0; -ENFILE; -ENOMEM. */
int wye_socket_name(struct wye_socket *socket, enum wye_socket_kind kind, size_t bytes,
		    unsigned messages) WYE_MUST_CHECK;
/* From now on the id is refused. Loop's thread; may be called twice. */
void wye_socket_unname(struct wye_socket *socket);

/* The socket that an id names, or NULL. On its loop's thread. */
struct wye_socket *wye_socket_find(uint64_t id, enum wye_socket_kind kind);

/* Sends a message: a head, which is not counted as payload, and data; both are copied.
 *
 * Any thread. Returns 0; -ENOENT; -ENOBUFS: there is no room; -EMSGSIZE above the bound;
 * -ENOMEM.
 */
int wye_socket_send(uint64_t id, enum wye_socket_kind kind, const void *head,
		    size_t head_length, const void *data, size_t length) WYE_MUST_CHECK;

/* Queues bytes that are no message: they are not bounded. Loop's thread. Returns 0 or -ENOMEM.
 */
int wye_socket_queue(struct wye_socket *socket, const void *head, size_t head_length,
		     const void *data, size_t length) WYE_MUST_CHECK;

/* Payload and messages that wait, and what would still find room. Loop's thread. */
size_t wye_socket_waiting(const struct wye_socket *socket);
size_t wye_socket_room(const struct wye_socket *socket);

/* What has left the outbox gives its room back. Loop's thread; called by socket.c. */
void wye_socket_unreserve(struct wye_socket *socket, unsigned messages, size_t payload);

/* An order to a socket, for its loop: `run` is called with it if it is still there, on its
 * loop's thread: at once, if that is the caller's. Any thread. Returns 0; -ENOENT; -ENOMEM. */
struct wye_order {
	unsigned code, cause;
	char reason[124];
};
int wye_socket_order(uint64_t id, enum wye_socket_kind kind, const struct wye_order *order,
		     void (*run)(struct wye_socket *socket,
				 const struct wye_order *order)) WYE_MUST_CHECK;

#endif
