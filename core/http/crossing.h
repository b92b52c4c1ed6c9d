/* SPDX-License-Identifier: MIT
 *
 * crossing.h - what a bridge is made of, and what goes over it to the client; for bridge.c,
 * which settles what comes after each of these calls. The http thread of its connection.
 */
#ifndef WYE_CORE_HTTP_CROSSING_H
#define WYE_CORE_HTTP_CROSSING_H

#include "base/buffer.h"
#include "base/loop.h"
#include "http/bridge.h"
#include "tls/session.h"

#define WYE_BRIDGE_PIECE 16384 /* bytes of one record */

struct wye_bridge_side {
	struct wye_watch watch;
	int descriptor;  /* -1: none */
	unsigned events; /* that are watched */
	bool watching;
};

struct wye_bridge {
	struct wye_http_connection *connection;
	struct wye_loop *loop;
	struct wye_tls *tls;
	struct wye_bridge_side client, engine;
	struct wye_buffer held; /* plain bytes for the engine; from `held_at` on */
	size_t held_at;
	uint64_t received, sent;
	bool ready;        /* the handshake is over */
	bool late;         /* its time is over */
	bool input_ended;  /* the client sends no more */
	bool deaf;         /* the engine takes no more */
	bool output_ended; /* the engine writes no more */
	bool cut_short;    /* an answer is not whole: close_notify would say that it is */
	bool engine_left;
	bool broken; /* nothing can be read or written any more */
	bool gone;   /* and nobody is there to be told */
};

/* Nothing can be read or written any more; and if the client is lost, nobody is told. */
void wye_crossing_break(struct wye_bridge *bridge);
void wye_crossing_lose(struct wye_bridge *bridge);

/* Sends what the session has written. */
void wye_crossing_send(struct wye_bridge *bridge);
/* Plain bytes to the client. */
void wye_crossing_encrypt(struct wye_bridge *bridge, const void *data, size_t length);

/* Says goodbye, unless an answer is cut short. */
void wye_crossing_shut(struct wye_bridge *bridge);

/* What the engine has written, while the client takes it; behind its end, close_notify. */
void wye_crossing_take(struct wye_bridge *bridge);
/* Also what the client has no room for: the pair's buffer is the most. */
void wye_crossing_take_all(struct wye_bridge *bridge);

/* Of bridge.c: frees all but the client's socket and session. */
void wye_bridge_dismantle(struct wye_bridge *bridge);

#endif
