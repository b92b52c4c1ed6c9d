/* SPDX-License-Identifier: MIT
 *
 * drain.c - see drain.h. Each loop looks every 20 ms how many of its connections should be
 * closing by now; ones that are still handed over meanwhile are seen by a later look.
 */
#include <errno.h>
#include <stdlib.h>

#include <wye/log.h>

#include "stream/drain.h"
#include "stream/socket.h"

enum {
	LOOK = 20, /* milliseconds */
};

/* One per loop; lives on that loop until the program ends. */
struct drain {
	struct wye_stream_loop *loop;
	struct wye_timer timer;
	uint64_t start, spread;
	unsigned total, closed;
};

/* The sockets list has new ones in front; those that close stay in it until their end. */
static void close_some(struct drain *drain, unsigned count)
{
	struct wye_socket *next = drain->loop->sockets;

	while (next && count) {
		struct wye_socket *socket = next;

		next = socket->next; /* it may end at once */
		if (!socket->ops->drain(socket))
			continue;
		drain->closed++;
		count--;
	}
}

static void look(void *argument)
{
	struct drain *drain = argument;
	uint64_t now = drain->loop->loop.now, elapsed = now - drain->start;

	if (elapsed >= drain->spread)
		close_some(drain, UINT32_MAX);
	else
		close_some(drain,
			   (unsigned)(drain->total * elapsed / drain->spread) - drain->closed);
	wye_timer_start(&drain->loop->loop, &drain->timer, LOOK);
}

static void begin(void *argument)
{
	struct drain *drain = argument;

	for (struct wye_socket *socket = drain->loop->sockets; socket; socket = socket->next)
		drain->total++;
	drain->start = drain->loop->loop.now;
	wye_timer_init(&drain->timer, look, drain);
	look(drain);
}

void wye_streams_drain(unsigned spread)
{
	static struct drain *drains;
	unsigned count = wye_stream_count();

	if (drains)
		return;
	drains = calloc(count, sizeof *drains);
	if (!drains)
		wye_log(WYE_LOG_ERROR, "no memory to drain the stream loops");
	for (unsigned i = 0; drains && i < count; i++) {
		drains[i].loop = wye_stream_at(i);
		drains[i].spread = spread;
		if (wye_loop_post(&drains[i].loop->loop, begin, &drains[i]))
			wye_log(WYE_LOG_ERROR, "can't drain %s", drains[i].loop->name);
	}
}

static void cut(struct wye_mail *mail)
{
	struct wye_stream_loop *loop =
		(struct wye_stream_loop *)((char *)mail -
					   offsetof(struct wye_stream_loop, cut));
	struct wye_socket *next = loop->sockets;

	while (next) {
		struct wye_socket *socket = next;

		next = socket->next;
		wye_socket_kill(socket, WYE_SOCKET_STOPPED);
	}
}

void wye_streams_cut(void)
{
	for (unsigned i = 0; i < wye_stream_count(); i++)
		if (wye_loop_mail(&wye_stream_at(i)->loop, &wye_stream_at(i)->cut, cut))
			wye_log(WYE_LOG_ERROR, "can't cut the connections of %s",
				wye_stream_at(i)->name);
}
