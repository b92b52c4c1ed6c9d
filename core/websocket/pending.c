/* SPDX-License-Identifier: MIT
 *
 * pending.c - see pending.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wye/log.h>

#include "base/calls.h"
#include "base/status.h"
#include "stream/send.h"
#include "websocket/connection.h"
#include "websocket/lane.h"
#include "websocket/metrics.h"
#include "websocket/pending.h"

enum {
	WRITE_TIMEOUT = 5000, /* milliseconds for a refusal to leave */
	NO_ROUTE_TIMEOUT = 10000,
};

static const struct wye_socket_ops OPS;

static struct wye_pending *from_socket(struct wye_socket *socket)
{
	return (struct wye_pending *)socket;
}

void wye_pending_drop_ticket(struct wye_handshake *handshake)
{
	if (!handshake->ticket)
		return;
	wye_id_release(handshake->loop->ids, handshake->ticket);
	handshake->ticket = NULL;
	wye_metric_add(handshake->gauges->tickets, -1);
}

/* ---- refusing ---- */

static int compose(const struct wye_handshake *handshake, struct wye_buffer *out)
{
	static const struct wye_text type = { "Content-Type", 12 },
				     plain = { "text/plain; charset=utf-8", 25 };
	const struct wye_refusal *refusal = &handshake->refusal;
	int error = wye_status_begin(out, refusal->status);

	for (const struct wye_handshake_field *field = handshake->reply; field && !error;
	     field = field->next)
		error = wye_status_field(out, field->name, field->value);
	if (!error)
		error = wye_status_field(out, type, plain);
	return error ? error : wye_status_body(out, refusal->body.data, refusal->body.length);
}

static void write_refusal(struct wye_socket *socket, const struct wye_handshake *handshake)
{
	struct wye_buffer text = { NULL, 0, 0 };

	wye_ws_count_refused();
	if (compose(handshake, &text) ||
	    wye_socket_queue(socket, NULL, 0, text.data, text.length)) {
		wye_socket_kill(socket, WYE_SOCKET_KILLED);
	} else {
		wye_socket_close(socket);
		wye_socket_deadline(socket, WRITE_TIMEOUT);
	}
	wye_buffer_fini(&text);
}

/* The handshake is over, whatever came of it. */
static void detach(struct wye_handshake *handshake)
{
	wye_pending_drop_ticket(handshake);
	if (handshake->pending)
		handshake->pending->handshake = NULL;
	handshake->pending = NULL;
	wye_ws_count_pending(-1);
}

static void refused(struct wye_handshake *handshake)
{
	struct wye_socket *socket = &handshake->pending->socket;

	detach(handshake); /* first: the socket may end at once */
	write_refusal(socket, handshake);
	wye_handshake_destroy(handshake);
}

/* True if no step of it is on the pool. One that is still queued is taken out, and has not been
 * entered then. */
static bool is_here(struct wye_handshake *handshake)
{
	if (!handshake->job.out)
		return true;
	if (!wye_jobs_withdraw(handshake->loop->jobs, &handshake->job))
		return false;
	handshake->entered--;
	return true;
}

/* It can't wait for a step any more: time is up, or the program stops. What a step on the pool
 * may touch is left alone until it is back. */
static void refuse_waiting(struct wye_handshake *handshake, const char *why)
{
	wye_pending_drop_ticket(handshake);
	handshake->overruled = why;
	if (is_here(handshake))
		wye_pending_go_on(handshake, WYE_ANSWERED);
}

void wye_pending_deadline_over(struct wye_context *context)
{
	struct wye_handshake *handshake =
		(struct wye_handshake *)((char *)context -
					 offsetof(struct wye_handshake, context));

	if (!handshake->pending) /* it ends already; or its refusal is being written by http */
		return;
	wye_log(WYE_LOG_WARNING, "%s did not decide on a handshake in time",
		handshake->entered ? handshake->chain->steps[handshake->entered - 1].name
				   : "wye");
	refuse_waiting(handshake, "timed out\n");
}

/* ---- going on ---- */

void wye_pending_go_on(struct wye_handshake *handshake, enum wye_verdict verdict)
{
	struct wye_pending *pending = handshake->pending;

	wye_pending_drop_ticket(handshake);
	if (!pending) { /* its client has gone meanwhile */
		detach(handshake);
		wye_ws_lane_abandon(handshake, 0, WYE_WS_RESET);
		return;
	}
	if (handshake->overruled) {
		(void)wye_handshake_refuse(handshake, 503, handshake->overruled);
		verdict = WYE_ANSWERED;
	}
	switch (wye_ws_lane_go_on(handshake, verdict)) {
	case WYE_LANE_ACCEPTED:
		detach(handshake);
		if (wye_ws_open(handshake, &pending->socket))
			free(pending); /* its socket lives on in the connection */
		break;
	case WYE_LANE_REFUSED:
		refused(handshake);
		break;
	case WYE_LANE_MOVE:
	case WYE_LANE_WAITING:
		break;
	}
}

/* ---- the socket ---- */

/* A client has nothing to say before the 101 (RFC 6455, 4.1). */
static void received(struct wye_socket *socket, uint8_t *data, size_t length)
{
	(void)data;
	(void)length;
	if (from_socket(socket)->handshake)
		wye_socket_kill(socket, WYE_SOCKET_KILLED);
}

static void nothing(struct wye_socket *socket)
{
	(void)socket;
}

static void written(struct wye_socket *socket, unsigned messages, size_t payload)
{
	(void)socket;
	(void)messages;
	(void)payload;
}

static void overdue(struct wye_socket *socket)
{
	wye_socket_kill(socket, WYE_SOCKET_KILLED);
}

static bool drain(struct wye_socket *socket)
{
	struct wye_handshake *handshake = from_socket(socket)->handshake;

	if (!handshake || handshake->overruled)
		return false;
	wye_context_cancel(&handshake->context, WYE_CANCEL_DRAIN);
	refuse_waiting(handshake, "going away\n");
	return true;
}

static void ended(struct wye_socket *socket, enum wye_socket_end how)
{
	struct wye_handshake *handshake = from_socket(socket)->handshake;

	(void)how;
	wye_limits_leave(socket->loop->limits, &from_socket(socket)->peer);
	if (!handshake)
		return;
	handshake->pending = NULL;
	wye_context_cancel(&handshake->context, WYE_CANCEL_GONE);
	if (is_here(handshake))
		wye_pending_go_on(handshake, WYE_ANSWERED);
}

static void destroy(struct wye_socket *socket)
{
	free(from_socket(socket));
}

static const struct wye_socket_ops OPS = {
	.received = received,
	.written = written,
	.resumed = nothing,
	.expired = overdue,
	.drain = drain,
	.ended = ended,
	.free = destroy,
};

void wye_pending_take_over(struct wye_mail *mail)
{
	struct wye_handshake *handshake = (struct wye_handshake *)mail;
	struct wye_stream_loop *loop = handshake->loop;
	struct wye_pending *pending = calloc(1, sizeof *pending);

	if (!pending ||
	    wye_socket_adopt(&pending->socket, loop, wye_wire_take(&handshake->wire), &OPS,
			     WRITE_TIMEOUT)) {
		wye_stream_unpick(loop);
		free(pending);
		wye_ws_give_up(handshake);
		return;
	}
	pending->handshake = handshake;
	pending->peer = handshake->peer;
	handshake->pending = pending;
	wye_ws_count_pending(1);
	wye_context_enter(&handshake->context, &loop->loop);
	if (wye_context_set_deadline(&handshake->context,
				     handshake->route ? handshake->route->handshake_timeout
						      : NO_ROUTE_TIMEOUT))
		refuse_waiting(handshake, "out of memory\n"); /* it could wait for ever */
	else
		wye_pending_go_on(handshake, WYE_NEXT);
}

/* ---- tickets ---- */

int wye_handshake_ticket_take(struct wye_handshake *handshake, wye_handshake_ticket *out)
{
	int error;

	if (!handshake->running || !handshake->loop)
		return -EPERM;
	if (!(handshake->chain->steps[handshake->entered - 1].ws->flags & WYE_DEFERS))
		return -EPERM;
	if (handshake->ticket)
		return -EALREADY;
	error = wye_id_acquire(handshake->loop->ids, handshake, &handshake->ticket,
			       &out->value);
	if (error)
		return error == -ENFILE ? -ENOMEM : error;
	wye_slot_mark(handshake->ticket, WYE_SOCKET_HANDSHAKE);
	handshake->gauges = handshake->chain->steps[handshake->entered - 1].gauges;
	wye_metric_add(handshake->gauges->tickets, 1);
	return 0;
}

struct finish {
	struct wye_mail mail;
	uint64_t ticket;
	enum wye_verdict (*run)(struct wye_handshake *handshake, void *argument);
	void *argument;
};

/* In place of the step, which may take another ticket. */
static void run_in_step(struct wye_handshake *handshake, struct finish *message)
{
	const struct wye_step *step = &handshake->chain->steps[handshake->entered - 1];
	struct wye_call before = wye_call_enter(step->name, NULL);
	enum wye_verdict verdict;

	wye_pending_drop_ticket(handshake);
	handshake->running = true;
	verdict = message->run(handshake, message->argument);
	handshake->running = false;
	wye_call_leave(before);
	if (verdict != WYE_DEFERRED || !handshake->ticket)
		wye_pending_go_on(handshake, verdict);
}

static void finish(struct wye_mail *mail)
{
	struct finish *message = (struct finish *)mail;
	struct wye_stream_loop *loop = wye_stream_of(wye_id_loop(message->ticket));
	struct wye_slot *slot = wye_id_find(loop->ids, message->ticket);

	if (slot)
		run_in_step(atomic_load(&slot->object), message);
	else
		(void)message->run(NULL, message->argument);
	free(message);
}

int wye_handshake_ticket_run(wye_handshake_ticket ticket,
			     enum wye_verdict (*run)(struct wye_handshake *handshake,
						     void *argument),
			     void *argument)
{
	struct wye_stream_loop *loop = wye_stream_of(wye_id_loop(ticket.value));
	struct wye_slot *slot = loop ? wye_id_find(loop->ids, ticket.value) : NULL;
	struct finish *message;

	if (!slot || !wye_slot_is(slot, WYE_SOCKET_HANDSHAKE))
		return -ENOENT;
	message = malloc(sizeof *message);
	if (!message)
		return -ENOMEM;
	*message = (struct finish) { .ticket = ticket.value, .run = run, .argument = argument };
	if (wye_id_claim(slot, ticket.value) &&
	    !wye_loop_mail(&loop->loop, &message->mail, finish))
		return 0;
	free(message);
	return -ENOENT;
}

static enum wye_verdict pass(struct wye_handshake *handshake, void *argument)
{
	(void)handshake;
	(void)argument;
	return WYE_NEXT;
}

int wye_handshake_ticket_pass(wye_handshake_ticket ticket)
{
	return wye_handshake_ticket_run(ticket, pass, NULL);
}

struct late_refusal {
	unsigned status;
	char body[];
};

static enum wye_verdict refuse_late(struct wye_handshake *handshake, void *argument)
{
	struct late_refusal *refusal = argument;

	if (handshake)
		(void)wye_handshake_refuse(handshake, refusal->status, refusal->body);
	free(refusal);
	return WYE_ANSWERED;
}

int wye_handshake_ticket_refuse(wye_handshake_ticket ticket, unsigned status, const char *body)
{
	size_t size = body ? strlen(body) + 1 : 1;
	struct late_refusal *refusal;
	int error;

	if (status < 400 || status > 599)
		return -EINVAL;
	refusal = calloc(1, sizeof *refusal + size);
	if (!refusal)
		return -ENOMEM;
	refusal->status = status;
	if (body)
		memcpy(refusal->body, body, size);
	error = wye_handshake_ticket_run(ticket, refuse_late, refusal);
	if (error)
		free(refusal);
	return error;
}
