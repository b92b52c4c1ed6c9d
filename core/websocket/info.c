/* SPDX-License-Identifier: MIT
 *
 * info.c - what is known of a connection, and what its client has confirmed; public functions
 * of <wye/websocket.h>.
 */
#include <errno.h>
#include <string.h>

#include "stream/send.h"
#include "websocket/connection.h"
#include "websocket/run.h"

wye_ws_id wye_ws_identity(const struct wye_ws *ws)
{
	return (wye_ws_id) { ws->socket.id };
}

struct wye_loop *wye_ws_loop(const struct wye_ws *ws)
{
	return &ws->socket.loop->loop;
}

struct wye_context *wye_ws_context(struct wye_ws *ws)
{
	return &ws->context;
}

struct wye_text wye_ws_client(const struct wye_ws *ws)
{
	return ws->client;
}

const struct wye_tls_peer *wye_ws_tls_peer(const struct wye_ws *ws)
{
	return ws->socket.tls ? wye_tls_peer(ws->socket.tls) : NULL;
}

struct wye_text wye_ws_subprotocol(const struct wye_ws *ws)
{
	return ws->subprotocol;
}

struct wye_text wye_ws_user(const struct wye_ws *ws)
{
	return ws->user;
}

struct wye_text wye_ws_route(const struct wye_ws *ws)
{
	const char *pattern = ws->route->base.pattern;

	return (struct wye_text) { pattern, strlen(pattern) };
}

struct wye_text wye_ws_parameter(const struct wye_ws *ws, const char *name)
{
	size_t length = strlen(name);

	for (unsigned i = 0; i < ws->parameter_count; i++)
		if (ws->parameters[i].name.length == length &&
		    !memcmp(ws->parameters[i].name.data, name, length))
			return ws->parameters[i].value;
	return (struct wye_text) { NULL, 0 };
}

struct wye_text wye_ws_attribute(const struct wye_ws *ws, const char *name)
{
	return wye_attribute_find(ws->attributes, name);
}

void *wye_ws_data(const struct wye_ws *ws)
{
	return ws->data;
}

void wye_ws_set_data(struct wye_ws *ws, void *data)
{
	ws->data = data;
}

static struct wye_ws_info describe(const struct wye_ws *ws)
{
	struct wye_ws_mark unacked = wye_ws_backlog_now(ws);

	return (struct wye_ws_info) {
		.size = sizeof(struct wye_ws_info),
		.id = { ws->socket.id },
		.route = wye_ws_route(ws),
		.user = ws->user,
		.client = ws->client,
		.subprotocol = ws->subprotocol,
		.age = ws->socket.loop->loop.now - ws->opened_at,
		.messages_in = ws->messages_in,
		.bytes_in = ws->bytes_in,
		.messages_out = ws->messages_out,
		.bytes_out = ws->bytes_out,
		.messages_waiting = ws->socket.outbox.messages,
		.bytes_waiting = ws->socket.outbox.payload,
		.messages_unacked = unacked.messages,
		.bytes_unacked = unacked.bytes,
		.messages_dropped = ws->backlog.dropped,
		.messages_refused = ws->backlog.refused,
	};
}

void wye_ws_describe(const struct wye_ws *ws, struct wye_ws_info *info)
{
	size_t size = info->size < sizeof *info ? info->size : sizeof *info;
	struct wye_ws_info all;

	wye_ws_run_settle(ws);
	all = describe(ws);
	all.size = size;
	memcpy(info, &all, size);
}

uint64_t wye_ws_queued(const struct wye_ws *ws)
{
	wye_ws_run_settle(ws);
	return ws->messages_out + ws->socket.outbox.messages + ws->backlog.dropped;
}

/* ---- acknowledgement ---- */

/* The number lies in an order's two members. */
static void carry_out(struct wye_socket *socket, const struct wye_order *order)
{
	wye_ws_backlog_acked(wye_ws_from_socket(socket),
			     (uint64_t)order->code << 32 | order->cause);
}

int wye_ws_acked(wye_ws_id id, uint64_t number)
{
	struct wye_socket_place place = wye_socket_place(id.value, WYE_SOCKET_WEBSOCKET);
	const struct wye_ws_route *route = place.tag;
	const struct wye_order order = { .code = (unsigned)(number >> 32),
					 .cause = (unsigned)number };

	if (!place.loop)
		return -ENOENT;
	if (!(route->handler->flags & WYE_WS_ACKS))
		return -EPERM;
	return wye_socket_order(id.value, WYE_SOCKET_WEBSOCKET, &order, carry_out);
}
