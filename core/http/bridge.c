/* SPDX-License-Identifier: MIT
 *
 * bridge.c - see bridge.h.
 *
 * Whatever has happened, settle() comes last: it asks for the events that can be used now, or
 * ends the bridge.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wye/log.h>

#include "http/bridge.h"
#include "http/connection.h"
#include "http/crossing.h"
#include "http/thread.h"
#include "net/farewell.h"

enum {
	CHUNK = 2 * WYE_BRIDGE_PIECE, /* of one read from the client */
	PAIR = 65536,                 /* that the kernel holds between the engine and here */
	UNSENT_MAX = 65536,           /* that wait for the client: beyond, it is not read */
};

static const char FULL[] = "HTTP/1.1 503 Service Unavailable\r\n"
			   "Content-Type: text/plain\r\n"
			   "Content-Length: 19\r\n"
			   "Retry-After: 5\r\n"
			   "Connection: close\r\n"
			   "\r\n"
			   "no descriptor left\n";

/* ---- events ---- */

static void client_ready(void *argument, unsigned events);
static void engine_ready(void *argument, unsigned events);

static void unwatch(struct wye_bridge *bridge, struct wye_bridge_side *side)
{
	if (side->watching)
		wye_watch_stop(bridge->loop, &side->watch);
	side->watching = false;
}

static int watch(struct wye_bridge *bridge, struct wye_bridge_side *side, unsigned events)
{
	int error;

	if (side->watching && side->events == events)
		return 0;
	if (side->watching)
		error = wye_watch_change(bridge->loop, &side->watch, events);
	else
		error = wye_watch_start(bridge->loop, &side->watch, side->descriptor, events,
					side == &bridge->client ? client_ready : engine_ready,
					bridge);
	side->watching = side->watching || !error;
	side->events = events;
	return error;
}

/* That the client has ended its sending is news only to who reads. */
static unsigned client_events(const struct wye_bridge *bridge)
{
	size_t waiting = wye_tls_waiting(bridge->tls);
	unsigned events = waiting ? WYE_WRITABLE : 0;

	if (!bridge->input_ended && !bridge->held.length && waiting <= UNSENT_MAX)
		return events | WYE_READABLE;
	return events | WYE_HALF_CLOSED;
}

static unsigned engine_events(const struct wye_bridge *bridge)
{
	unsigned events = 0;

	if (bridge->held.length)
		events |= WYE_WRITABLE;
	if (!bridge->output_ended && !wye_tls_waiting(bridge->tls))
		events |= WYE_READABLE;
	return events;
}

/* ---- the end ---- */

static bool is_over(const struct wye_bridge *bridge)
{
	if (bridge->engine.descriptor < 0)
		return bridge->broken || bridge->input_ended;
	if (!bridge->engine_left)
		return false;
	return bridge->broken || (bridge->output_ended && !wye_tls_waiting(bridge->tls));
}

/* All but the client's socket and session. */
void wye_bridge_dismantle(struct wye_bridge *bridge)
{
	struct wye_http_connection *connection = bridge->connection;

	unwatch(bridge, &bridge->client);
	unwatch(bridge, &bridge->engine);
	if (bridge->engine.descriptor >= 0)
		close(bridge->engine.descriptor);
	wye_buffer_fini(&bridge->held);
	connection->bridge = NULL;
	connection->descriptor = -1;
	free(bridge);
}

static void count_failure(const struct wye_bridge *bridge)
{
	enum wye_tls_failure failure = wye_tls_failure(bridge->tls);
	struct wye_text peer = wye_http_connection_peer(bridge->connection);

	wye_tls_count_failure(failure);
	if (failure == WYE_TLS_FAILED_VERIFY)
		wye_log(WYE_LOG_INFO, "%.*s is refused for its certificate: %s",
			(int)peer.length, peer.data, wye_tls_complaint(bridge->tls));
}

static void count_end(const struct wye_bridge *bridge)
{
	if (bridge->ready)
		return;
	if (bridge->late)
		wye_tls_count_failure(WYE_TLS_FAILED_TIME);
	else if (bridge->gone || !bridge->broken)
		wye_tls_count_failure(WYE_TLS_FAILED_GONE);
	else
		count_failure(bridge);
}

/* A client that is there gets a moment to take what it was told. */
static void finish(struct wye_bridge *bridge)
{
	struct wye_http_connection *connection = bridge->connection;
	int descriptor = bridge->client.descriptor;
	bool gone = bridge->gone;

	count_end(bridge);
	wye_tls_destroy(bridge->tls);
	wye_bridge_dismantle(bridge);
	if (gone) {
		close(descriptor);
	} else {
		connection->handed_over = true; /* it leaves the limits after that */
		wye_farewell(&connection->thread->loop, descriptor, NULL, 0,
			     connection->thread->limits, &connection->peer);
	}
	wye_http_connection_release(connection);
}

static void settle(struct wye_bridge *bridge)
{
	if (!bridge->broken && watch(bridge, &bridge->client, client_events(bridge)))
		wye_crossing_lose(bridge);
	if (!bridge->broken && bridge->engine.descriptor >= 0) {
		unsigned events = engine_events(bridge);

		if (!events) /* it may have closed, which would be reported all the time */
			unwatch(bridge, &bridge->engine);
		else if (watch(bridge, &bridge->engine, events))
			wye_crossing_lose(bridge);
	}
	if (is_over(bridge)) {
		finish(bridge);
	} else if (bridge->broken) {
		unwatch(bridge, &bridge->client);
		unwatch(bridge, &bridge->engine);
	}
}

/* ---- from the client to the engine ---- */

static int join_engine(struct wye_bridge *bridge)
{
	const int size = PAIR;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
		return -errno;
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	bridge->engine.descriptor = ends[0];
	bridge->connection->tls_peer = wye_tls_peer_hold(wye_tls_peer(bridge->tls));
	if (wye_http_connection_attach(bridge->connection, ends[1]))
		return 0;
	bridge->engine_left = true;
	return -ENOMEM;
}

/* Without an engine nothing more will be said (RFC 8446, 6.1). */
static void end_input(struct wye_bridge *bridge)
{
	bridge->input_ended = true;
	if (bridge->engine.descriptor < 0) {
		wye_tls_shut(bridge->tls);
		wye_crossing_send(bridge);
	} else if (!bridge->held.length) {
		shutdown(bridge->engine.descriptor, SHUT_WR);
	}
}

static void stop_passing(struct wye_bridge *bridge)
{
	bridge->deaf = true;
	bridge->held_at = 0;
	wye_buffer_fini(&bridge->held);
}

/* Returns how many bytes the engine's socket took. */
static size_t offer(struct wye_bridge *bridge, const char *data, size_t length)
{
	ssize_t sent =
		send(bridge->engine.descriptor, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent >= 0)
		return (size_t)sent;
	if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
		stop_passing(bridge);
	return 0;
}

static int pass(struct wye_bridge *bridge, const char *data, size_t length)
{
	size_t taken = 0;
	int error = 0;

	if (bridge->engine.descriptor < 0)
		error = join_engine(bridge);
	if (error)
		return error;
	bridge->received += length;
	if (!bridge->held.length && !bridge->deaf)
		taken = offer(bridge, data, length);
	if (bridge->deaf || taken == length)
		return 0;
	return wye_buffer_append(&bridge->held, data + taken, length - taken);
}

static void pass_held(struct wye_bridge *bridge)
{
	size_t taken = offer(bridge, bridge->held.data + bridge->held_at,
			     bridge->held.length - bridge->held_at);

	if (bridge->deaf)
		return;
	bridge->held_at += taken;
	if (bridge->held_at < bridge->held.length)
		return;
	bridge->held_at = 0;
	wye_buffer_fini(&bridge->held);
	if (bridge->input_ended)
		shutdown(bridge->engine.descriptor, SHUT_WR);
}

static void note_ready(struct wye_bridge *bridge)
{
	if (bridge->ready || !wye_tls_is_ready(bridge->tls))
		return;
	bridge->ready = true;
	wye_http_connection_secured(bridge->connection);
}

/* There is no pair for the engine, but a session to say so in. */
static void turn_away(struct wye_bridge *bridge)
{
	wye_metric_add(bridge->connection->thread->metrics->no_descriptor, 1);
	if (!wye_tls_write(bridge->tls, FULL, sizeof FULL - 1))
		wye_tls_shut(bridge->tls);
	wye_crossing_send(bridge);
	wye_crossing_break(bridge);
}

static void decrypt(struct wye_bridge *bridge, const char *data, size_t length)
{
	char plain[WYE_BRIDGE_PIECE];
	ssize_t got;
	int error = 0;

	wye_tls_feed(data, length);
	do {
		got = wye_tls_read(bridge->tls, plain, sizeof plain);
		if (got > 0)
			error = pass(bridge, plain, (size_t)got);
	} while (got > 0 && !error);
	note_ready(bridge);
	wye_crossing_send(bridge);
	if (error && !bridge->connection->engine)
		turn_away(bridge);
	else if (error)
		wye_crossing_lose(bridge);
	else if (got == -EPIPE)
		end_input(bridge);
	else if (got < 0)
		wye_crossing_break(bridge);
}

static void take_input(struct wye_bridge *bridge)
{
	char chunk[CHUNK];
	ssize_t got = recv(bridge->client.descriptor, chunk, sizeof chunk, MSG_DONTWAIT);

	if (got > 0)
		decrypt(bridge, chunk, (size_t)got);
	else if (!got)
		end_input(bridge);
	else if (errno != EAGAIN && errno != EINTR)
		wye_crossing_lose(bridge);
}

/* A hang-up that is no end of sending is one of the whole connection. */
static void client_ready(void *argument, unsigned events)
{
	struct wye_bridge *bridge = argument;
	bool reading = bridge->client.events & WYE_READABLE;

	if (events & WYE_WRITABLE)
		wye_crossing_send(bridge);
	if (!bridge->broken && reading && events & (WYE_READABLE | WYE_HANGUP))
		take_input(bridge);
	else if (!reading && events & WYE_HANGUP)
		wye_crossing_lose(bridge);
	settle(bridge);
}

/* ---- from the engine to the client ---- */

static void engine_ready(void *argument, unsigned events)
{
	struct wye_bridge *bridge = argument;

	if (bridge->held.length && events & (WYE_WRITABLE | WYE_HANGUP))
		pass_held(bridge);
	if (!bridge->output_ended)
		wye_crossing_take(bridge);
	settle(bridge);
}

/* ---- life ---- */

int wye_bridge_create(struct wye_bridge **out, struct wye_http_connection *connection)
{
	const int on = 1;
	struct wye_bridge *bridge = calloc(1, sizeof *bridge);
	int error;

	if (!bridge)
		return -ENOMEM;
	bridge->connection = connection;
	bridge->loop = &connection->thread->loop;
	bridge->client.descriptor = connection->descriptor;
	bridge->engine.descriptor = -1;
	setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	error = wye_tls_create(&bridge->tls, connection->listener->tls);
	if (!error)
		error = watch(bridge, &bridge->client, WYE_READABLE);
	if (error) {
		wye_tls_destroy(bridge->tls);
		free(bridge);
		return error;
	}
	*out = bridge;
	return 0;
}

uint64_t wye_bridge_received(const struct wye_bridge *bridge)
{
	return bridge->received;
}

bool wye_bridge_is_full(const struct wye_bridge *bridge)
{
	return bridge->held.length;
}

bool wye_bridge_has_ended(const struct wye_bridge *bridge)
{
	return bridge->input_ended && !bridge->held.length;
}

bool wye_bridge_say(struct wye_bridge *bridge, const void *bytes, size_t length)
{
	if (!bridge->ready || bridge->broken || bridge->output_ended)
		return false;
	wye_crossing_take_all(bridge);
	if (!bridge->broken && !bridge->output_ended)
		wye_crossing_encrypt(bridge, bytes, length);
	return !bridge->broken;
}

void wye_bridge_cut_short(struct wye_bridge *bridge)
{
	bridge->cut_short = true;
}

void wye_bridge_cut(struct wye_bridge *bridge)
{
	if (bridge->engine.descriptor < 0 || bridge->engine_left) {
		wye_crossing_shut(bridge);
		wye_crossing_lose(bridge);
	} else {
		stop_passing(bridge);
		shutdown(bridge->engine.descriptor, SHUT_RDWR);
	}
	settle(bridge);
}

void wye_bridge_expire(struct wye_bridge *bridge)
{
	bridge->late = true;
	wye_bridge_cut(bridge);
}

void wye_bridge_engine_left(struct wye_bridge *bridge)
{
	bridge->engine_left = true;
	if (bridge->late &&
	    bridge->cut_short) /* who has taken nothing for long is not waited for */
		wye_crossing_lose(bridge);
	settle(bridge);
}
