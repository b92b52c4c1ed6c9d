/* SPDX-License-Identifier: MIT
 *
 * backlog.c - see backlog.h.
 */
#include <errno.h>

#include "stream/run.h"
#include "stream/send.h"
#include "websocket/backlog.h"
#include "websocket/connection.h"
#include "websocket/ledger.h"
#include "websocket/metrics.h"
#include "websocket/send.h"

enum {
	DIGITS = 10, /* of a number of 32 bits */
	SOONER = 8,  /* part of an interval */
};

static uint64_t now_of(const struct wye_ws *ws)
{
	return ws->socket.loop->loop.now;
}

bool wye_ws_measures(const struct wye_ws *ws)
{
	return ws->route->fence || ws->route->handler->flags & WYE_WS_ACKS;
}

/* On routes whose handler confirms, pongs say less than it does. */
static bool pongs_count(const struct wye_ws *ws)
{
	return !(ws->route->handler->flags & WYE_WS_ACKS);
}

/* All that was queued: the mark at the outbox's end. */
static struct wye_ws_mark end_of(const struct wye_ws *ws)
{
	return (struct wye_ws_mark) { ws->messages_out + ws->socket.outbox.messages,
				      ws->bytes_out + ws->socket.outbox.payload };
}

/* Messages that the peer can have: those of a pooled chunk leave the outbox together, with its
 * last byte, so of one that is written in part all count. */
static uint64_t messages_begun(const struct wye_ws *ws)
{
	const struct wye_chunk *head = ws->socket.outbox.head;
	bool begun = head && head->kind == WYE_CHUNK_POOLED && head->start != head->begin;

	return ws->messages_out + (begun ? head->messages : 0);
}

struct wye_ws_mark wye_ws_backlog_now(const struct wye_ws *ws)
{
	struct wye_ws_mark end = end_of(ws), acked = ws->backlog.acked;

	return (struct wye_ws_mark) { end.messages - acked.messages, end.bytes - acked.bytes };
}

/* Brings the gauges up to what is true. */
static void show(struct wye_ws *ws, struct wye_ws_mark now)
{
	struct wye_ws_backlog *backlog = &ws->backlog;

	if (now.messages == backlog->shown_messages && now.bytes == backlog->shown_bytes)
		return;
	wye_ws_count_backlog(&ws->route->metrics,
			     (int64_t)now.messages - (int64_t)backlog->shown_messages,
			     (int64_t)now.bytes - (int64_t)backlog->shown_bytes);
	backlog->shown_messages = now.messages;
	backlog->shown_bytes = now.bytes;
}

/* ---- pings ---- */

static size_t write_number(uint8_t out[DIGITS], uint32_t number)
{
	uint8_t digits[DIGITS];
	size_t length = 0;

	do
		digits[length++] = (uint8_t)('0' + number % 10);
	while (number /= 10);
	for (size_t i = 0; i < length; i++)
		out[i] = digits[length - 1 - i];
	return length;
}

/* 0: it is none that we would have written. */
static uint32_t read_number(const uint8_t *data, size_t length)
{
	uint64_t number = 0;

	if (!length || length > DIGITS || data[0] == '0')
		return 0;
	for (size_t i = 0; i < length; i++) {
		if (data[i] < '0' || data[i] > '9')
			return 0;
		number = number * 10 + (data[i] - '0');
	}
	return number <= UINT32_MAX ? (uint32_t)number : 0;
}

static int queue_ping(struct wye_ws *ws, struct wye_ws_ping *ping, struct wye_ws_mark mark,
		      bool overtaking)
{
	uint32_t number = ws->backlog.last_number + 1 ? ws->backlog.last_number + 1 : 1;
	uint8_t payload[DIGITS];
	size_t length = write_number(payload, number);
	int error = overtaking ? wye_ws_overtake(ws, WYE_WS_OP_PING, payload, length)
			       : wye_ws_queue_control(ws, WYE_WS_OP_PING, payload, length);

	if (error)
		return error;
	ws->backlog.last_number = number;
	*ping = (struct wye_ws_ping) { .mark = mark,
				       .number = number,
				       .place = ws->socket.outbox.place,
				       .overtook = overtaking };
	return 0;
}

/* Behind a blocked outbox it would say of the peer what is true of the queue: it overtakes, and
 * acknowledges what was written before. */
int wye_ws_backlog_ping(struct wye_ws *ws)
{
	struct wye_ws_backlog *backlog = &ws->backlog;
	struct wye_ws_mark written;
	bool overtaking;
	int error;

	wye_socket_catch_up(&ws->socket);
	if (ws->state != WYE_WS_OPEN)
		return -ENOENT;
	overtaking = ws->socket.blocked && ws->socket.outbox.bytes;
	written = (struct wye_ws_mark) { ws->messages_out, ws->bytes_out };
	error = queue_ping(ws, &backlog->heartbeat, overtaking ? written : end_of(ws),
			   overtaking);
	if (!error && backlog->fence.mark.messages <= backlog->heartbeat.mark.messages)
		backlog->heartbeat.covers = backlog->fence.number;
	return error;
}

static bool wants_fence(const struct wye_ws *ws, struct wye_ws_mark unacked)
{
	return ws->route->fence && unacked.messages && !ws->backlog.fence.number &&
	       pongs_count(ws);
}

/* When the next may leave. Timers are late, and messages that come once an interval would wait
 * ever longer for fences that fall behind: one that is late keeps the rhythm, and one that
 * leaves for a single message is followed a little sooner, until messages and fences meet. */
static uint64_t after_fence(const struct wye_ws *ws, uint64_t now, uint64_t messages)
{
	uint64_t due = ws->backlog.next_fence, interval = ws->route->fence_interval;
	uint64_t from = messages == 1 ? now - interval / SOONER : now;

	return (due < from && now - due < interval ? due : from) + interval;
}

static void fence(struct wye_ws *ws, uint64_t messages)
{
	uint64_t now = now_of(ws);

	if (now < ws->backlog.next_fence) {
		ws->clock.fence_at = ws->backlog.next_fence;
		wye_ws_clock_set(ws);
		return;
	}
	if (!queue_ping(ws, &ws->backlog.fence, end_of(ws), false))
		ws->backlog.next_fence = after_fence(ws, now, messages);
}

void wye_ws_backlog_flushing(struct wye_ws *ws)
{
	struct wye_ws_mark unacked;

	if (wye_ws_measures(ws)) /* a mark is of what is in the outbox */
		wye_socket_catch_up(&ws->socket);
	if (ws->state != WYE_WS_OPEN)
		return;
	unacked = wye_ws_backlog_now(ws);
	show(ws, unacked);
	if (!wye_ws_measures(ws) || !unacked.messages)
		return;
	wye_ledger_add(&ws->backlog.ledger, end_of(ws), ws->socket.outbox.place, now_of(ws));
	if (wants_fence(ws, unacked))
		fence(ws, unacked.messages);
}

/* ---- acknowledgements ---- */

static void acknowledge(struct wye_ws *ws, struct wye_ws_mark mark)
{
	struct wye_ws_backlog *backlog = &ws->backlog;

	if (mark.messages <= backlog->acked.messages)
		return;
	if (wye_ws_measures(ws))
		wye_ledger_take(&backlog->ledger, backlog->acked, mark, now_of(ws),
				&ws->route->metrics);
	backlog->acked = mark;
	show(ws, wye_ws_backlog_now(ws));
}

static void fence_done(struct wye_ws *ws)
{
	struct wye_ws_mark unacked;

	ws->backlog.fence.number = 0;
	acknowledge(ws, ws->backlog.fence.mark);
	wye_socket_catch_up(&ws->socket);
	if (ws->state != WYE_WS_OPEN)
		return;
	unacked = wye_ws_backlog_now(ws);
	if (wants_fence(ws, unacked))
		fence(ws, unacked.messages);
}

static void heartbeat_done(struct wye_ws *ws)
{
	struct wye_ws_backlog *backlog = &ws->backlog;

	backlog->heartbeat.number = 0;
	ws->clock.pong_by = 0;
	if (pongs_count(ws))
		acknowledge(ws, backlog->heartbeat.mark);
	if (backlog->fence.number && backlog->fence.number == backlog->heartbeat.covers)
		fence_done(ws); /* its pong may be left out (RFC 6455, 5.5.3) */
}

/* Numbers can be guessed: what is still in the outbox was not received by anybody. */
static bool answers(const struct wye_ws *ws, const struct wye_ws_ping *ping, uint32_t number)
{
	return number == ping->number && ping->mark.messages <= messages_begun(ws);
}

void wye_ws_backlog_pong(struct wye_ws *ws, const uint8_t *data, size_t length)
{
	struct wye_ws_backlog *backlog = &ws->backlog;
	uint32_t number = read_number(data, length);

	if (!number || ws->state != WYE_WS_OPEN)
		return;
	if (answers(ws, &backlog->heartbeat, number)) {
		heartbeat_done(ws);
	} else if (answers(ws, &backlog->fence, number)) {
		if (backlog->heartbeat.number && number != backlog->heartbeat.covers)
			heartbeat_done(ws); /* it was sent before, and is answered by this */
		fence_done(ws);
	}
}

void wye_ws_backlog_acked(struct wye_ws *ws, uint64_t number)
{
	struct wye_ws_backlog *backlog = &ws->backlog;
	uint64_t messages = number > backlog->dropped ? number - backlog->dropped : 0;

	if (messages <= backlog->acked.messages || messages > messages_begun(ws))
		return;
	acknowledge(ws, wye_ledger_find(backlog->ledger, backlog->acked, messages));
}

/* ---- what never leaves ---- */

static void take_off(struct wye_ws_ping *ping, const struct wye_outbox_left *left)
{
	if (!ping->number || ping->overtook || (int32_t)(ping->place - left->place) < 0)
		return;
	ping->mark.messages -= left->messages;
	ping->mark.bytes -= left->payload;
}

void wye_ws_backlog_dropped(struct wye_ws *ws, const struct wye_outbox_left *left)
{
	struct wye_ws_backlog *backlog = &ws->backlog;

	backlog->dropped += left->messages;
	take_off(&backlog->fence, left);
	take_off(&backlog->heartbeat, left);
	wye_ledger_drop(backlog->ledger, left->place, left->messages, left->payload);
}

void wye_ws_backlog_fini(struct wye_ws *ws)
{
	show(ws, (struct wye_ws_mark) { 0, 0 });
	wye_ledger_fini(&ws->backlog.ledger);
}
