/* SPDX-License-Identifier: MIT
 *
 * listener.c - see listener.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <wye/log.h>

#include "base/metric.h"
#include "net/inherited.h"
#include "net/listener.h"

enum {
	BATCH = 64,  /* connections accepted in one go, so that requests get their turn */
	SHED = 16,   /* connections turned away in one go when descriptors are out */
	PAUSE = 100, /* milliseconds without accepting then */
	LOG_INTERVAL = 1000, /* milliseconds between two lines about it */
};

static const char FULL[] = "HTTP/1.1 503 Service Unavailable\r\n"
			   "Content-Type: text/plain\r\n"
			   "Content-Length: 21\r\n"
			   "Retry-After: 5\r\n"
			   "Connection: close\r\n"
			   "\r\n"
			   "too many connections\n";

static struct {
	wye_metric accepted, full, full_address, no_descriptor, untrusted, handshakes;
} metrics;

static void register_metrics(void)
{
	metrics.accepted = wye_metric_register("connections_accepted_total", WYE_COUNTER);
	metrics.full = wye_metric_register("connections_refused_full_total", WYE_COUNTER);
	metrics.full_address =
		wye_metric_register("connections_refused_address_total", WYE_COUNTER);
	metrics.untrusted = wye_metric_register("proxy_peers_refused_total", WYE_COUNTER);
	metrics.handshakes = wye_metric_register("tls_handshakes_refused_total", WYE_COUNTER);
	metrics.no_descriptor = wye_metric_register("accept_no_descriptor_total", WYE_COUNTER);
}

static void name_listener(struct wye_listener *listener)
{
	char text[WYE_ADDRESS_TEXT];
	bool v6 = listener->address.any.sa_family == AF_INET6;
	unsigned port =
		ntohs(v6 ? listener->address.v6.sin6_port : listener->address.v4.sin_port);

	wye_address_text(&listener->address, text);
	snprintf(listener->name, sizeof listener->name, v6 ? "[%s]:%u" : "%s:%u", text, port);
}

static int bind_and_listen(struct wye_listener *listener, bool dual,
			   const struct wye_listener_setup *setup)
{
	const int on = 1, off = 0;
	socklen_t length = wye_address_length(&listener->address);
	int fd = listener->descriptor;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on))
		return -errno;
	if (listener->address.any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, dual ? &off : &on, sizeof on))
		return -errno;
	if (setup->defer) /* a hint: a kernel without it accepts at once */
		setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof on);
	if (bind(fd, &listener->address.any, length) || listen(fd, (int)setup->backlog))
		return -errno;
	if (getsockname(fd, &listener->address.any, &length))
		return -errno;
	return 0;
}

static int open_socket(struct wye_listener *listener, bool dual,
		       const struct wye_listener_setup *setup)
{
	int error;

	listener->descriptor = socket(listener->address.any.sa_family,
				      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->descriptor < 0)
		return -errno;
	error = bind_and_listen(listener, dual, setup);
	if (error)
		close(listener->descriptor);
	return error;
}

static int open_tcp(struct wye_listener *listener, const struct wye_listener_setup *setup,
		    struct wye_error *why)
{
	const char *address = setup->address;
	int error;

	if (wye_address_parse(&listener->address, address ? address : "::", setup->port)) {
		wye_error_set(why, "\"%s\" is not a numeric IPv4 or IPv6 address", address);
		return -EINVAL;
	}
	error = open_socket(listener, !address, setup);
	if (error == -EAFNOSUPPORT && !address) { /* a machine without IPv6 */
		if (wye_address_parse(&listener->address, "0.0.0.0", setup->port))
			return -EINVAL;
		error = open_socket(listener, false, setup);
	}
	name_listener(listener);
	if (error)
		wye_error_set(why, "can't listen on %s: %s", listener->name, strerror(-error));
	return error;
}

static const char *why_not(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "somebody answers there";
	case -EEXIST:
		return "there is a file that is no socket";
	default:
		return strerror(-error);
	}
}

static int open_local(struct wye_listener *listener, const struct wye_listener_setup *setup,
		      struct wye_error *why)
{
	int error;

	snprintf(listener->name, sizeof listener->name, "unix:%s", setup->path);
	listener->address.any.sa_family = AF_UNIX;
	listener->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	error = listener->descriptor < 0
			? -errno
			: wye_socket_file_bind(&listener->file, listener->descriptor,
					       setup->path, setup->mode);
	if (!error && listen(listener->descriptor, (int)setup->backlog))
		error = -errno;
	if (!error)
		return 0;
	wye_error_set(why, "can't listen on %s: %s", listener->name, why_not(error));
	wye_socket_file_remove(&listener->file);
	if (listener->descriptor >= 0)
		close(listener->descriptor);
	return error;
}

/* Where it is bound; its file, if it has one, is another's. */
static int name_inherited(struct wye_listener *listener)
{
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		union wye_address inet;
	} bound = { .any.sa_family = AF_UNSPEC };
	socklen_t length = sizeof bound;

	if (getsockname(listener->descriptor, &bound.any, &length))
		return -errno;
	switch (bound.any.sa_family) {
	case AF_INET:
	case AF_INET6:
		listener->address = bound.inet;
		name_listener(listener);
		return 0;
	case AF_UNIX:
		listener->address.any.sa_family = AF_UNIX;
		snprintf(listener->name, sizeof listener->name, "unix:%.*s",
			 (int)sizeof bound.local.sun_path, bound.local.sun_path);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

static int open_inherited(struct wye_listener *listener, const struct wye_listener_setup *setup,
			  struct wye_error *why)
{
	const int on = 1;
	int error = wye_inherited_take(setup->inherit, why);

	if (error < 0)
		return error;
	listener->descriptor = error;
	error = name_inherited(listener);
	if (error) {
		wye_error_set(why, "can't listen on the inherited socket \"%s\": %s",
			      setup->inherit, strerror(-error));
		close(listener->descriptor);
		return error;
	}
	if (setup->defer) /* fails where it is none of TCP */
		setsockopt(listener->descriptor, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof on);
	return 0;
}

static int open_one(struct wye_listener *listener, const struct wye_listener_setup *setup,
		    struct wye_error *why)
{
	if (setup->inherit)
		return open_inherited(listener, setup, why);
	return setup->path ? open_local(listener, setup, why) : open_tcp(listener, setup, why);
}

static int set_pace(struct wye_listener *listener, const struct wye_handshake_rules *rules)
{
	listener->handshake_timeout = rules->timeout;
	listener->pace = NULL;
	if (!listener->tls || !rules->rate)
		return 0;
	return wye_pace_create(&listener->pace, rules->rate, rules->burst);
}

static void close_one(struct wye_listener *listener)
{
	wye_socket_file_remove(&listener->file);
	close(listener->descriptor);
	wye_pace_destroy(listener->pace);
}

int wye_listener_open(struct wye_listeners *listeners, const struct wye_listener_setup *setup,
		      struct wye_error *why)
{
	struct wye_listener *listener = &listeners->items[listeners->count];
	int error;

	register_metrics();
	if (listeners->count == WYE_LISTENERS_MAX) {
		wye_error_set(why, "more than %d listeners", WYE_LISTENERS_MAX);
		return -ENOSPC;
	}
	error = open_one(listener, setup, why);
	if (error)
		return error;
	listener->trust = setup->trust;
	listener->proxy = setup->proxy;
	listener->https = setup->https;
	listener->tls = setup->tls;
	error = set_pace(listener, &setup->handshakes);
	if (error)
		close_one(listener);
	else
		listeners->count++;
	return error;
}

void wye_listeners_close(struct wye_listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		close_one(&listeners->items[i]);
	listeners->count = 0;
}

int wye_acceptor_init(struct wye_acceptor *acceptor, const struct wye_listeners *listeners,
		      struct wye_limits *limits)
{
	memset(acceptor, 0, sizeof *acceptor);
	acceptor->listeners = listeners;
	acceptor->limits = limits;
	acceptor->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return acceptor->reserve < 0 ? -errno : 0;
}

void wye_acceptor_fini(struct wye_acceptor *acceptor)
{
	if (acceptor->reserve >= 0)
		close(acceptor->reserve);
}

/* Says 503 and closes; what the client may have sent is read first, as unread bytes would turn
 * the close into a reset that overtakes the answer. Under TLS nothing can be said before a
 * handshake, which is what there is no room for. */
static void turn_away(const struct wye_listener *listener, int descriptor)
{
	char sink[4096];

	if (!listener->tls &&
	    send(descriptor, FULL, sizeof FULL - 1, MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
		shutdown(descriptor, SHUT_WR);
		while (recv(descriptor, sink, sizeof sink, MSG_DONTWAIT) > 0)
			;
	}
	close(descriptor);
}

void wye_listener_turn_away(const struct wye_listener *listener, int descriptor,
			    enum wye_limits_verdict why)
{
	wye_metric_add(why == WYE_LIMITS_TOTAL ? metrics.full : metrics.full_address, 1);
	turn_away(listener, descriptor);
}

/* One line per interval, whichever thread has it to say. */
static bool is_due(_Atomic uint64_t *logged, uint64_t now)
{
	uint64_t last = atomic_load(logged);

	return (!last || now - last >= LOG_INTERVAL) &&
	       atomic_compare_exchange_strong(logged, &last, now);
}

/* Before anything is read or allocated for it. What the client has sent is unread, so that it
 * gets a reset, and nothing of the connection stays here. */
static void refuse_handshake(const struct wye_listener *listener, int descriptor, uint64_t now)
{
	static _Atomic uint64_t logged;

	wye_metric_add(metrics.handshakes, 1);
	close(descriptor);
	if (is_due(&logged, now))
		wye_log(WYE_LOG_WARNING, "%s: more connections than handshake_rate allows",
			listener->name);
}

/* The limits come first: an address that has too many connections takes no handshakes from the
 * others. */
static void take(struct wye_acceptor *acceptor, const struct wye_listener *listener,
		 int descriptor, const union wye_address *peer, uint64_t now)
{
	enum wye_limits_verdict verdict;

	if (listener->proxy.wanted && !wye_trust_holds(&listener->trust, peer)) {
		wye_metric_add(metrics.untrusted, 1);
		close(descriptor);
		return;
	}
	verdict = wye_limits_enter(acceptor->limits, peer);
	if (verdict != WYE_LIMITS_OK) {
		wye_listener_turn_away(listener, descriptor, verdict);
		return;
	}
	if (listener->pace && !wye_pace_take(listener->pace, now)) {
		wye_limits_leave(acceptor->limits, peer);
		refuse_handshake(listener, descriptor, now);
		return;
	}
	wye_metric_add(metrics.accepted, 1);
	acceptor->accepted(acceptor->owner, descriptor, peer, listener);
}

/* Descriptors are out: the reserve makes room to turn a few away, then accepting pauses, as the
 * listener stays readable and would keep the thread spinning. */
static unsigned shed(struct wye_acceptor *acceptor, const struct wye_listener *listener,
		     uint64_t now)
{
	static _Atomic uint64_t logged;

	wye_metric_add(metrics.no_descriptor, 1);
	for (int i = 0; i < SHED && acceptor->reserve >= 0; i++) {
		int fd;

		close(acceptor->reserve);
		fd = accept4(listener->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			turn_away(listener, fd);
		acceptor->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			break;
	}
	if (is_due(&logged, now))
		wye_log(WYE_LOG_ERROR, "no descriptor left for new connections; "
				       "raise the descriptor limit or lower max_connections");
	acceptor->paused_until = now + PAUSE;
	return PAUSE;
}

/* Returns the milliseconds to pause, or 0. */
static unsigned accept_from(struct wye_acceptor *acceptor, const struct wye_listener *listener,
			    uint64_t now)
{
	for (int i = 0; i < BATCH; i++) {
		union wye_address peer = { .any.sa_family = AF_UNSPEC };
		socklen_t length = sizeof peer;
		int fd = accept4(listener->descriptor, &peer.any, &length,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			take(acceptor, listener, fd, &peer, now);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			return shed(acceptor, listener, now);
		if (errno == EAGAIN || errno == EBADF || errno == EINVAL)
			return 0;
		/* Others belong to the connection that went away before it was accepted. */
	}
	return 0;
}

unsigned wye_acceptor_run(struct wye_acceptor *acceptor, uint64_t ready, uint64_t now)
{
	unsigned pause = 0;

	if (acceptor->paused_until) {
		if (now < acceptor->paused_until)
			return (unsigned)(acceptor->paused_until - now);
		acceptor->paused_until = 0;
		if (acceptor->reserve < 0)
			acceptor->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	for (size_t i = 0; i < acceptor->listeners->count && !pause; i++)
		if (ready & UINT64_C(1) << i)
			pause = accept_from(acceptor, &acceptor->listeners->items[i], now);
	return pause;
}
