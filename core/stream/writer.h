/* SPDX-License-Identifier: MIT
 *
 * writer.h - from a socket's outbox to the kernel, by our own send(2): everything that waits is
 * in the outbox, where bounds and policies reach it, and one call takes many chunks. When the
 * kernel takes no more, libwebsockets is asked for WRITEABLE. Under TLS what is encrypted and
 * not sent waits in the session, one record at most: the outbox waits behind it. Loop's thread;
 * for this room.
 */
#ifndef WYE_CORE_STREAM_WRITER_H
#define WYE_CORE_STREAM_WRITER_H

#include "stream/socket.h"

/* Writes what the kernel takes. Returns false when the socket is broken. */
bool wye_writer_write(struct wye_socket *socket);

/* The outbox has changed. What waits is counted for all of them together (pressure.h), only
 * where it does not leave at once. */
void wye_writer_account(struct wye_socket *socket);

#endif
