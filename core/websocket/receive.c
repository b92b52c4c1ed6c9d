/* SPDX-License-Identifier: MIT
 *
 * receive.c - see receive.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream/send.h"
#include "websocket/metrics.h"
#include "websocket/rate.h"
#include "websocket/receive.h"
#include "websocket/send.h"

struct wye_ws_bytes *wye_ws_bytes_keep(const void *data, size_t length)
{
	struct wye_ws_bytes *bytes = malloc(sizeof *bytes + length);

	if (!bytes)
		return NULL;
	bytes->length = length;
	if (length)
		memcpy(bytes->data, data, length);
	return bytes;
}

/* ---- messages ---- */

static bool keep_message(struct wye_ws *ws, const struct wye_ws_input *input)
{
	ws->kept = wye_ws_bytes_keep(input->data, input->length);
	if (!ws->kept)
		return false;
	ws->kept->kind = (uint8_t)input->opcode;
	wye_ws_hold(ws, WYE_WS_HELD_HANDLER);
	return true;
}

/* Shows the handler a message. Returns its answer. */
static int deliver(struct wye_ws *ws, enum wye_ws_kind kind, const void *data, size_t length)
{
	const struct wye_ws_route *route = ws->route;
	struct wye_call before = wye_ws_enter_call(ws);
	int error = route->handler->message(ws, &route->base.mount, kind, data, length);

	wye_call_leave(before);
	return error;
}

static bool is_app_ping(const struct wye_ws *ws, const struct wye_ws_input *input)
{
	const struct wye_ws_route *route = ws->route;

	return route->app_ping && input->length == route->app_ping_length &&
	       input->opcode == WYE_WS_OP_TEXT &&
	       !memcmp(input->data, route->app_ping, input->length);
}

/* As a pong it is no message that anybody counts; but behind a blocked outbox it is one, so that
 * it has a bound. */
static void answer_app_ping(struct wye_ws *ws)
{
	const struct wye_ws_route *route = ws->route;

	wye_ws_count_app_ping();
	if (ws->socket.blocked && ws->socket.outbox.bytes)
		(void)!wye_ws_send((wye_ws_id) { ws->socket.id }, WYE_WS_TEXT, route->app_pong,
				   route->app_pong_length);
	else
		(void)wye_ws_queue_control(ws, WYE_WS_OP_TEXT, route->app_pong,
					   route->app_pong_length);
}

static void message(struct wye_ws *ws, const struct wye_ws_input *input)
{
	int error;

	if (ws->state != WYE_WS_OPEN)
		return;
	if (is_app_ping(ws, input)) {
		answer_app_ping(ws);
		return;
	}
	error = deliver(ws, (enum wye_ws_kind)input->opcode, input->data, input->length);
	if (error == -EAGAIN && keep_message(ws, input)) {
		wye_socket_crowd(&ws->socket);
		return;
	}
	ws->messages_in++;
	ws->bytes_in += input->length;
	ws->clock.used_at = ws->socket.loop->loop.now;
	if (error < 0)
		wye_ws_end(ws, WYE_WS_POLICY, WYE_WS_INTERNAL_ERROR, NULL);
}

static void broken(struct wye_ws *ws, const struct wye_ws_input *input)
{
	enum wye_ws_cause cause = input->code == WYE_WS_TOO_BIG          ? WYE_WS_LIMIT
				  : input->code == WYE_WS_INTERNAL_ERROR ? WYE_WS_POLICY
									 : WYE_WS_PROTOCOL;

	if (ws->state == WYE_WS_OPEN) {
		wye_ws_end(ws, cause, input->code, input->why);
		if (ws->state == WYE_WS_CLOSING) /* nothing of it can be read any more */
			wye_socket_close(&ws->socket);
		return;
	}
	ws->state = WYE_WS_CLOSED;
	wye_socket_close(&ws->socket);
}

static void dispatch(struct wye_ws *ws, enum wye_ws_event event,
		     const struct wye_ws_input *input)
{
	switch (event) {
	case WYE_WS_MESSAGE:
		message(ws, input);
		break;
	case WYE_WS_PING: /* 5.5.2 */
		if (ws->state == WYE_WS_OPEN)
			wye_ws_pong(ws, input->data, input->length);
		break;
	case WYE_WS_PONG:
		wye_ws_backlog_pong(ws, input->data, input->length);
		break;
	case WYE_WS_CLOSE:
		wye_ws_peer_closed(ws, input);
		break;
	case WYE_WS_BROKEN:
		broken(ws, input);
		break;
	case WYE_WS_MORE:
		return;
	}
	if (ws->rate)
		wye_ws_rate_take(ws, 1, 0);
}

/* The plain message lives for the handler's call alone. */
static void inflate_message(struct wye_ws *ws, struct wye_ws_input *input)
{
	uint8_t *plain = NULL;
	enum wye_ws_event event;

	if (ws->state != WYE_WS_OPEN)
		return;
	event = wye_inflate_message(&ws->inflater, ws->route->max_message, input, &plain);
	if (event == WYE_WS_BROKEN)
		wye_ws_decoder_fini(&ws->decoder);
	dispatch(ws, event, input);
	free(plain);
}

static void hold(struct wye_ws *ws, const uint8_t *data, size_t length)
{
	if (!length)
		return;
	ws->held = wye_ws_bytes_keep(data, length);
	if (!ws->held)
		wye_socket_kill(&ws->socket, WYE_SOCKET_KILLED);
}

static void decode(struct wye_ws *ws, uint8_t *data, size_t length)
{
	struct wye_ws_input input;
	enum wye_ws_event event = WYE_WS_PONG;

	while (event != WYE_WS_MORE && ws->state != WYE_WS_CLOSED && !ws->socket.killed) {
		if (ws->socket.paused && ws->state == WYE_WS_OPEN) {
			hold(ws, data, length);
			return;
		}
		event = wye_ws_decode(&ws->decoder, &data, &length, &input);
		if (event == WYE_WS_MESSAGE && input.compressed)
			inflate_message(ws, &input);
		else
			dispatch(ws, event, &input);
		if (ws->rate && input.fragments)
			wye_ws_rate_take(ws, input.fragments, 0);
	}
}

/* Once per read, not per message. */
static void count_received(const struct wye_ws *ws, uint64_t messages, uint64_t bytes)
{
	if (ws->messages_in > messages)
		wye_ws_count_in((unsigned)(ws->messages_in - messages), ws->bytes_in - bytes);
}

void wye_ws_received(struct wye_ws *ws, uint8_t *data, size_t length)
{
	uint64_t messages = ws->messages_in, bytes = ws->bytes_in;

	ws->clock.heard_at = ws->socket.loop->loop.now;
	if (ws->rate)
		wye_ws_rate_take(ws, 0, length);
	decode(ws, data, length);
	count_received(ws, messages, bytes);
}

static void redeliver(struct wye_ws *ws)
{
	struct wye_ws_bytes *kept = ws->kept;
	struct wye_ws_input input = { .opcode = kept->kind,
				      .data = kept->data,
				      .length = kept->length };

	ws->kept = NULL;
	message(ws, &input);
	free(kept);
}

static void take_held(struct wye_ws *ws)
{
	struct wye_ws_bytes *held = ws->held;

	ws->held = NULL;
	if (held)
		decode(ws, held->data, held->length);
	free(held);
}

void wye_ws_resumed(struct wye_ws *ws)
{
	uint64_t messages = ws->messages_in, bytes = ws->bytes_in;

	wye_ws_clock_resumed(ws);
	if (ws->kept)
		redeliver(ws);
	if (!ws->socket.paused || ws->state != WYE_WS_OPEN)
		take_held(ws);
	count_received(ws, messages, bytes);
}

/* ---- pausing ---- */

void wye_ws_hold(struct wye_ws *ws, enum wye_ws_held why)
{
	if (ws->state != WYE_WS_OPEN)
		return;
	ws->held_by |= (uint8_t)why;
	wye_socket_pause(&ws->socket);
}

void wye_ws_let_go(struct wye_ws *ws, enum wye_ws_held why)
{
	ws->held_by &= (uint8_t)~why;
	if (!ws->held_by)
		wye_socket_resume(&ws->socket);
}

void wye_ws_pause(struct wye_ws *ws)
{
	wye_ws_hold(ws, WYE_WS_HELD_HANDLER);
}

void wye_ws_resume(struct wye_ws *ws)
{
	wye_ws_let_go(ws, WYE_WS_HELD_HANDLER);
}
