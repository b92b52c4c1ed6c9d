/* SPDX-License-Identifier: MIT
 *
 * send.h - sending to an adopted socket from any thread, by its id: what every long connection
 * has in common.
 */
#ifndef WYE_CORE_STREAM_SEND_H
#define WYE_CORE_STREAM_SEND_H

#include "stream/name.h"
#include "stream/room.h"

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
 * 0; -ENOMEM; -ENOENT: it has caught up (run.h), and ended by that.
 */
int wye_socket_queue(struct wye_socket *socket, const void *head, size_t head_length,
		     const void *data, size_t length) WYE_MUST_CHECK;

/* The same bytes in front of all messages of which nothing is written yet. */
int wye_socket_overtake(struct wye_socket *socket, const void *head, size_t head_length,
			const void *data, size_t length) WYE_MUST_CHECK;

#endif
