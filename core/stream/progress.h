/* SPDX-License-Identifier: MIT
 *
 * progress.h - whether a peer takes what is written to it: the kernel says how much of it still
 * waits. While something does, a timer looks several times per write_timeout; a peer that has
 * taken nothing for that long is dropped, even if it still sends. The same timer keeps the
 * socket's deadline. Loop's thread; for this room.
 */
#ifndef WYE_CORE_STREAM_PROGRESS_H
#define WYE_CORE_STREAM_PROGRESS_H

#include "stream/socket.h"

/* Nothing is watched. Before the socket's first timer, and once it has moved. */
void wye_progress_init(struct wye_socket *socket);

/* What was written before it was adopted counts: that in the kernel, and `waiting` in its
 * session. */
void wye_progress_begin(struct wye_socket *socket, size_t waiting);

void wye_progress_start(struct wye_socket *socket);

/* Something is about to be written. */
static inline void wye_progress_watch(struct wye_socket *socket)
{
	if (!socket->ticking && socket->write_timeout)
		wye_progress_start(socket);
}

#endif
