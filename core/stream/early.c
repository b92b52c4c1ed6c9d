/* SPDX-License-Identifier: MIT
 *
 * early.c - see early.h.
 */
#include "stream/early.h"
#include "stream/loop.h"

void wye_early_add(struct wye_socket *socket, struct wye_early *early)
{
	early->socket = socket;
	early->next = socket->loop->early;
	socket->loop->early = early;
	wye_socket_touch(socket);
}

static struct wye_early **find(struct wye_stream_loop *loop, const struct wye_socket *socket)
{
	struct wye_early **link = &loop->early;

	while (*link && (*link)->socket != socket)
		link = &(*link)->next;
	return link;
}

struct wye_early *wye_early_take(struct wye_stream_loop *loop, const struct wye_socket *socket)
{
	struct wye_early **link = find(loop, socket), *early = *link;

	if (early)
		*link = early->next;
	return early;
}

void wye_early_move(const struct wye_socket *from, struct wye_socket *to)
{
	struct wye_early *early = *find(from->loop, from);

	if (early)
		early->socket = to;
}
