/* SPDX-License-Identifier: MIT
 *
 * fake_ws.h - for tests: a connection that is only memory, on a loop whose clock the test
 * moves, and what its rooms ask of the others: the socket's timer, pauses, and the end. Each
 * test defines what it does not test by itself.
 */
#ifndef WYE_TESTS_UNIT_FAKE_WS_H
#define WYE_TESTS_UNIT_FAKE_WS_H

#include "unit.h"
#include "websocket/connection.h"

static struct wye_stream_loop fake_loop;
static struct wye_ws_route fake_route;
static struct wye_ws_handler fake_handler;
static struct wye_ws fake;

static struct {
	unsigned ended, cause, code;
	unsigned killed, touched;
} did;

#define NOW (fake_loop.loop.now)

static inline void fake_start(void)
{
	fake_loop.loop.now = 1000000;
	fake_route = (struct wye_ws_route) { .handler = &fake_handler };
	fake = (struct wye_ws) { .route = &fake_route, .socket.loop = &fake_loop };
	memset(&did, 0, sizeof did);
}

void wye_socket_deadline(struct wye_socket *socket, unsigned milliseconds)
{
	socket->deadline = milliseconds ? socket->loop->loop.now + milliseconds : 0;
}

void wye_socket_touch(struct wye_socket *socket)
{
	(void)socket;
	did.touched++;
}

uint64_t wye_socket_taken(const struct wye_socket *socket)
{
	return socket->taken;
}

void wye_socket_kill(struct wye_socket *socket, enum wye_socket_end how)
{
	(void)how;
	did.killed++;
	socket->killed = true;
}

void wye_ws_end(struct wye_ws *ws, enum wye_ws_cause cause, unsigned code, const char *reason)
{
	(void)reason;
	assert_int_equal(ws->state, WYE_WS_OPEN);
	ws->state = WYE_WS_CLOSING;
	ws->held_by = 0;
	ws->socket.paused = false;
	did.ended++;
	did.cause = cause;
	did.code = code;
	ws->socket.deadline = 0;
}

void wye_ws_hold(struct wye_ws *ws, enum wye_ws_held why)
{
	ws->held_by |= (uint8_t)why;
	ws->socket.paused = true;
}

void wye_ws_let_go(struct wye_ws *ws, enum wye_ws_held why)
{
	ws->held_by &= (uint8_t)~why;
	if (!ws->held_by)
		ws->socket.paused = false;
}

#endif
