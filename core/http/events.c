/* SPDX-License-Identifier: MIT
 *
 * events.c - see events.h and <wye/stream.h>.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/calls.h"
#include "http/chain.h"
#include "http/connection.h"
#include "http/events.h"
#include "http/thread.h"
#include "stream/send.h"

enum {
	DEFAULT_WRITE_TIMEOUT = 30000, /* milliseconds */
	DEFAULT_BYTES = 65536,
	DEFAULT_MESSAGES = 1024,
	MOST_MESSAGES = 65535,
	CLOSE_TIMEOUT = 5000, /* milliseconds for what is queued to leave at the end */
	EVENT_IN_PLACE =
		2048, /* bytes of an event that is put together without an allocation */
};

struct wye_stream {
	struct wye_socket socket; /* first */
	struct wye_mail mail;     /* to its loop */
	struct wye_request *request;
	const struct wye_stream_handler *handler;
	void *data;
	union wye_address peer;
	struct wye_wire wire;
	uint64_t sent_at; /* milliseconds: when something was last queued */
	struct wye_timer heartbeat;
	uint8_t cause; /* enum wye_stream_cause */
	bool opened, ending;
};

static struct {
	wye_metric open, opened, bytes, full;
	wye_metric closed[WYE_STREAM_DRAIN + 1];
} metrics;

void wye_events_register_metrics(void)
{
	static const char *const names[] = {
		[WYE_STREAM_PEER] = "streams_closed_peer_total",
		[WYE_STREAM_HANDLER] = "streams_closed_handler_total",
		[WYE_STREAM_SLOW_CONSUMER] = "streams_closed_slow_consumer_total",
		[WYE_STREAM_WRITE_STALL] = "streams_closed_write_stall_total",
		[WYE_STREAM_DEADLINE] = "streams_closed_deadline_total",
		[WYE_STREAM_DRAIN] = "streams_closed_drain_total",
	};

	metrics.open = wye_metric_register("streams_open", WYE_GAUGE);
	metrics.opened = wye_metric_register("streams_opened_total", WYE_COUNTER);
	metrics.bytes = wye_metric_register("streams_bytes_out_total", WYE_COUNTER);
	metrics.full = wye_metric_register("streams_outbox_full_total", WYE_COUNTER);
	for (unsigned i = 0; i <= WYE_STREAM_DRAIN; i++)
		metrics.closed[i] = wye_metric_register(names[i], WYE_COUNTER);
}

static struct wye_stream *from_socket(struct wye_socket *socket)
{
	return (struct wye_stream *)socket;
}

static struct wye_call enter_call(const struct wye_stream *stream)
{
	return wye_call_enter(stream->request->reply.culprit,
			      wye_request_pattern(stream->request));
}

/* ---- the end ---- */

static void end(struct wye_stream *stream, enum wye_stream_cause cause)
{
	if (stream->ending)
		return;
	stream->ending = true;
	stream->cause = (uint8_t)cause;
	wye_socket_unname(&stream->socket);
	wye_timer_stop(&stream->socket.loop->loop, &stream->heartbeat);
	wye_socket_deadline(&stream->socket, CLOSE_TIMEOUT);
	if (cause == WYE_STREAM_SLOW_CONSUMER) /* what waits would wait for long */
		wye_socket_drop(&stream->socket);
	else
		wye_socket_close(&stream->socket);
}

static enum wye_cancel_cause cancel_cause(enum wye_stream_cause cause)
{
	return cause == WYE_STREAM_DRAIN      ? WYE_CANCEL_DRAIN
	       : cause == WYE_STREAM_DEADLINE ? WYE_CANCEL_DEADLINE
	       : cause == WYE_STREAM_HANDLER  ? WYE_CANCEL_ENDED
					      : WYE_CANCEL_GONE;
}

/* How the request ended, for its done steps. */
static enum wye_request_end request_end(enum wye_stream_cause cause)
{
	return cause == WYE_STREAM_HANDLER || cause == WYE_STREAM_PEER ? WYE_REQUEST_FINISHED
	       : cause == WYE_STREAM_DRAIN                             ? WYE_REQUEST_STOPPED
								       : WYE_REQUEST_ABORTED;
}

/* Also for one that was never opened; then `shown` is NULL. */
static void finish(struct wye_stream *stream, struct wye_stream *shown)
{
	enum wye_stream_cause cause = (enum wye_stream_cause)stream->cause;
	struct wye_request *request = stream->request;
	struct wye_call before = enter_call(stream);

	request->ending = (uint8_t)request_end(cause);
	wye_context_cancel(&request->context, cancel_cause(cause));
	request->reply.kind = WYE_REPLY_EVENTS;
	request->reply.events = NULL; /* its close() is called here */
	if (stream->handler->close)
		stream->handler->close(shown, stream->data, cause);
	wye_call_leave(before);
	wye_chain_done(request);
	wye_request_finish(request);
}

static void ended(struct wye_socket *socket, enum wye_socket_end how)
{
	struct wye_stream *stream = from_socket(socket);

	if (!stream->ending)
		stream->cause = how == WYE_SOCKET_STALLED   ? WYE_STREAM_WRITE_STALL
				: how == WYE_SOCKET_STOPPED ? WYE_STREAM_DRAIN
							    : WYE_STREAM_PEER;
	stream->ending = true;
	wye_socket_unname(socket);
	wye_timer_stop(&socket->loop->loop, &stream->heartbeat);
	wye_metric_add(metrics.open, -1);
	wye_metric_add(metrics.closed[stream->cause], 1);
	wye_limits_leave(socket->loop->limits, &stream->peer);
	finish(stream, stream->opened ? stream : NULL);
}

static void destroy(struct wye_socket *socket)
{
	free(from_socket(socket));
}

/* ---- life ---- */

/* What a client sends behind its request is of no interest. */
static void received(struct wye_socket *socket, uint8_t *data, size_t length)
{
	(void)socket;
	(void)data;
	(void)length;
}

static void written(struct wye_socket *socket, unsigned messages, size_t payload)
{
	struct wye_stream *stream = from_socket(socket);

	(void)messages;
	stream->request->reply.sent += payload;
	stream->sent_at = socket->loop->loop.now;
	wye_metric_add(metrics.bytes, (int64_t)payload);
}

static void resumed(struct wye_socket *socket)
{
	(void)socket;
}

static void overdue(struct wye_socket *socket)
{
	wye_socket_kill(socket, WYE_SOCKET_KILLED);
}

static bool drain(struct wye_socket *socket)
{
	struct wye_stream *stream = from_socket(socket);

	if (stream->ending)
		return false;
	wye_context_cancel(&stream->request->context, WYE_CANCEL_DRAIN);
	end(stream, WYE_STREAM_DRAIN);
	return true;
}

static const struct wye_socket_ops OPS = {
	.received = received,
	.written = written,
	.resumed = resumed,
	.expired = overdue,
	.drain = drain,
	.ended = ended,
	.free = destroy,
};

static void deadline_over(struct wye_context *context)
{
	struct wye_request *request =
		(struct wye_request *)((char *)context - offsetof(struct wye_request, context));

	end(request->reply.argument, WYE_STREAM_DEADLINE);
}

/* Lazy: the timer looks how long the silence is by now. */
static void beat(void *argument)
{
	struct wye_stream *stream = argument;
	struct wye_loop *loop = &stream->socket.loop->loop;
	uint64_t silence = loop->now - stream->sent_at, every = stream->handler->heartbeat;

	if (silence >= every) {
		(void)!wye_socket_queue(&stream->socket, NULL, 0, ":\n\n", 3);
		stream->sent_at = loop->now;
		silence = 0;
	}
	wye_timer_start(loop, &stream->heartbeat, every - silence);
}

/* ---- the beginning ---- */

static int queue_head(struct wye_stream *stream)
{
	struct wye_buffer head = { NULL, 0, 0 };
	int error = wye_reply_compose(stream->request, &head);

	if (!error && !wye_reply_find_header(stream->request, "Cache-Control").data)
		error = wye_buffer_printf(&head, "Cache-Control: no-store\r\n");
	if (!error)
		error = wye_buffer_append(&head, "\r\n", 2);
	if (!error)
		error = wye_socket_queue(&stream->socket, NULL, 0, head.data, head.length);
	wye_buffer_fini(&head);
	return error;
}

static void open_stream(struct wye_stream *stream)
{
	const struct wye_stream_handler *handler = stream->handler;
	struct wye_loop *loop = &stream->socket.loop->loop;
	struct wye_call before;
	int error = 0;

	wye_metric_add(metrics.open, 1);
	wye_metric_add(metrics.opened, 1);
	stream->sent_at = loop->now;
	if (queue_head(stream)) {
		wye_socket_kill(&stream->socket, WYE_SOCKET_KILLED);
		return;
	}
	stream->opened = true;
	if (handler->heartbeat)
		wye_timer_start(loop, &stream->heartbeat, handler->heartbeat);
	before = enter_call(stream);
	if (handler->open)
		error = handler->open(stream, stream->data);
	wye_call_leave(before);
	if (error)
		end(stream, WYE_STREAM_HANDLER);
}

static int name(struct wye_stream *stream)
{
	const struct wye_stream_handler *handler = stream->handler;
	size_t bytes = handler->outbox_bytes ? handler->outbox_bytes : DEFAULT_BYTES;
	unsigned messages =
		handler->outbox_messages ? handler->outbox_messages : DEFAULT_MESSAGES;
	const struct wye_send_bounds bounds = {
		.bytes = bytes < WYE_SEND_MAX ? bytes : WYE_SEND_MAX,
		.messages = messages < MOST_MESSAGES ? messages : MOST_MESSAGES,
		.policy = WYE_SLOW_DISCONNECT,
	};

	return wye_socket_name(&stream->socket, WYE_SOCKET_STREAM, &bounds);
}

/* No stream comes of it. */
static void give_up(struct wye_stream *stream)
{
	struct wye_stream_loop *loop = stream->socket.loop;

	wye_socket_unname(&stream->socket);
	wye_wire_close(&stream->wire);
	wye_stream_unpick(loop);
	wye_limits_leave(loop->limits, &stream->peer);
	finish(stream, NULL);
	free(stream);
}

/* Into memory of the loop's own thread: among the blocks of an http thread's engine, which come
 * and go, what stays for long would keep pages to itself. */
static struct wye_stream *settle(struct wye_stream *stream)
{
	struct wye_stream *settled = malloc(sizeof *settled);

	if (!settled)
		return stream;
	*settled = *stream;
	free(stream);
	settled->request->reply.argument = settled;
	return settled;
}

static void take_over(struct wye_mail *mail)
{
	struct wye_stream *stream =
		settle((struct wye_stream *)((char *)mail - offsetof(struct wye_stream, mail)));
	struct wye_stream_loop *loop = stream->socket.loop;
	unsigned patience = stream->handler->write_timeout;

	wye_timer_init(&stream->heartbeat, beat, stream);
	wye_context_enter(&stream->request->context, &loop->loop);
	if (name(stream)) {
		give_up(stream);
		return;
	}
	if (wye_socket_adopt(&stream->socket, loop, wye_wire_take(&stream->wire), &OPS,
			     patience ? patience : DEFAULT_WRITE_TIMEOUT)) {
		give_up(stream);
		return;
	}
	open_stream(stream);
}

static int create(struct wye_stream **out, struct wye_request *request)
{
	struct wye_stream *stream = calloc(1, sizeof *stream);
	int error = -ENOMEM;

	if (stream)
		error = wye_http_connection_depart(request->connection, NULL, &stream->wire);
	if (error) {
		free(stream);
		return error;
	}
	stream->request = request;
	stream->handler = request->reply.events;
	stream->data = request->reply.argument;
	stream->peer = request->connection->peer;
	stream->cause = WYE_STREAM_PEER;
	*out = stream;
	return 0;
}

/* The connection's record stays with the engine, which is told to close its descriptor. */
static void leave_connection(struct wye_request *request)
{
	struct wye_http_connection *connection = request->connection;

	connection->handed_over = true;
	connection->request = NULL;
	wye_metric_add(connection->thread->metrics->streams_handed_over, 1);
	wye_metric_add(connection->thread->metrics->completed, 1);
	wye_metric_add(connection->thread->metrics->ended, 1);
	wye_http_connection_rest(connection);
	wye_request_detach(request);
}

/* Also where the client's session of TLS has broken meanwhile (-EPIPE). */
static void could_not(struct wye_request *request, int error)
{
	struct wye_http_connection *connection = request->connection;

	if (error != -EPIPE)
		wye_log(WYE_LOG_ERROR, "can't begin an event stream: %s", strerror(-error));
	connection->request = NULL;
	request->ending = WYE_REQUEST_ABORTED;
	wye_metric_add(connection->thread->metrics->aborted, 1);
	wye_metric_add(connection->thread->metrics->ended, 1);
	wye_http_connection_rest(connection);
	wye_chain_done(request);
	wye_request_finish(request);
}

void wye_events_hand_over(struct wye_request *request)
{
	struct wye_stream *stream;
	int error = create(&stream, request);

	if (error) {
		could_not(request, error);
		return;
	}
	request->reply.argument = stream; /* the way back from the context */
	request->state = WYE_REQUEST_HANDED;
	request->context.expired = deadline_over;
	leave_connection(request);
	stream->socket.loop = wye_stream_pick();
	if (wye_loop_mail(&stream->socket.loop->loop, &stream->mail, take_over))
		give_up(stream);
}

/* ---- public ---- */

wye_stream_id wye_stream_identity(const struct wye_stream *stream)
{
	return (wye_stream_id) { stream->socket.id };
}

struct wye_loop *wye_stream_loop(const struct wye_stream *stream)
{
	return &stream->socket.loop->loop;
}

struct wye_request *wye_stream_request(const struct wye_stream *stream)
{
	return stream->request;
}

struct wye_context *wye_stream_context(struct wye_stream *stream)
{
	return &stream->request->context;
}

static void carry_out_end(struct wye_socket *socket, const struct wye_order *order)
{
	end(from_socket(socket), (enum wye_stream_cause)order->cause);
}

int wye_stream_close(wye_stream_id id)
{
	const struct wye_order order = { .cause = WYE_STREAM_HANDLER };

	return wye_socket_order(id.value, WYE_SOCKET_STREAM, &order, carry_out_end);
}

int wye_stream_send(wye_stream_id id, const void *data, size_t length)
{
	const struct wye_order order = { .cause = WYE_STREAM_SLOW_CONSUMER };
	const struct wye_parcel parcel = { .data = data, .length = length };
	int error = wye_socket_send(id.value, WYE_SOCKET_STREAM, &parcel);

	if (error == -ENOBUFS) {
		wye_metric_add(metrics.full, 1);
		(void)!wye_socket_order(id.value, WYE_SOCKET_STREAM, &order, carry_out_end);
	}
	return error;
}
