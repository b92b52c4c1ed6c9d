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

#include "route/route.h"
#include "stream/socket.h"

/* Payload of one message, and of all that waits, is below this. */
#define WYE_SEND_MAX ((UINT64_C(1) << 28) - 1)

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

/* A message: a head, which is not counted as payload, and data. */
struct wye_parcel {
	const void *head; /* at least WYE_OUTBOX_SLACK bytes can be read, if there is one */
	size_t head_length;
	const void *data;
	size_t length;
	const uint64_t *key; /* for WYE_SLOW_KEEP_LATEST; NULL: none */
};

/* Sends a message; it is copied.
 *
 * Any thread. Returns 0; 1: others give way to it; -ENOENT; -ENOBUFS or -EAGAIN: there is no
 * room; -EMSGSIZE above the bound; -ENOMEM.
 */
int wye_socket_send(uint64_t id, enum wye_socket_kind kind,
		    const struct wye_parcel *parcel) WYE_MUST_CHECK;

/* The same on the socket's loop, of one that has its name still. */
int wye_socket_send_here(struct wye_socket *socket,
			 const struct wye_parcel *parcel) WYE_MUST_CHECK;

/* The same of a frame, which the outbox holds then; on the socket's loop. */
int wye_socket_share(struct wye_socket *socket, struct wye_frame *frame,
		     const uint64_t *key) WYE_MUST_CHECK;

/* Queues bytes that are no message, as a parcel's: they are not bounded. Loop's thread. Returns
 * 0 or -ENOMEM.
 */
int wye_socket_queue(struct wye_socket *socket, const void *head, size_t head_length,
		     const void *data, size_t length) WYE_MUST_CHECK;

/* The same bytes in front of all messages of which nothing is written yet. */
int wye_socket_overtake(struct wye_socket *socket, const void *head, size_t head_length,
			const void *data, size_t length) WYE_MUST_CHECK;

/* Payload that would still find room. Loop's thread. */
size_t wye_socket_room(const struct wye_socket *socket);

/* The taker could not send, and is to be told by ops->relieved when there is room again. */
void wye_socket_crowd(struct wye_socket *socket);

/* Whether more than half of a bound waits; and whether so little does that who was refused may
 * try again. Both count what is on its way to the outbox. Loop's thread; the second only with a
 * name. */
bool wye_socket_half_full(const struct wye_socket *socket);
bool wye_socket_is_relieved(const struct wye_socket *socket);

/* What has left the outbox gives its room back. Loop's thread; called by socket.c. */
void wye_socket_unreserve(struct wye_socket *socket, unsigned messages, size_t payload);

/* Somebody waits for room: called once on the socket's loop, when the outbox has emptied to a
 * quarter (0) or the socket is refused (-ENOENT). */
struct wye_room_wait {
	struct wye_room_wait *next;
	void (*run)(struct wye_room_wait *wait, int status);
};
/* Loop's thread. */
void wye_socket_wait(struct wye_socket *socket, struct wye_room_wait *wait);
/* Tells those that wait, and the taker: for socket.c. */
void wye_socket_relieve(struct wye_socket *socket);

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
