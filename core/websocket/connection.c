/* SPDX-License-Identifier: MIT
 *
 * connection.c - see connection.h: taking over and ending. Receiving is in receive.c, sending
 * in send.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wye/log.h>

#include "base/metric.h"
#include "stream/run.h"
#include "stream/send.h"
#include "websocket/connection.h"
#include "websocket/lane.h"
#include "websocket/members.h"
#include "websocket/metrics.h"
#include "websocket/publish.h"
#include "websocket/rate.h"
#include "websocket/receive.h"
#include "websocket/send.h"
#include "websocket/tasks.h"

#define WS_MAGIC 0x77797773u

static const struct wye_socket_ops OPS;

/* ---- ending ---- */

static void queue_close_frame(struct wye_ws *ws, unsigned code, const char *reason)
{
	uint8_t payload[WYE_WS_CONTROL_MAX];
	size_t length = wye_ws_close_payload(payload, code, reason);

	(void)wye_ws_queue_control(ws, WYE_WS_OP_CLOSE, payload, length);
}

/* Nothing more is sent to it. */
static void retire(struct wye_ws *ws)
{
	wye_socket_catch_up(&ws->socket);
	wye_socket_unname(&ws->socket);
	wye_ws_leave_groups(ws);
	wye_ws_backlog_fini(ws);
}

/* RFC 6455, 7.1.2: after a protocol error we say why and close without waiting for the peer. */
void wye_ws_end(struct wye_ws *ws, enum wye_ws_cause cause, unsigned code, const char *reason)
{
	bool wait = cause == WYE_WS_HANDLER || cause == WYE_WS_DRAIN ||
		    cause == WYE_WS_POLICY || cause == WYE_WS_SLOW_CONSUMER ||
		    cause == WYE_WS_DEADLINE || cause == WYE_WS_IDLE ||
		    cause == WYE_WS_LIFETIME || cause == WYE_WS_RATE || cause == WYE_WS_EXPIRED;

	if (ws->state != WYE_WS_OPEN)
		return;
	ws->cause = (uint8_t)cause;
	ws->code = (uint16_t)code;
	ws->state = wait ? WYE_WS_CLOSING : WYE_WS_CLOSED;
	retire(ws);
	queue_close_frame(ws, code, reason);
	wye_socket_deadline(&ws->socket, ws->route->close_timeout);
	ws->held_by = 0;
	if (wait)
		wye_socket_resume(&ws->socket); /* the peer's close frame has to be read */
	else
		wye_socket_close(&ws->socket);
}

void wye_ws_peer_closed(struct wye_ws *ws, const struct wye_ws_input *input)
{
	bool first = ws->state == WYE_WS_OPEN;

	ws->code = (uint16_t)input->code;
	if (first)
		ws->cause = WYE_WS_PEER;
	if (input->length)
		ws->reason = wye_ws_bytes_keep(input->data, input->length);
	ws->state = WYE_WS_CLOSED; /* else it may be ended as it catches up */
	retire(ws);
	if (first) /* the same code back (5.5.1) */
		queue_close_frame(ws, input->code, NULL);
	wye_socket_deadline(&ws->socket, ws->route->close_timeout);
	wye_socket_close(&ws->socket);
}

static void expired(struct wye_socket *socket)
{
	struct wye_ws *ws = wye_ws_from_socket(socket);

	if (ws->state == WYE_WS_OPEN)
		wye_ws_clock_look(ws);
	else /* the peer did not finish the close handshake */
		wye_socket_kill(socket, WYE_SOCKET_KILLED);
}

static struct wye_text reason_of(const struct wye_ws *ws)
{
	const struct wye_ws_bytes *reason = ws->reason;

	return (struct wye_text) { reason ? (const char *)reason->data : NULL,
				   reason ? reason->length : 0 };
}

static struct wye_ws_ending describe(const struct wye_ws *ws)
{
	return (struct wye_ws_ending) {
		.size = sizeof(struct wye_ws_ending),
		.cause = (enum wye_ws_cause)ws->cause,
		.status = 101,
		.code = ws->code,
		.reason = reason_of(ws),
		.duration = ws->socket.loop->loop.now - ws->opened_at,
		.messages_in = ws->messages_in,
		.bytes_in = ws->bytes_in,
		.messages_out = ws->messages_out,
		.bytes_out = ws->bytes_out,
	};
}

static void run_closed_steps(struct wye_ws *ws, const struct wye_ws_ending *ending)
{
	const struct wye_chain *chain = ws->route->base.chain;

	for (size_t i = chain->count; i-- > 0;) {
		const struct wye_step *step = &chain->steps[i];
		struct wye_call before;

		if (!step->ws->closed)
			continue;
		before = wye_call_enter(step->name, ws->route->base.pattern);
		step->ws->closed(NULL, ending, step->instance, ws->states[i]);
		wye_call_leave(before);
	}
}

static void call_close(struct wye_ws *ws, const struct wye_ws_ending *ending)
{
	struct wye_call before;

	if (!ws->opened || !ws->route->handler->close)
		return;
	before = wye_ws_enter_call(ws);
	ws->route->handler->close(ws, &ws->route->base.mount, ending);
	wye_call_leave(before);
}

/* What a context says of how a connection ended. */
static enum wye_cancel_cause cancel_cause(enum wye_ws_cause cause)
{
	return cause == WYE_WS_DRAIN      ? WYE_CANCEL_DRAIN
	       : cause == WYE_WS_DEADLINE ? WYE_CANCEL_DEADLINE
	       : cause == WYE_WS_EXPIRED  ? WYE_CANCEL_DEADLINE
	       : cause == WYE_WS_HANDLER  ? WYE_CANCEL_ENDED
					  : WYE_CANCEL_GONE;
}

static void ended(struct wye_socket *socket, enum wye_socket_end how)
{
	struct wye_ws *ws = wye_ws_from_socket(socket);
	struct wye_ws_ending ending;

	if (ws->state == WYE_WS_OPEN) {
		ws->cause = how == WYE_SOCKET_STALLED   ? WYE_WS_WRITE_STALL
			    : how == WYE_SOCKET_STOPPED ? WYE_WS_DRAIN
							: WYE_WS_RESET;
		ws->code = WYE_WS_ABNORMAL;
	}
	ws->state = WYE_WS_CLOSED;
	retire(ws);
	if (ws->opened) {
		wye_ws_count_closed((enum wye_ws_cause)ws->cause);
		wye_ws_count_window(ws, -1);
	}
	wye_limits_leave(socket->loop->limits, &ws->peer);
	ending = describe(ws);
	wye_context_cancel(&ws->context, cancel_cause((enum wye_ws_cause)ws->cause));
	wye_context_fini(&ws->context);
	call_close(ws, &ending);
	wye_ws_tasks_end(ws);
	run_closed_steps(ws, &ending);
}

static void destroy(struct wye_socket *socket)
{
	struct wye_ws *ws = wye_ws_from_socket(socket);

	wye_context_fini(&ws->context); /* close() may have set a deadline */
	wye_ws_decoder_fini(&ws->decoder);
	wye_inflater_fini(&ws->inflater);
	free(ws->held);
	free(ws->kept);
	free(ws->rate);
	free(ws->owed);
	free(ws->reason);
	ws->magic = 0;
	free(ws);
}

/* ---- the socket's callbacks ---- */

static void received(struct wye_socket *socket, uint8_t *data, size_t length)
{
	wye_ws_received(wye_ws_from_socket(socket), data, length);
}

static void resumed(struct wye_socket *socket)
{
	wye_ws_resumed(wye_ws_from_socket(socket));
}

static void flushing(struct wye_socket *socket)
{
	struct wye_ws *ws = wye_ws_from_socket(socket);

	if (ws->owed)
		wye_ws_pong_owed(ws);
	wye_ws_backlog_flushing(ws);
}

static void written(struct wye_socket *socket, unsigned messages, size_t payload)
{
	struct wye_ws *ws = wye_ws_from_socket(socket);

	ws->messages_out += messages;
	ws->bytes_out += payload;
	ws->clock.used_at = socket->loop->loop.now;
	wye_ws_count_out(messages, payload);
}

static void dropped(struct wye_socket *socket, const struct wye_outbox_left *left)
{
	wye_ws_backlog_dropped(wye_ws_from_socket(socket), left);
	wye_ws_count_dropped(left->messages);
}

static void relieved(struct wye_socket *socket)
{
	struct wye_ws *ws = wye_ws_from_socket(socket);
	const struct wye_ws_handler *handler = ws->route->handler;
	struct wye_call before;

	if (ws->state != WYE_WS_OPEN || !handler->drained)
		return;
	before = wye_ws_enter_call(ws);
	handler->drained(ws, &ws->route->base.mount);
	wye_call_leave(before);
}

static bool drain(struct wye_socket *socket)
{
	struct wye_ws *ws = wye_ws_from_socket(socket);

	if (ws->state != WYE_WS_OPEN)
		return false;
	wye_context_cancel(&ws->context, WYE_CANCEL_DRAIN);
	wye_ws_end(ws, WYE_WS_DRAIN, WYE_WS_GOING_AWAY, "going away");
	return true;
}

static const struct wye_socket_ops OPS = {
	.received = received,
	.flushing = flushing,
	.written = written,
	.dropped = dropped,
	.relieved = relieved,
	.resumed = resumed,
	.expired = expired,
	.drain = drain,
	.ended = ended,
	.free = destroy,
};

/* ---- taking over ---- */

struct wye_ws *wye_ws_from_socket(struct wye_socket *socket)
{
	struct wye_ws *ws = (struct wye_ws *)socket;

	return socket->ops == &OPS && ws->magic == WS_MAGIC ? ws : NULL;
}

static char *put_text(char *at, struct wye_text *out, struct wye_text text)
{
	if (text.length)
		memcpy(at, text.data, text.length);
	*out = (struct wye_text) { text.data ? at : NULL, text.length };
	return at + text.length;
}

static size_t tail_size(const struct wye_handshake *handshake)
{
	size_t size = handshake->chain->count * sizeof(void *) + handshake->client.length +
		      handshake->user.length + handshake->subprotocol.length +
		      wye_attributes_size(handshake->attributes) +
		      (handshake->end.at ? sizeof(struct wye_ws_expiry) : 0);

	for (size_t i = 0; i < handshake->match.count; i++)
		size += sizeof(struct wye_parameter) +
			handshake->match.parameters[i].value.length;
	return size;
}

static char *put_expiry(struct wye_ws *ws, char *at, const struct wye_handshake_end *end)
{
	struct wye_ws_expiry *expiry = (struct wye_ws_expiry *)at;
	size_t length = end->reason.length;

	if (!end->at)
		return at;
	expiry->at = end->at;
	expiry->code = end->code;
	memcpy(expiry->reason, end->reason.data,
	       length < sizeof expiry->reason ? length : sizeof expiry->reason - 1);
	ws->expiry = expiry;
	return at + sizeof *expiry;
}

/* What stays of the handshake lies behind the connection, in the same allocation. */
static void fill_tail(struct wye_ws *ws, const struct wye_handshake *handshake)
{
	size_t steps = handshake->chain->count, count = handshake->match.count;
	char *at;

	ws->states = (void **)(ws + 1);
	memcpy(ws->states, handshake->states, steps * sizeof *ws->states);
	ws->parameters = (struct wye_parameter *)(ws->states + steps);
	ws->parameter_count = (uint16_t)count;
	at = put_expiry(ws, (char *)(ws->parameters + count), &handshake->end);
	ws->attributes = wye_attributes_copy(handshake->attributes, at);
	at += wye_attributes_size(handshake->attributes);
	for (size_t i = 0; i < count; i++) {
		ws->parameters[i].name = handshake->match.parameters[i].name;
		at = put_text(at, &ws->parameters[i].value,
			      handshake->match.parameters[i].value);
	}
	at = put_text(at, &ws->client, handshake->client);
	at = put_text(at, &ws->user, handshake->user);
	put_text(at, &ws->subprotocol, handshake->subprotocol);
}

static void deadline_over(struct wye_context *context)
{
	struct wye_ws *ws =
		(struct wye_ws *)((char *)context - offsetof(struct wye_ws, context));

	wye_ws_end(ws, WYE_WS_DEADLINE, WYE_WS_POLICY_VIOLATION, "time is up");
}

static void take_terms(struct wye_ws *ws, const struct wye_deflate_terms *terms)
{
	if (!terms->send_bits)
		return;
	ws->deflate_bits = terms->send_bits;
	if (terms->takeover)
		ws->inflater.bits = terms->receive_bits;
	wye_ws_decoder_allow_compressed(&ws->decoder);
}

static struct wye_ws *create(const struct wye_handshake *handshake)
{
	struct wye_ws *ws = calloc(1, sizeof *ws + tail_size(handshake));

	if (!ws)
		return NULL;
	ws->magic = WS_MAGIC;
	ws->route = handshake->route;
	ws->peer = handshake->peer;
	ws->opened_at = handshake->loop->loop.now;
	ws->socket.loop = handshake->loop;
	wye_context_init(&ws->context, &handshake->loop->loop, deadline_over);
	wye_ws_decoder_init(&ws->decoder, handshake->route->max_message);
	take_terms(ws, &handshake->deflate);
	fill_tail(ws, handshake);
	return ws;
}

void wye_ws_give_up(struct wye_handshake *handshake)
{
	struct wye_ws_ending ending = { .size = sizeof ending,
					.cause = WYE_WS_DRAIN,
					.status = 503,
					.code = WYE_WS_ABNORMAL };

	wye_wire_close(&handshake->wire);
	wye_limits_leave(handshake->loop->limits, &handshake->peer);
	wye_ws_lane_closed(handshake, &ending);
	wye_handshake_destroy(handshake);
}

struct wye_call wye_ws_enter_call(const struct wye_ws *ws)
{
	return wye_call_enter(ws->route->base.handler, ws->route->base.pattern);
}

static void open_handler(struct wye_ws *ws, const struct wye_handshake *handshake)
{
	const struct wye_ws_route *route = ws->route;
	struct wye_call before;
	int error = 0;

	ws->opened = true;
	wye_ws_count_opened();
	wye_ws_count_window(ws, 1);
	wye_ws_clock_start(ws);
	before = wye_ws_enter_call(ws);
	if (route->handler->open)
		error = route->handler->open(ws, &route->base.mount, handshake);
	wye_call_leave(before);
	if (error < 0)
		wye_ws_end(ws, WYE_WS_POLICY, WYE_WS_POLICY_VIOLATION, NULL);
}

static int take_socket(struct wye_ws *ws, struct wye_handshake *handshake,
		       struct wye_socket *adopted)
{
	if (adopted) {
		wye_socket_move(adopted, &ws->socket, &OPS, ws->route->write_timeout);
		return 0;
	}
	return wye_socket_adopt(&ws->socket, handshake->loop, wye_wire_take(&handshake->wire),
				&OPS, ws->route->write_timeout);
}

/* What can't be opened: an adopted socket closes by itself, and leaves the limits then. */
static void fail(struct wye_ws *ws, struct wye_handshake *handshake, struct wye_socket *adopted)
{
	if (ws) {
		wye_socket_unname(&ws->socket);
		free(ws->rate);
	}
	free(ws);
	if (adopted) {
		wye_socket_kill(adopted, WYE_SOCKET_KILLED);
		wye_ws_lane_abandon(handshake, 503, WYE_WS_RESET);
		return;
	}
	wye_stream_unpick(handshake->loop);
	wye_ws_give_up(handshake);
}

static int name(struct wye_ws *ws)
{
	const struct wye_send_bounds bounds = {
		.bytes = ws->route->outbox_bytes,
		.messages = ws->route->outbox_messages,
		.policy = ws->route->slow_consumer,
		.flags = ws->deflate_bits,
		.tag = ws->route,
	};

	return wye_socket_name(&ws->socket, WYE_SOCKET_WEBSOCKET, &bounds);
}

bool wye_ws_open(struct wye_handshake *handshake, struct wye_socket *adopted)
{
	struct wye_ws *ws = create(handshake);

	if (!ws || name(ws) || wye_ws_rate_start(ws) || take_socket(ws, handshake, adopted)) {
		fail(ws, handshake, adopted);
		return false;
	}
	ws->socket.hooked = true;
	if (wye_ws_queue_101(ws, handshake) || wye_ws_enter_user(ws))
		wye_socket_kill(&ws->socket, WYE_SOCKET_KILLED);
	else
		open_handler(ws, handshake);
	wye_handshake_destroy(handshake);
	return true;
}

void wye_ws_take_over(struct wye_mail *mail)
{
	struct wye_handshake *handshake = (struct wye_handshake *)mail;

	wye_context_enter(&handshake->context, &handshake->loop->loop);
	(void)wye_ws_open(handshake, NULL);
}
