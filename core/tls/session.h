/* SPDX-License-Identifier: MIT
 *
 * session.h - the server's side of one TLS connection. It reads from bytes that were just
 * received and writes into the calling thread's output, so it holds no buffer when nothing is
 * under way, and it can move from thread to thread with its socket. One thread at a time.
 *
 * The turn of a reader:
 *     wye_tls_feed(bytes); while ((got = wye_tls_read(tls, ...)) > 0) ...; wye_tls_send(tls,
 * fd) and of a writer: wye_tls_write(tls, ...); wye_tls_send(tls, fd). What one of these calls
 * leaves in the thread's output must be sent before another session has its turn.
 */
#ifndef WYE_CORE_TLS_SESSION_H
#define WYE_CORE_TLS_SESSION_H

#include <sys/types.h>

#include "tls/context.h"
#include "tls/metrics.h"
#include "tls/peer.h"

struct wye_tls;

/* A session that waits for a client's handshake, which reading carries out. Counted as open. */
int wye_tls_create(struct wye_tls **out, struct wye_tls_context *context) WYE_MUST_CHECK;
/* NULL is right. Nothing is said to the client. */
void wye_tls_destroy(struct wye_tls *tls);

/* The calling thread will have sessions: before its first. */
void wye_tls_thread_begin(void);
/* Frees the calling thread's output, and the blocks that it keeps; its last call here. */
void wye_tls_thread_end(void);

/* Bytes from the client, borrowed until a read says that they are used up, or until the turn
 * ends by wye_tls_send(). */
void wye_tls_feed(const void *data, size_t length);

/* Returns plain bytes; 0: all that was fed is used up; -EPIPE: the client said that it sends no
 * more (close_notify); -EPROTO: the session is broken, an alert may stand in the output. */
ssize_t wye_tls_read(struct wye_tls *tls, void *out, size_t size) WYE_MUST_CHECK;

/* Plain bytes that were read and are to be read once more, before all others. -ENOMEM. */
int wye_tls_put_back(struct wye_tls *tls, const void *data, size_t length) WYE_MUST_CHECK;
/* There is something to read without any more bytes from the client: they, or that it ended. */
bool wye_tls_has_news(const struct wye_tls *tls);

/* Encrypts all of it into the output; once it is ready. 0, or -EPROTO with an empty output. */
int wye_tls_write(struct wye_tls *tls, const void *data, size_t length) WYE_MUST_CHECK;

/* Tells the client that nothing more comes: close_notify into the output. */
void wye_tls_shut(struct wye_tls *tls);

/* Sends the output, behind what an earlier call has left; what the socket does not take is kept
 * in the session. `sent` is raised by what it took. Returns 0; -EAGAIN: some waits; another
 * negative errno: the socket is broken. */
int wye_tls_send(struct wye_tls *tls, int descriptor, uint64_t *sent) WYE_MUST_CHECK;

/* How many bytes wait for the socket. */
size_t wye_tls_waiting(const struct wye_tls *tls);

/* The handshake is over; and why it failed, after -EPROTO. */
bool wye_tls_is_ready(const struct wye_tls *tls);
enum wye_tls_failure wye_tls_failure(const struct wye_tls *tls);
/* What was wrong with the client's certificate, after WYE_TLS_FAILED_VERIFY. */
const char *wye_tls_complaint(const struct wye_tls *tls);

/* Who is at the other end; NULL before the handshake is over. The session's: who outlives it
 * holds it. */
const struct wye_tls_peer *wye_tls_peer(const struct wye_tls *tls);

#endif
