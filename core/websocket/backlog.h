/* SPDX-License-Identifier: MIT
 *
 * backlog.h - what a connection was sent and has not acknowledged. Messages are counted in the
 * order in which they leave: the backlog is what was written, less what is acknowledged, plus
 * what waits in the outbox. A place in that order is a mark: a ping remembers the mark in front
 * of it, and its pong acknowledges up to there. All calls on the connection's loop.
 */
#ifndef WYE_CORE_WEBSOCKET_BACKLOG_H
#define WYE_CORE_WEBSOCKET_BACKLOG_H

#include "stream/outbox.h"

struct wye_ws;
struct wye_ws_ledger;

struct wye_ws_mark {
	uint64_t messages, bytes; /* before it, of all that leave */
};

/* A ping that is out. */
struct wye_ws_ping {
	struct wye_ws_mark mark;
	uint32_t number; /* its payload, in decimal digits; 0: none is out */
	uint32_t place;  /* in the outbox, when it was queued: what is dropped before it
			    does not count */
	uint32_t covers; /* number of a fence that stands before it, or beside it with the same
			    mark */
	bool overtook;   /* nothing that can be dropped stands before it */
};

struct wye_ws_backlog {
	struct wye_ws_mark acked;
	struct wye_ws_ping fence, heartbeat;
	uint64_t next_fence;                  /* milliseconds: none before */
	uint32_t last_number;                 /* of a ping */
	uint32_t refused;                     /* publications, by the route's slow_consumer */
	uint64_t shown_messages, shown_bytes; /* in the route's gauges */
	uint64_t dropped;                     /* messages, likewise */
	struct wye_ws_ledger *ledger; /* when what was queued; on routes that measure it */
};

/* Queues the heartbeat's ping. Returns 0 or a negative errno. */
int wye_ws_backlog_ping(struct wye_ws *ws) WYE_MUST_CHECK;
/* The outbox is about to be written: what was queued is counted, and a fence may follow. */
void wye_ws_backlog_flushing(struct wye_ws *ws);
/* A pong has come. */
void wye_ws_backlog_pong(struct wye_ws *ws, const uint8_t *data, size_t length);
/* The handler says what the client has confirmed: a number of wye_ws_queued(). */
void wye_ws_backlog_acked(struct wye_ws *ws, uint64_t number);
/* Messages were dropped from the outbox. */
void wye_ws_backlog_dropped(struct wye_ws *ws, const struct wye_outbox_left *left);
/* The connection has ended: nothing of it is waited for. */
void wye_ws_backlog_fini(struct wye_ws *ws);

/* Whether it is told when what was queued has come: by fences, or by its handler. */
bool wye_ws_measures(const struct wye_ws *ws);

/* What is not acknowledged, and what was queued, so far. */
struct wye_ws_mark wye_ws_backlog_now(const struct wye_ws *ws);

#endif
