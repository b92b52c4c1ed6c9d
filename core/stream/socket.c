/* SPDX-License-Identifier: MIT
 *
 * socket.c - see socket.h.
 *
 * libwebsockets polls and reads; writing is ours (writer.c). Here is a socket's life: adopted,
 * reading, flushed at a turn's end, ended.
 */
#include <errno.h>

#include "stream/early.h"
#include "stream/progress.h"
#include "stream/room.h"
#include "stream/run.h"
#include "stream/secure.h"
#include "stream/writer.h"

_Thread_local struct wye_socket *wye_socket_speaking;

enum {
	FLUSH_EARLY = 2048, /* an outbox of this size does not wait for the turn's end */
};

void wye_socket_touch(struct wye_socket *socket)
{
	if (socket->dirty)
		return;
	socket->dirty = true;
	socket->next_dirty = socket->loop->dirty;
	socket->loop->dirty = socket;
}

static void clear(struct wye_socket *socket)
{
	wye_outbox_clear(&socket->outbox, &socket->loop->chunks);
	wye_writer_account(socket);
}

/* Whatever ends it: unless something is left unsaid (RFC 8446, 6.1). */
static void say_goodbye(struct wye_socket *socket)
{
	if (socket->tls && !socket->broken && !socket->outbox.bytes &&
	    !wye_tls_waiting(socket->tls))
		wye_secure_shut(socket);
}

void wye_socket_kill(struct wye_socket *socket, enum wye_socket_end how)
{
	if (socket->killed)
		return;
	say_goodbye(socket);
	socket->killed = true;
	socket->end = (uint8_t)how;
	clear(socket);
	/* Within a callback of the engine -1 is returned instead. Its asynchronous way would
	 * wait for the engine's next event, which may never come. */
	if (!socket->receiving)
		lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

/* ---- flushing ---- */

/* What the outbox gave is out of the session too; then the peer is told that it was all. */
static bool is_all_sent(struct wye_socket *socket)
{
	if (!socket->tls)
		return true;
	if (wye_tls_waiting(socket->tls))
		return socket->dropped;
	wye_secure_shut(socket);
	return true;
}

static void flush(struct wye_socket *socket)
{
	if (socket->killed)
		return;
	if (socket->hooked)
		socket->ops->flushing(socket);
	if (socket->broken || !wye_writer_write(socket)) {
		wye_socket_kill(socket, WYE_SOCKET_PEER);
		return;
	}
	if (socket->closing && !socket->outbox.bytes && is_all_sent(socket)) {
		wye_socket_kill(socket, WYE_SOCKET_CLOSED);
		return;
	}
	if (socket->crowded && (!socket->slot || wye_socket_is_relieved(socket))) {
		socket->served = socket->loop->flushes;
		wye_socket_relieve(socket);
	}
}

void wye_socket_write(struct wye_socket *socket)
{
	if (!socket->killed && !socket->broken)
		socket->broken = !wye_writer_write(socket);
	wye_socket_touch(socket);
}

void wye_socket_close(struct wye_socket *socket)
{
	socket->closing = true;
	wye_socket_touch(socket);
}

void wye_socket_drop(struct wye_socket *socket)
{
	clear(socket);
	socket->dropped = true;
	wye_socket_close(socket);
}

/* ---- reading ---- */

void wye_socket_pause(struct wye_socket *socket)
{
	socket->resuming = false;
	if (socket->paused)
		return;
	socket->paused = true;
	lws_rx_flow_control(socket->wsi, 0);
}

void wye_socket_resume(struct wye_socket *socket)
{
	if (!socket->paused || socket->resuming)
		return;
	socket->resuming = true;
	wye_socket_touch(socket);
}

static void go_on(struct wye_socket *socket)
{
	socket->resuming = false;
	socket->paused = false;
	socket->ops->resumed(socket);
	if (!socket->paused && !socket->killed)
		lws_rx_flow_control(socket->wsi, 1);
}

static void pass_on(struct wye_socket *socket, uint8_t *data, size_t length)
{
	wye_socket_speaking = socket;
	socket->ops->received(socket, data, length);
	wye_socket_speaking = NULL;
	if (socket->outbox.bytes >= FLUSH_EARLY || socket->closing)
		flush(socket);
}

/* RFC 8446, 6.1: a client that only sends no more learns that this was all. */
static void part(struct wye_socket *socket)
{
	if (socket->killed)
		return;
	if (!wye_writer_write(socket))
		socket->broken = true;
	wye_socket_kill(socket, WYE_SOCKET_PEER);
}

static void pass_on_opened(struct wye_socket *socket, const uint8_t *data, size_t length)
{
	enum wye_secure_state state;
	uint8_t *plain;

	state = wye_secure_open(socket, data, length, &plain, &length);
	if (length)
		pass_on(socket, plain, length);
	if (state == WYE_SECURE_ENDED)
		part(socket);
}

static int receive(struct wye_socket *socket, uint8_t *data, size_t length)
{
	if (socket->killed)
		return -1;
	if (socket->closing)
		return 0;
	socket->receiving = true;
	if (socket->tls)
		pass_on_opened(socket, data, length);
	else
		pass_on(socket, data, length);
	socket->receiving = false;
	return socket->killed ? -1 : 0;
}

static int writeable(struct wye_socket *socket)
{
	if (socket->killed)
		return -1;
	socket->blocked = false;
	socket->receiving = true;
	if (socket->tls && !wye_secure_resend(socket))
		socket->broken = true;
	flush(socket);
	socket->receiving = false;
	return socket->killed ? -1 : 0;
}

/* ---- life ---- */

static void end(struct wye_socket *socket)
{
	struct wye_stream_loop *loop = socket->loop;

	if (!socket->killed)
		say_goodbye(socket);
	if (!socket->killed)
		socket->end = loop->stopping ? WYE_SOCKET_STOPPED : WYE_SOCKET_PEER;
	socket->killed = true;
	clear(socket);
	wye_timer_stop(&loop->loop, &socket->timer);
	*socket->link = socket->next;
	if (socket->next)
		socket->next->link = socket->link;
	socket->next = loop->dead;
	loop->dead = socket;
	socket->ops->ended(socket, (enum wye_socket_end)socket->end);
	wye_tls_destroy(socket->tls);
	socket->tls = NULL;
	free(wye_early_take(socket));
	if (socket->waits)
		wye_socket_relieve(socket);
	atomic_fetch_sub_explicit(&loop->open, 1, memory_order_relaxed);
}

int wye_socket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
			size_t length)
{
	struct wye_socket *socket = wsi ? lws_get_opaque_user_data(wsi) : NULL;

	(void)user;
	if (!socket)
		return 0;
	wye_loop_wake_up(&socket->loop->loop);
	switch (reason) {
	case LWS_CALLBACK_RAW_RX:
		return receive(socket, in, length);
	case LWS_CALLBACK_RAW_WRITEABLE:
		return writeable(socket);
	case LWS_CALLBACK_RAW_CLOSE:
		lws_set_opaque_user_data(wsi, NULL);
		end(socket);
		return 0;
	default:
		return 0;
	}
}

/* Some may be left to send; and some to receive, at the turn's end. */
static void adopt_session(struct wye_socket *socket)
{
	size_t waiting = wye_tls_waiting(socket->tls);

	wye_socket_touch(socket);
	wye_progress_begin(socket, waiting);
	if (!waiting)
		return;
	socket->blocked = true;
	lws_callback_on_writable(socket->wsi);
	wye_progress_watch(socket);
}

int wye_socket_adopt(struct wye_socket *socket, struct wye_stream_loop *loop,
		     struct wye_wire wire, const struct wye_socket_ops *ops,
		     unsigned write_timeout)
{
	lws_sock_file_fd_type adopted = { .sockfd = wire.descriptor };

	*socket = (struct wye_socket) { .ops = ops,
					.loop = loop,
					.descriptor = wire.descriptor,
					.tls = wire.tls,
					.slot = socket->slot,
					.id = socket->id,
					.policy = socket->policy };
	socket->write_timeout = write_timeout;
	wye_progress_init(socket);
	socket->wsi = lws_adopt_descriptor_vhost(loop->vhost, LWS_ADOPT_SOCKET, adopted,
						 loop->protocols[0].name, NULL);
	if (!socket->wsi) { /* and closed */
		wye_tls_destroy(wire.tls);
		free(wire.early);
		return -ENOMEM;
	}
	lws_set_opaque_user_data(socket->wsi, socket);
	socket->next = loop->sockets;
	socket->link = &loop->sockets;
	if (socket->next)
		socket->next->link = &socket->next;
	loop->sockets = socket;
	if (wire.tls)
		adopt_session(socket);
	if (wire.early)
		wye_early_add(socket, wire.early);
	return 0;
}

static void replace_dirty(struct wye_socket *from, struct wye_socket *to)
{
	struct wye_socket **link = &from->loop->dirty;

	while (*link && *link != from)
		link = &(*link)->next_dirty;
	if (*link)
		*link = to;
}

/* What the new one has already is its id. */
void wye_socket_move(struct wye_socket *from, struct wye_socket *to,
		     const struct wye_socket_ops *ops, unsigned write_timeout)
{
	struct wye_slot *slot = to->slot;
	uint64_t id = to->id;
	uint8_t policy = to->policy;

	wye_timer_stop(&from->loop->loop, &from->timer);
	replace_dirty(from, to);
	wye_early_move(from, to);
	*to = *from;
	to->slot = slot;
	to->id = id;
	to->policy = policy;
	to->ops = ops;
	to->deadline = 0;
	to->write_timeout = write_timeout;
	wye_progress_init(to);
	*to->link = to;
	if (to->next)
		to->next->link = &to->next;
	lws_set_opaque_user_data(to->wsi, to);
}

/* Outside of the engine's callbacks. */
static void receive_late(struct wye_socket *socket, uint8_t *data, size_t length)
{
	if (receive(socket, data, length) < 0)
		lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

static void receive_early(struct wye_socket *socket)
{
	struct wye_early *early = wye_early_take(socket);

	receive_late(socket, early->bytes, early->length);
	free(early);
}

static void settle(struct wye_socket *socket)
{
	if (socket->killed)
		return;
	if (socket->resuming) {
		socket->served = socket->loop->flushes;
		go_on(socket);
	}
	if (socket->tls && wye_tls_has_news(socket->tls) && !socket->paused)
		receive_late(socket, NULL, 0);
	if (socket->early && !socket->paused)
		receive_early(socket);
	flush(socket);
}

/* It has gone on in this flush, was paused, and goes on once more; or was told of room, has
 * filled it, and will be told again: others are to have their turn. */
static bool is_put_off(const struct wye_socket *socket)
{
	return (socket->resuming || socket->crowded) && !socket->killed &&
	       socket->served == socket->loop->flushes;
}

static void reap(struct wye_stream_loop *loop)
{
	struct wye_socket **link = &loop->dead;

	while (*link) {
		struct wye_socket *socket = *link;

		if (socket->dirty) { /* still in that list */
			link = &socket->next;
			continue;
		}
		*link = socket->next;
		socket->ops->free(socket);
	}
}

/* Those that are put off come before `later`. */
static struct wye_socket *flush_dirty(struct wye_stream_loop *loop, struct wye_socket *later)
{
	while (loop->dirty) {
		struct wye_socket *socket = loop->dirty;

		loop->dirty = socket->next_dirty;
		wye_socket_fetch(loop->dirty);
		if (is_put_off(socket)) {
			socket->next_dirty = later;
			later = socket;
			continue;
		}
		socket->dirty = false;
		settle(socket);
	}
	return later;
}

void wye_sockets_flush(struct wye_stream_loop *loop)
{
	struct wye_socket *later = NULL;

	loop->flushes++;
	do { /* who goes on may begin another run */
		if (loop->run)
			loop->run->write(loop->run);
		later = flush_dirty(loop, later);
	} while (loop->run);
	loop->dirty = later;
	reap(loop);
}
