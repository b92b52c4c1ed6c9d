/* SPDX-License-Identifier: MIT
 *
 * crossing.c - see crossing.h, and wye_bridge_depart() of bridge.h.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "http/connection.h"
#include "http/crossing.h"

void wye_crossing_break(struct wye_bridge *bridge)
{
	bridge->broken = true;
	if (bridge->engine.descriptor >= 0)
		shutdown(bridge->engine.descriptor, SHUT_RDWR);
}

void wye_crossing_lose(struct wye_bridge *bridge)
{
	bridge->gone = true;
	wye_crossing_break(bridge);
}

void wye_crossing_send(struct wye_bridge *bridge)
{
	int error = wye_tls_send(bridge->tls, bridge->client.descriptor, &bridge->sent);

	if (error && error != -EAGAIN)
		wye_crossing_lose(bridge);
}

/* ---- from the engine to the client ---- */

void wye_crossing_encrypt(struct wye_bridge *bridge, const void *data, size_t length)
{
	if (wye_tls_write(bridge->tls, data, length))
		wye_crossing_break(bridge);
	wye_crossing_send(bridge);
}

/* Returns false when there is no more for now. */
static bool take_piece(struct wye_bridge *bridge)
{
	char plain[WYE_BRIDGE_PIECE];
	ssize_t got = recv(bridge->engine.descriptor, plain, sizeof plain, MSG_DONTWAIT);

	if (got > 0) {
		wye_crossing_encrypt(bridge, plain, (size_t)got);
		return !bridge->broken && got == sizeof plain;
	}
	/* An engine that left something unread resets the pair: behind what it wrote. */
	bridge->output_ended = !got || (errno != EAGAIN && errno != EINTR);
	return false;
}

void wye_crossing_shut(struct wye_bridge *bridge)
{
	if (!bridge->cut_short)
		wye_tls_shut(bridge->tls);
	wye_crossing_send(bridge);
}

void wye_crossing_take(struct wye_bridge *bridge)
{
	while (!bridge->broken && !bridge->output_ended && !wye_tls_waiting(bridge->tls) &&
	       take_piece(bridge))
		;
	if (!bridge->output_ended || bridge->broken)
		return;
	wye_crossing_shut(bridge);
}

void wye_crossing_take_all(struct wye_bridge *bridge)
{
	while (!bridge->broken && take_piece(bridge))
		;
}

/* ---- leaving ---- */

static size_t in_pair(const struct wye_http_connection *connection)
{
	int waiting = 0;

	return ioctl(connection->engine_descriptor, FIONREAD, &waiting) ? 0 : (size_t)waiting;
}

static int put_back_pair(struct wye_bridge *bridge, size_t length)
{
	char plain[WYE_BRIDGE_PIECE];
	ssize_t got = 1;
	int error = 0;

	while (length && !error && got > 0) {
		got = recv(bridge->connection->engine_descriptor, plain,
			   length < sizeof plain ? length : sizeof plain, MSG_DONTWAIT);
		if (got > 0) {
			error = wye_tls_put_back(bridge->tls, plain, (size_t)got);
			length -= (size_t)got;
		}
	}
	return error;
}

/* What the engine has read behind the head, what it has not read, what it had no room for. */
static int put_back(struct wye_bridge *bridge, const char *behind)
{
	size_t held = bridge->held.length - bridge->held_at;
	size_t unread = in_pair(bridge->connection);
	uint64_t used = bridge->connection->intake.next + held + unread;
	int error = 0;

	if (bridge->received > used)
		error = wye_tls_put_back(bridge->tls, behind, bridge->received - used);
	if (!error)
		error = put_back_pair(bridge, unread);
	if (!error && held)
		error = wye_tls_put_back(bridge->tls, bridge->held.data + bridge->held_at,
					 held);
	return error;
}

/* Where something from the client was thrown away nobody knows what lies behind the head. */
int wye_bridge_depart(struct wye_bridge *bridge, const char *behind, struct wye_wire *out)
{
	int error = bridge->broken || bridge->deaf ? -EPIPE : 0;

	if (!error && behind)
		error = put_back(bridge, behind);
	if (error)
		return error;
	wye_crossing_take_all(bridge);
	*out = (struct wye_wire) { .descriptor = bridge->client.descriptor,
				   .tls = bridge->tls };
	wye_bridge_dismantle(bridge);
	return 0;
}
