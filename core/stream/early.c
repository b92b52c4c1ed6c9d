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
	socket->early = true;
	wye_socket_touch(socket);
}

/* It is there. */
static struct wye_early **find(const struct wye_socket *socket)
{
	struct wye_early **link = &socket->loop->early;

	while ((*link)->socket != socket)
		link = &(*link)->next;
	return link;
}

struct wye_early *wye_early_take(struct wye_socket *socket)
{
	struct wye_early **link, *early;

	if (!socket->early)
		return NULL;
	socket->early = false;
	link = find(socket);
	early = *link;
	*link = early->next;
	return early;
}

void wye_early_move(const struct wye_socket *from, struct wye_socket *to)
{
	if (from->early)
		(*find(from))->socket = to;
}
