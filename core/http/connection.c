/* SPDX-License-Identifier: MIT
 *
 * connection.c - see connection.h.
 *
 * The deadline timer is lazy: changing the phase is a store, and the timer, which runs at least
 * once per shortest time-out, looks whether anything is due.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/metric.h"
#include "http/bridge.h"
#include "http/connection.h"
#include "http/refusal.h"
#include "http/request.h"
#include "http/thread.h"
#include "http/transport.h"
#include "net/farewell.h"

enum {
	BODY_LOOK = 1000, /* milliseconds between looks for a client that has gone */
	WRITE_LOOKS = 4,  /* in write_timeout: by so much of it a stall may last longer */
	END_LOOK = 1,     /* and to one behind its end: when the engine has read what it can */
};

static struct wye_http_connection *take(struct wye_http_thread *thread)
{
	struct wye_http_connection *connection = thread->free_connections;

	if (!connection)
		return malloc(sizeof *connection);
	thread->free_connections = connection->next;
	return connection;
}

static void link_in(struct wye_http_connection *connection)
{
	struct wye_http_thread *thread = connection->thread;

	connection->next = thread->connections;
	connection->link = &thread->connections;
	if (connection->next)
		connection->next->link = &connection->next;
	thread->connections = connection;
}

void wye_http_connection_release(struct wye_http_connection *connection)
{
	struct wye_http_thread *thread = connection->thread;

	if (!connection->handed_over)
		wye_limits_leave(thread->limits, &connection->peer);
	wye_tls_peer_release(connection->tls_peer);
	wye_timer_stop(&thread->loop, &connection->deadline);
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	connection->next = thread->free_connections;
	thread->free_connections = connection;
	atomic_fetch_sub_explicit(&thread->open, 1, memory_order_relaxed);
	wye_metric_add(thread->metrics->open, -1);
	wye_metric_add(thread->open_here, -1);
}

/* libmicrohttpd says nothing before a request line is complete; the transport knows how many
 * bytes have come. The head of a later request counts from the look that finds it: one
 * head_timeout late at most. */
static void look_for_head(struct wye_http_connection *connection)
{
	uint64_t received;

	if (connection->phase != WYE_HTTP_IDLE ||
	    !wye_transport_received(connection, &received) ||
	    received <= connection->intake.next)
		return;
	connection->phase = WYE_HTTP_HEAD;
	if (!connection->first) /* a fresh one has had its time since it was accepted */
		connection->since = connection->thread->loop.now;
}

/* Requests: a part of one may have come. */
static bool is_between(const struct wye_http_connection *connection)
{
	return connection->phase == WYE_HTTP_IDLE || connection->phase == WYE_HTTP_HEAD;
}

/* The engine misses an end that came together with the last bytes it has read, as it takes a
 * short read for the edge's last. */
static bool has_gone(const struct wye_http_connection *connection)
{
	return (is_between(connection) || connection->phase == WYE_HTTP_BODY) &&
	       wye_transport_has_ended(connection);
}

/* The engine has written all of an answer long before a client has it: under TLS it is ours. */
static bool is_writing(const struct wye_http_connection *connection)
{
	return connection->phase == WYE_HTTP_SERVING ||
	       (connection->phase == WYE_HTTP_ENDING && connection->bridge);
}

static void look_for_progress(struct wye_http_connection *connection, uint64_t now)
{
	uint64_t acked;

	if (!is_writing(connection) || !wye_transport_acked(connection, &acked))
		return;
	if (acked != connection->acked) {
		connection->acked = acked;
		connection->since = now;
	}
}

/* Milliseconds that the present phase may last; 0: for ever. */
static uint64_t allowance(const struct wye_http_connection *connection)
{
	const struct wye_http_limits *limits = connection->thread->http;

	switch (connection->phase) {
	case WYE_HTTP_SHAKING:
		return connection->listener->handshake_timeout;
	case WYE_HTTP_IDLE:
		return connection->first ? limits->head_timeout : limits->keepalive_timeout;
	case WYE_HTTP_HEAD:
		return limits->head_timeout;
	case WYE_HTTP_BODY:
		return limits->body_timeout;
	case WYE_HTTP_SERVING:
		if (connection->request && (connection->request->state != WYE_REQUEST_QUEUED ||
					    connection->request->suspended))
			return 0; /* its ticket has a deadline of its own */
		return limits->write_timeout;
	case WYE_HTTP_ENDING:
		return connection->bridge ? limits->write_timeout : 0;
	}
	return 0;
}

static bool is_head(const struct wye_http_connection *connection)
{
	const struct wye_request *request = connection->request;

	return request && request->method_bit ? request->method_bit == WYE_METHOD_HEAD
					      : wye_intake_is_head(&connection->intake);
}

static void say_timed_out(struct wye_http_connection *connection)
{
	static const struct wye_fault fault = { 408, "request timeout\n" };
	struct wye_buffer text = { NULL, 0, 0 };

	if (!wye_refusal_compose(&text, &fault, is_head(connection)) &&
	    wye_transport_say(connection, text.data, text.length))
		wye_metric_add(connection->thread->metrics->timed_out, 1);
	wye_buffer_fini(&text);
}

void wye_http_connection_cut_short(struct wye_http_connection *connection)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	if (!connection->request || !wye_reply_ends_by_close(connection->request))
		return;
	if (connection->bridge)
		wye_bridge_cut_short(connection->bridge);
	else
		(void)!connect(connection->descriptor, &nobody, sizeof nobody); /* resets TCP */
}

static void cut(struct wye_http_connection *connection, bool late)
{
	if (connection->phase == WYE_HTTP_SERVING)
		wye_http_connection_cut_short(connection);
	if (connection->phase == WYE_HTTP_SERVING && connection->bridge && late)
		wye_bridge_cut_short(connection->bridge);
	connection->phase = WYE_HTTP_ENDING;
	if (!connection->bridge)
		shutdown(connection->descriptor, SHUT_RDWR);
	else if (late)
		wye_bridge_expire(connection->bridge);
	else
		wye_bridge_cut(connection->bridge);
}

void wye_http_connection_cut(struct wye_http_connection *connection)
{
	cut(connection, false);
}

void wye_http_connection_expire(struct wye_http_connection *connection)
{
	struct wye_request *request = connection->request;
	bool asked = connection->phase == WYE_HTTP_HEAD || connection->phase == WYE_HTTP_BODY;

	if (asked)
		say_timed_out(connection);
	if (request) {
		wye_context_cancel(&request->context, WYE_CANCEL_DEADLINE);
		request->ending = asked ? WYE_REQUEST_TIMED_OUT : WYE_REQUEST_ABORTED;
		if (asked)
			request->reply.status = 408;
	} else if (asked) {
		wye_metric_add(connection->thread->metrics->bad_heads, 1);
	}
	cut(connection, true);
}

static unsigned lesser(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* A change of phase does not move the timer: it looks often enough for the shortest. What has
 * been taken of an answer counts from the look that finds it. */
static unsigned shortest(const struct wye_http_connection *connection)
{
	const struct wye_http_limits *limits = connection->thread->http;
	unsigned least =
		lesser(lesser(limits->head_timeout, limits->body_timeout),
		       lesser(limits->keepalive_timeout, limits->write_timeout / WRITE_LOOKS));

	return connection->listener->tls
		       ? lesser(least, connection->listener->handshake_timeout)
		       : least;
}

static void check_deadline(void *argument)
{
	struct wye_http_connection *connection = argument;
	struct wye_http_thread *thread = connection->thread;
	uint64_t now = thread->loop.now, allowed, left, longest = shortest(connection);

	if (connection->phase == WYE_HTTP_BODY || connection->ended)
		longest = lesser((unsigned)longest, BODY_LOOK);

	if (has_gone(connection)) {
		wye_http_connection_cut(connection);
		return;
	}
	look_for_head(connection);
	look_for_progress(connection, now);
	allowed = allowance(connection);
	if (allowed && now - connection->since >= allowed) {
		wye_http_connection_expire(connection);
		return;
	}
	left = allowed ? allowed - (now - connection->since) : longest;
	wye_timer_start(&thread->loop, &connection->deadline, left < longest ? left : longest);
}

/* The engine's address of a client is not used; for that of a pair it leaves TCP's options. */
static bool add_to_engine(struct wye_http_connection *connection, int descriptor,
			  const struct sockaddr *address, socklen_t length)
{
	struct wye_http_thread *thread = connection->thread;
	enum MHD_Result added;

	connection->engine_descriptor = descriptor;
	wye_intake_begin(&connection->intake, descriptor, address->sa_family != AF_UNIX);
	thread->opening = connection;
	added = MHD_add_connection(thread->daemon, descriptor, address, length);
	thread->opening = NULL;
	if (!added)
		wye_intake_end(&connection->intake, descriptor);
	return added;
}

bool wye_http_connection_attach(struct wye_http_connection *connection, int descriptor)
{
	const struct sockaddr_un pair = { .sun_family = AF_UNIX };

	return add_to_engine(connection, descriptor, (const struct sockaddr *)&pair,
			     sizeof pair.sun_family);
}

static void begin(struct wye_http_connection *connection)
{
	const union wye_address *peer = &connection->peer;

	if (connection->listener->tls) {
		if (!wye_bridge_create(&connection->bridge, connection))
			return;
		close(connection->descriptor);
	} else if (add_to_engine(connection, connection->descriptor, &peer->any,
				 wye_address_length(peer)) ||
		   connection->engine) { /* else the closing notice has released it */
		return;
	}
	wye_http_connection_release(connection);
}

void wye_http_connection_open(struct wye_http_thread *thread, int descriptor,
			      const union wye_address *peer,
			      const struct wye_listener *listener, size_t read)
{
	struct wye_http_connection *connection = take(thread);

	if (!connection) {
		wye_limits_leave(thread->limits, peer);
		close(descriptor);
		atomic_fetch_sub_explicit(&thread->open, 1, memory_order_relaxed);
		return;
	}
	memset(connection, 0, offsetof(struct wye_http_connection, peer_text));
	connection->thread = thread;
	connection->descriptor = descriptor;
	connection->listener = listener;
	connection->before = read;
	connection->peer = *peer;
	connection->first = true;
	connection->phase = listener->tls ? WYE_HTTP_SHAKING : WYE_HTTP_IDLE;
	connection->since = thread->loop.now;
	link_in(connection);
	wye_metric_add(thread->metrics->open, 1);
	wye_metric_add(thread->open_here, 1);
	wye_timer_init(&connection->deadline, check_deadline, connection);
	wye_timer_start(&thread->loop, &connection->deadline, shortest(connection));
	begin(connection);
}

/* What it has written may be on its way still. An engine that does not even begin has a bridge
 * that is told otherwise. */
static void engine_left(struct wye_http_connection *connection)
{
	connection->engine = NULL;
	connection->phase = WYE_HTTP_ENDING;
	connection->since = connection->thread->loop.now;
	wye_timer_start(&connection->thread->loop, &connection->deadline, shortest(connection));
	if (connection != connection->thread->opening)
		wye_bridge_engine_left(connection->bridge);
}

void wye_http_connection_notice(void *argument, struct MHD_Connection *engine, void **context,
				enum MHD_ConnectionNotificationCode code)
{
	struct wye_http_thread *thread = argument;
	struct wye_http_connection *connection;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = thread->opening;
		thread->opening->engine = engine;
		return;
	}
	connection = *context;
	wye_intake_end(&connection->intake, connection->engine_descriptor);
	if (connection->bridge)
		engine_left(connection);
	else
		wye_http_connection_release(connection);
}

static void enter(struct wye_http_connection *connection, enum wye_http_phase phase)
{
	if (connection->phase == WYE_HTTP_ENDING)
		return;
	connection->phase = phase;
	connection->since = connection->thread->loop.now;
}

void wye_http_connection_secured(struct wye_http_connection *connection)
{
	enter(connection, WYE_HTTP_IDLE);
}

void wye_http_connection_serve(struct wye_http_connection *connection)
{
	enter(connection, WYE_HTTP_SERVING);
}

void wye_http_connection_read_body(struct wye_http_connection *connection)
{
	enter(connection, WYE_HTTP_BODY);
	wye_timer_start(&connection->thread->loop, &connection->deadline, BODY_LOOK);
}

void wye_http_connection_progress(struct wye_http_connection *connection)
{
	connection->since = connection->thread->loop.now;
}

static void look_at_end(struct wye_http_connection *connection)
{
	if (connection->ended && is_between(connection) && !connection->bridge)
		wye_timer_start(&connection->thread->loop, &connection->deadline, END_LOOK);
}

void wye_http_connection_ended(struct wye_http_connection *connection)
{
	connection->ended = true;
	look_at_end(connection);
}

void wye_http_connection_rest(struct wye_http_connection *connection)
{
	connection->first = false;
	connection->intake.mute = true;
	connection->intake.head_only = false;
	connection->requests++;
	enter(connection, WYE_HTTP_IDLE);
	look_at_end(connection);
	if (connection->thread->draining && !connection->handed_over &&
	    !wye_transport_has_more(connection))
		wye_http_connection_close_idle(connection);
}

/* Corked by an answer from a file and delayed by Nagle, what is sent first would be late. */
static int duplicate(const struct wye_http_connection *connection)
{
	const int on = 1, off = 0;
	int fd = fcntl(connection->descriptor, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (!connection->first) /* nothing can have corked a fresh one */
		setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
	return fd;
}

/* What the engine has read behind the head. */
static int keep_early(const struct wye_intake *intake, const char *behind,
		      struct wye_early **out)
{
	size_t length = intake->received - intake->next;
	struct wye_early *early = malloc(sizeof *early + length);

	if (!early)
		return -ENOMEM;
	early->length = length;
	memcpy(early->bytes, behind, length);
	*out = early;
	return 0;
}

int wye_http_connection_depart(struct wye_http_connection *connection, const char *behind,
			       struct wye_wire *out)
{
	const struct wye_intake *intake = &connection->intake;
	int error = 0;

	if (connection->bridge)
		return wye_bridge_depart(connection->bridge, behind, out);
	*out = (struct wye_wire) { .descriptor = duplicate(connection) };
	if (out->descriptor < 0)
		return out->descriptor;
	if (behind && intake->received > intake->next)
		error = keep_early(intake, behind, &out->early);
	if (error)
		wye_wire_close(out);
	return error;
}

void wye_http_connection_leave(struct wye_http_connection *connection, const void *bytes,
			       size_t length)
{
	int descriptor;

	if (connection->bridge) { /* it waits by itself for the client to read */
		if (length)
			(void)wye_bridge_say(connection->bridge, bytes, length);
		return;
	}
	descriptor = fcntl(connection->descriptor, F_DUPFD_CLOEXEC, 0);
	if (descriptor < 0) { /* the best that can be done */
		(void)wye_transport_say(connection, bytes, length);
		return;
	}
	connection->handed_over = true; /* it leaves the limits when the farewell is over */
	wye_farewell(&connection->thread->loop, descriptor, bytes, length,
		     connection->thread->limits, &connection->peer);
}

void wye_http_connection_close_idle(struct wye_http_connection *connection)
{
	if (connection->request || connection->phase == WYE_HTTP_ENDING)
		return;
	if (wye_transport_is_waiting(connection))
		return; /* a request has come already: it is answered, with Connection: close */
	wye_http_connection_cut(connection);
}

struct wye_text wye_http_connection_peer(struct wye_http_connection *connection)
{
	if (!connection->peer_length)
		connection->peer_length =
			(uint8_t)wye_address_text(&connection->peer, connection->peer_text);
	return (struct wye_text) { connection->peer_text, connection->peer_length };
}
