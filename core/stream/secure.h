/* SPDX-License-Identifier: MIT
 *
 * secure.h - what a socket with a TLS session does in place of recv(2) and send(2); for
 * socket.c. Loop's thread.
 */
#ifndef WYE_CORE_STREAM_SECURE_H
#define WYE_CORE_STREAM_SECURE_H

#include <sys/types.h>

#include "stream/socket.h"

/* What became of bytes from the peer. */
enum wye_secure_state {
	WYE_SECURE_OPEN,
	WYE_SECURE_ENDED, /* the peer sends no more, or the session is broken */
};

/* Decrypts; `out` is the thread's, up to the next call. */
enum wye_secure_state wye_secure_open(struct wye_socket *socket, const uint8_t *data,
				      size_t length, uint8_t **out, size_t *out_length);

/* As send(2): returns how many plain bytes are taken care of; all of them unless it fails.
 * `blocked` says afterwards that some wait in the session. At most WYE_SECURE_PIECE. */
ssize_t wye_secure_write(struct wye_socket *socket, const void *data, size_t length);
/* The same of what lies first in the outbox. */
ssize_t wye_secure_write_outbox(struct wye_socket *socket);

#define WYE_SECURE_PIECE 16384 /* bytes of one record */

/* Sends what waits in the session. False when the socket is broken. */
bool wye_secure_resend(struct wye_socket *socket);

/* Says goodbye, if the kernel takes it. */
void wye_secure_shut(struct wye_socket *socket);

/* Frees what the calling thread keeps for sessions. Before its loop ends. */
void wye_secure_thread_end(void);

#endif
