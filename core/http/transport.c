/* SPDX-License-Identifier: MIT
 *
 * transport.c - see transport.h.
 */
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "http/bridge.h"
#include "http/transport.h"

enum {
	MUCH = 65536, /* bytes under way: the client may send more meanwhile */
};

/* False for a Unix socket: nothing is counted there (see wye_source_paced()). */
static bool tcp_info(const struct wye_http_connection *connection, struct tcp_info *info)
{
	socklen_t length = sizeof *info;

	memset(info, 0, sizeof *info);
	return !getsockopt(connection->descriptor, IPPROTO_TCP, TCP_INFO, info, &length);
}

static bool is_readable(int descriptor)
{
	int waiting = 0;

	return !ioctl(descriptor, FIONREAD, &waiting) && waiting;
}

bool wye_transport_received(const struct wye_http_connection *connection, uint64_t *bytes)
{
	struct tcp_info info;

	if (connection->bridge) {
		*bytes = wye_bridge_received(connection->bridge);
		return true;
	}
	if (!tcp_info(connection, &info))
		return false;
	*bytes = info.tcpi_bytes_received - connection->before;
	return true;
}

bool wye_transport_acked(const struct wye_http_connection *connection, uint64_t *bytes)
{
	struct tcp_info info;

	if (!tcp_info(connection, &info))
		return false;
	*bytes = info.tcpi_bytes_acked;
	return true;
}

bool wye_transport_has_more(const struct wye_http_connection *connection)
{
	uint64_t received = connection->bridge ? wye_bridge_received(connection->bridge)
					       : connection->intake.received;

	return received > connection->intake.next || is_readable(connection->descriptor);
}

static bool has_unsent(int descriptor)
{
	int unsent = 0;

	return !ioctl(descriptor, SIOCOUTQ, &unsent) && unsent > MUCH;
}

bool wye_transport_is_in_danger(const struct wye_http_connection *connection)
{
	return connection->intake.received > connection->intake.next ||
	       is_readable(connection->descriptor) || has_unsent(connection->descriptor);
}

/* What is encrypted still may be a request, too. */
bool wye_transport_is_waiting(const struct wye_http_connection *connection)
{
	if (is_readable(connection->descriptor))
		return true;
	return connection->bridge && connection->engine &&
	       (wye_bridge_is_full(connection->bridge) ||
		is_readable(connection->engine_descriptor));
}

bool wye_transport_has_ended(const struct wye_http_connection *connection)
{
	struct pollfd end = { .fd = connection->descriptor, .events = POLLRDHUP };

	if (connection->bridge)
		return wye_bridge_has_ended(connection->bridge) &&
		       !is_readable(connection->engine_descriptor);
	return poll(&end, 1, 0) == 1 && !is_readable(connection->descriptor);
}

bool wye_transport_say(struct wye_http_connection *connection, const void *bytes, size_t length)
{
	if (connection->bridge)
		return wye_bridge_say(connection->bridge, bytes, length);
	return sendto(connection->descriptor, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT, NULL,
		      0) >= 0; /* send(3) may be mute: see intake.h */
}
