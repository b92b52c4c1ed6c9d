/* SPDX-License-Identifier: MIT
 *
 * secure.c - see secure.h.
 */
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "stream/secure.h"

enum {
	VECTORS = 64,
	UNSENT_MAX = 1 << 20, /* bytes that a peer may make a session answer without taking
				 them: key updates */
};

static _Thread_local struct wye_buffer opened;

void wye_secure_thread_end(void)
{
	wye_buffer_fini(&opened);
	wye_tls_thread_end();
}

/* False when the socket is broken. */
static bool send_output(struct wye_socket *socket)
{
	uint64_t sent = 0;
	int error = wye_tls_send(socket->tls, socket->descriptor, &sent);

	socket->blocked = error == -EAGAIN;
	if (socket->blocked)
		lws_callback_on_writable(socket->wsi);
	return !error || socket->blocked;
}

bool wye_secure_resend(struct wye_socket *socket)
{
	return !wye_tls_waiting(socket->tls) || send_output(socket);
}

/* All that was received becomes one piece, whatever records it came in. */
static ssize_t decrypt(struct wye_tls *tls)
{
	ssize_t got;

	opened.length = 0;
	do {
		if (wye_buffer_reserve(&opened, WYE_SECURE_PIECE))
			return -ENOMEM;
		got = wye_tls_read(tls, opened.data + opened.length, WYE_SECURE_PIECE);
		if (got > 0)
			opened.length += (size_t)got;
	} while (got > 0);
	return got;
}

enum wye_secure_state wye_secure_open(struct wye_socket *socket, const uint8_t *data,
				      size_t length, uint8_t **out, size_t *out_length)
{
	ssize_t end;

	wye_tls_feed(data, length);
	end = decrypt(socket->tls);
	*out = (uint8_t *)opened.data;
	*out_length = opened.length;
	if (!send_output(socket) || wye_tls_waiting(socket->tls) > UNSENT_MAX)
		return WYE_SECURE_ENDED;
	return end < 0 ? WYE_SECURE_ENDED : WYE_SECURE_OPEN;
}

ssize_t wye_secure_write(struct wye_socket *socket, const void *data, size_t length)
{
	if (length > WYE_SECURE_PIECE)
		length = WYE_SECURE_PIECE;
	if (!wye_tls_write(socket->tls, data, length) && send_output(socket))
		return (ssize_t)length;
	errno = EPIPE;
	return -1;
}

static ssize_t write_joined(struct wye_socket *socket)
{
	struct iovec vectors[VECTORS];
	uint8_t joined[WYE_SECURE_PIECE];
	int count = wye_outbox_peek(&socket->outbox, vectors, VECTORS, sizeof joined);
	size_t length = 0;

	for (int i = 0; i < count; length += vectors[i++].iov_len)
		memcpy(joined + length, vectors[i].iov_base, vectors[i].iov_len);
	return wye_secure_write(socket, joined, length);
}

ssize_t wye_secure_write_outbox(struct wye_socket *socket)
{
	const struct wye_chunk *head = socket->outbox.head;
	size_t length = head->end - head->start;

	if (head->next && length < WYE_SECURE_PIECE)
		return write_joined(socket);
	return wye_secure_write(socket, head->bytes + head->start, length);
}

void wye_secure_shut(struct wye_socket *socket)
{
	uint64_t sent = 0;

	wye_tls_shut(socket->tls);
	(void)!wye_tls_send(socket->tls, socket->descriptor, &sent);
}
