/* SPDX-License-Identifier: MIT
 *
 * listener.h - binds and accepts: the only place that does. Opened by main before the threads
 * start; then every http thread watches and accepts from every listener, each through an
 * `acceptor` of its own.
 */
#ifndef WYE_CORE_NET_LISTENER_H
#define WYE_CORE_NET_LISTENER_H

#include "config/options.h"
#include "net/forwarded.h"
#include "net/limits.h"
#include "net/pace.h"
#include "net/socketfile.h"
#include "tls/context.h"

/* A listener whose peers begin with a PROXY header (preface.h); others are closed. */
struct wye_proxy_rules {
	bool wanted;      /* only trusted peers are accepted then */
	unsigned timeout; /* milliseconds for the header to come */
	size_t limit;     /* bytes of it */
};

/* What is granted to handshakes of TLS; those that resume a session count, too. */
struct wye_handshake_rules {
	unsigned rate, burst; /* that may begin, per second and at once; 0: any number */
	unsigned timeout;     /* milliseconds for each */
};

/* A plain listener that only leads to https. */
struct wye_https_rules {
	bool wanted;
	unsigned port;             /* where https is served */
	const char *const *except; /* paths that are served; borrowed for the listener's life */
	size_t except_count;
};

struct wye_listener {
	int descriptor;
	union wye_address address;
	struct wye_socket_file file;
	char name[WYE_SOCKET_FILE_MAX + 6]; /* "127.0.0.1:8080", "[::1]:8080", "unix:/a" */
	struct wye_trust trust;
	struct wye_proxy_rules proxy;
	struct wye_https_rules https;
	struct wye_tls_context *tls; /* NULL: plain */
	struct wye_pace *pace;       /* of handshakes; NULL: any number */
	unsigned handshake_timeout;  /* milliseconds */
};

struct wye_listeners {
	size_t count;
	struct wye_listener items[WYE_LISTENERS_MAX];
};

/* What a listener is opened with. */
struct wye_listener_setup {
	const char *address; /* NULL: all of IPv6 and IPv4 */
	unsigned port;       /* 0: any; the listener's name then tells which */
	const char *path;    /* of a Unix socket, instead; borrowed for the listener's life */
	mode_t mode;         /* of that */
	const char *inherit; /* name of an inherited socket, instead */
	unsigned backlog;
	struct wye_trust trust; /* borrowed for the listener's life */
	struct wye_proxy_rules proxy;
	struct wye_https_rules https;
	struct wye_tls_context *tls; /* likewise; NULL: plain */
	struct wye_handshake_rules handshakes;
	bool defer; /* accept when the first bytes have come (tcp(7), TCP_DEFER_ACCEPT) */
};

/* Binds and listens, or takes an inherited socket. Main thread. Returns 0, or a negative errno
 * with a sentence. */
int wye_listener_open(struct wye_listeners *listeners, const struct wye_listener_setup *setup,
		      struct wye_error *why) WYE_MUST_CHECK;
/* Closes them all and removes their files; what waits in their queues is reset by the kernel.
 */
void wye_listeners_close(struct wye_listeners *listeners);

/* Says 503 to a new connection, but under TLS, counts why, and closes it. Any thread. */
void wye_listener_turn_away(const struct wye_listener *listener, int descriptor,
			    enum wye_limits_verdict why);

/* What an http thread accepts with. Its thread alone. */
struct wye_acceptor {
	const struct wye_listeners *listeners;
	struct wye_limits *limits;
	int reserve;           /* a descriptor to give up when there is no other */
	uint64_t paused_until; /* milliseconds; 0: not paused */
	/* Takes over a descriptor that has entered the limits. */
	void (*accepted)(void *owner, int descriptor, const union wye_address *peer,
			 const struct wye_listener *listener);
	void *owner;
};

/* Returns 0 or a negative errno. */
int wye_acceptor_init(struct wye_acceptor *acceptor, const struct wye_listeners *listeners,
		      struct wye_limits *limits) WYE_MUST_CHECK;
void wye_acceptor_fini(struct wye_acceptor *acceptor);

/* Accepts what waits at the listeners that are ready (a bit each, by index), a bounded number.
 *
 * Returns 0; or the milliseconds for which the caller should stop watching the listeners, as
 * descriptors are out: wye_acceptor_run() will try again afterwards. */
unsigned wye_acceptor_run(struct wye_acceptor *acceptor, uint64_t ready, uint64_t now);

#endif
