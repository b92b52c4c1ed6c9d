/* SPDX-License-Identifier: MIT
 *
 * clock.h - all times of a WebSocket connection: heartbeat, silence, idleness, lifetime, and
 * when a fence is due. One timer, the socket's, stands for all of them: it is set to the
 * earliest and looks again then, so that a message costs a store and no timer is moved.
 * All calls on the connection's loop.
 */
#ifndef WYE_CORE_WEBSOCKET_CLOCK_H
#define WYE_CORE_WEBSOCKET_CLOCK_H

#include <wye/types.h>

struct wye_ws;

/* Milliseconds of the loop's clock; 0: not set. */
struct wye_ws_clock {
	uint64_t heard_at; /* any frame came */
	uint64_t used_at;  /* a message came or went */
	uint64_t ping_at;  /* the next ping is due */
	uint64_t pong_by;  /* a ping is out; its pong is due */
	uint64_t end_at;   /* of the lifetime */
	uint64_t fence_at; /* a fence is wanted, and due */
	uint64_t read_at;  /* reading goes on, after too much came */
	/* In bytes of the connection, what the peer's system has taken: with the ping, all that
	 * was in front of it included; and so far, when that was looked at. */
	uint64_t ping_end, taken;
};

/* The connection is open. */
void wye_ws_clock_start(struct wye_ws *ws);
/* A time was set that may be earlier than what the timer is set to. */
void wye_ws_clock_set(struct wye_ws *ws);
/* Reading goes on after a pause. */
void wye_ws_clock_resumed(struct wye_ws *ws);
/* The timer is over: does what is due. */
void wye_ws_clock_look(struct wye_ws *ws);

#endif
