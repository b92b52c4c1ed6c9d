/* SPDX-License-Identifier: MIT
 *
 * writer.c - see writer.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "stream/pressure.h"
#include "stream/progress.h"
#include "stream/room.h"
#include "stream/run.h"
#include "stream/secure.h"
#include "stream/writer.h"

enum {
	FLUSH_LIMIT = 65536, /* bytes per sendmsg(2) */
	VECTORS = 64,
	JOINED = 2048, /* bytes in several vectors that are copied together */
};

void wye_writer_account(struct wye_socket *socket)
{
	if (socket->outbox.bytes == socket->accounted)
		return;
	wye_pressure_change(socket->accounted, socket->outbox.bytes);
	socket->accounted = (unsigned)socket->outbox.bytes;
}

static ssize_t write_plain(int descriptor, const void *data, size_t length)
{
	return send(descriptor, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* send(2) is clearly cheaper than sendmsg(2), also with a copy of what is short. */
static ssize_t write_many(int descriptor, struct iovec *vectors, int count, size_t length)
{
	const struct msghdr message = { .msg_iov = vectors, .msg_iovlen = (size_t)count };
	uint8_t joined[JOINED];
	size_t at = 0;

	if (length > JOINED)
		return sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	for (int i = 0; i < count; at += vectors[i++].iov_len)
		memcpy(joined + at, vectors[i].iov_base, vectors[i].iov_len);
	return write_plain(descriptor, joined, at);
}

static __attribute__((noinline)) ssize_t write_outbox(int descriptor,
						      const struct wye_outbox *outbox)
{
	struct iovec vectors[VECTORS];
	int count = wye_outbox_peek(outbox, vectors, VECTORS, FLUSH_LIMIT);

	return write_many(descriptor, vectors, count, outbox->bytes);
}

/* What there is mostly is one chunk. */
static ssize_t write_head(struct wye_socket *socket)
{
	const struct wye_chunk *head = socket->outbox.head;
	size_t length = head->end - head->start;

	if (socket->tls)
		return wye_secure_write_outbox(socket);
	if (head->next)
		return write_outbox(socket->descriptor, &socket->outbox);
	return write_plain(socket->descriptor, head->bytes + head->start,
			   length < FLUSH_LIMIT ? length : FLUSH_LIMIT);
}

/* Nothing was written. Returns false when the socket is broken. */
static bool note_failure(struct wye_socket *socket)
{
	socket->blocked = errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
	if (socket->blocked)
		lws_callback_on_writable(socket->wsi);
	return socket->blocked;
}

/* Returns false when the socket is broken. */
static bool write_some(struct wye_socket *socket, bool *again)
{
	struct wye_outbox_left left = { 0 };
	ssize_t sent = write_head(socket);

	*again = false;
	if (sent < 0)
		return note_failure(socket);
	socket->written += (uint64_t)sent;
	wye_outbox_take(&socket->outbox, &socket->loop->chunks, (size_t)sent, &left);
	if (left.messages) {
		wye_socket_unreserve(socket, left.messages, left.payload);
		socket->ops->written(socket, left.messages, left.payload);
	}
	*again = socket->outbox.bytes && !socket->blocked;
	return true;
}

bool wye_writer_write(struct wye_socket *socket)
{
	bool again = socket->outbox.bytes && !socket->blocked;

	if (!again) {
		wye_writer_account(socket); /* what a blocked one holds back grows */
		return true;
	}
	if (wye_socket_half_full(socket))
		socket->crowded = true;
	wye_progress_watch(socket);
	while (again)
		if (!write_some(socket, &again))
			return false;
	wye_writer_account(socket);
	return true;
}

/* ---- past the outbox ---- */

static bool is_clear(const struct wye_socket *socket)
{
	return !socket->outbox.bytes && !socket->blocked && !socket->closing &&
	       !socket->killed && !socket->broken && socket->slot;
}

size_t wye_socket_write_past(struct wye_socket *socket, const uint8_t *data, size_t length)
{
	ssize_t sent;

	if (!is_clear(socket))
		return 0;
	wye_progress_watch(socket);
	sent = socket->tls ? wye_secure_write(socket, data, length)
			   : write_plain(socket->descriptor, data, length);
	if (sent < 0) {
		socket->broken = !note_failure(socket);
		wye_socket_touch(socket);
		return 0;
	}
	socket->written += (uint64_t)sent;
	return (size_t)sent;
}

void wye_socket_put_rest(struct wye_socket *socket, const uint8_t *data, size_t length)
{
	struct wye_chunk *chunk = wye_chunk_alone(length);

	wye_socket_touch(socket);
	socket->broken |= !chunk;
	if (!chunk)
		return;
	memcpy(chunk->data, data, length);
	chunk->end = (uint32_t)length;
	chunk->first = true;
	wye_outbox_append(&socket->outbox, chunk);
}
