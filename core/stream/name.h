/* SPDX-License-Identifier: MIT
 *
 * name.h - ids of adopted sockets: what a socket is called by on all threads, and where it is.
 * What is told of it lies in the slot of its id, with its bounds (room.h).
 */
#ifndef WYE_CORE_STREAM_NAME_H
#define WYE_CORE_STREAM_NAME_H

#include "route/route.h"
#include "stream/socket.h"

/* What an id names, so that one taker's is refused by another's functions. */
enum wye_socket_kind {
	WYE_SOCKET_WEBSOCKET = 1,
	WYE_SOCKET_STREAM,
	WYE_SOCKET_HANDSHAKE, /* a ticket of one: nothing is sent to it */
};

struct wye_send_bounds {
	size_t bytes; /* of payload that wait; with the last two at most WYE_SEND_MAX / 2 */
	unsigned messages;             /* that wait; with the last two at most 32,767 */
	enum wye_slow_consumer policy; /* when it is full */
	uint8_t flags;                 /* the taker's own, told to any thread */
	const void *tag;               /* likewise; lives as long as the program serves */
};

void wye_slot_mark(struct wye_slot *slot, enum wye_socket_kind kind);
bool wye_slot_is(const struct wye_slot *slot, enum wye_socket_kind kind);
/* The slot of an id and the loop that owns it; NULL: there is none. Any thread. */
struct wye_slot *wye_slot_find(uint64_t id, enum wye_socket_kind kind,
			       struct wye_stream_loop **loop);

/* Gives a socket its id and bounds, before or after it is adopted; `socket->loop` is set.
 * Loop's thread. Returns 0; -ENFILE; -ENOMEM. */
int wye_socket_name(struct wye_socket *socket, enum wye_socket_kind kind,
		    const struct wye_send_bounds *bounds) WYE_MUST_CHECK;
/* From now on the id is refused. Loop's thread; may be called twice. */
void wye_socket_unname(struct wye_socket *socket);

/* Where the socket is that an id names, and what its taker says of it. */
struct wye_socket_place {
	struct wye_stream_loop *loop; /* NULL: there is none */
	const void *tag;
	uint8_t flags;
};
/* Any thread. */
struct wye_socket_place wye_socket_place(uint64_t id, enum wye_socket_kind kind);
/* The socket that an id names, or NULL. On its loop's thread. */
struct wye_socket *wye_socket_find(uint64_t id, enum wye_socket_kind kind);

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
