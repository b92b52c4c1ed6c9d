/* SPDX-License-Identifier: MIT
 *
 * progress.c - see progress.h.
 */
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "stream/progress.h"

enum {
	TICKS = 4, /* looks at the progress per write_timeout */
};

static int queued_in_kernel(const struct wye_socket *socket)
{
	int queued = 0;

	return ioctl(socket->descriptor, SIOCOUTQ, &queued) ? 0 : queued;
}

/* What the peer has not taken. Under TLS it is encrypted, and so a little more; for a Unix
 * socket the kernel counts its own memory: more than what waits, but nothing when nothing does.
 */
static uint64_t on_the_way(const struct wye_socket *socket)
{
	uint64_t queued = (uint64_t)queued_in_kernel(socket);

	if (socket->tls)
		queued += wye_tls_waiting(socket->tls);
	return queued < socket->written ? queued : socket->written;
}

uint64_t wye_socket_taken(const struct wye_socket *socket)
{
	return socket->written - on_the_way(socket);
}

static void look_at_progress(struct wye_socket *socket, uint64_t now)
{
	uint64_t queued = on_the_way(socket), taken = socket->written - queued;

	if (taken > socket->taken || (!queued && !socket->outbox.bytes)) {
		socket->taken = taken;
		socket->progress_at = now;
	}
	socket->ticking = queued || socket->outbox.bytes;
}

static void schedule(struct wye_socket *socket)
{
	uint64_t now = socket->loop->loop.now, left = UINT64_MAX;

	if (socket->deadline)
		left = socket->deadline > now ? socket->deadline - now : 0;
	if (socket->ticking && socket->write_timeout / TICKS < left)
		left = socket->write_timeout / TICKS;
	if (left == UINT64_MAX)
		wye_timer_stop(&socket->loop->loop, &socket->timer);
	else
		wye_timer_start(&socket->loop->loop, &socket->timer, left);
}

static void tick(void *argument)
{
	struct wye_socket *socket = argument;
	uint64_t now = socket->loop->loop.now;

	if (socket->ticking)
		look_at_progress(socket, now);
	if (socket->ticking && now - socket->progress_at >= socket->write_timeout) {
		wye_socket_kill(socket, WYE_SOCKET_STALLED);
		return;
	}
	if (socket->deadline && now >= socket->deadline) {
		socket->deadline = 0;
		socket->ops->expired(socket);
		if (socket->killed)
			return;
	}
	schedule(socket);
}

void wye_progress_init(struct wye_socket *socket)
{
	socket->ticking = false;
	wye_timer_init(&socket->timer, tick, socket);
}

void wye_progress_begin(struct wye_socket *socket, size_t waiting)
{
	socket->written = waiting + (uint64_t)queued_in_kernel(socket);
}

void wye_progress_start(struct wye_socket *socket)
{
	socket->ticking = true;
	socket->progress_at = socket->loop->loop.now;
	schedule(socket);
}

void wye_socket_deadline(struct wye_socket *socket, unsigned milliseconds)
{
	socket->deadline = milliseconds ? socket->loop->loop.now + milliseconds : 0;
	schedule(socket);
}
