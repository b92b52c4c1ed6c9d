/* SPDX-License-Identifier: MIT
 *
 * connection.h - wye's record of a connection that libmicrohttpd serves: what it is doing since
 * when, and the deadline for that. libmicrohttpd has one time-out only, which every byte renews
 * and which closes without a word; so deadlines are ours. Owned by its http thread.
 */
#ifndef WYE_CORE_HTTP_CONNECTION_H
#define WYE_CORE_HTTP_CONNECTION_H

#include <microhttpd.h>

#include "base/loop.h"
#include "http/intake.h"
#include "net/listener.h"
#include "net/wire.h"

struct wye_bridge;
struct wye_http_thread;
struct wye_request;

enum wye_http_phase {
	WYE_HTTP_SHAKING, /* a handshake of TLS is under way */
	WYE_HTTP_IDLE,    /* between requests, or nothing of a first one seen */
	WYE_HTTP_HEAD,    /* part of a head has come */
	WYE_HTTP_BODY,    /* the head is read, the body not yet */
	WYE_HTTP_SERVING, /* a handler has it, or the answer is being sent */
	WYE_HTTP_ENDING,  /* we shut the socket down; the engine will notice */
};

struct wye_http_connection {
	struct wye_http_thread *thread;
	struct wye_http_connection *next, **link; /* all of the thread; or next free */
	struct MHD_Connection *engine; /* NULL before and after the engine knows it */
	struct wye_request *request;   /* the one being served */
	enum wye_http_phase phase;
	bool first;       /* no request has been completed on it */
	bool handed_over; /* the socket lives on elsewhere: limits are left there */
	bool ended;       /* the client says no more: the engine may have missed that */
	bool silent;      /* a request has it, or its last answer is given: see unreadable.h */
	int descriptor;   /* the client's socket; -1: it has left with its session */
	int engine_descriptor;               /* what the engine has: the same, but under TLS */
	struct wye_bridge *bridge;           /* NULL: plain */
	const struct wye_tls_peer *tls_peer; /* held; NULL: plain, or before any request */
	uint64_t since;    /* milliseconds: when the phase began, or last made progress */
	uint64_t requests; /* completed on it */
	uint64_t before;   /* bytes in front of all requests: a PROXY header */
	struct wye_intake intake;
	uint64_t acked; /* bytes of replies the peer had acknowledged at the last look */
	struct wye_timer deadline;
	const struct wye_listener *listener;
	union wye_address peer;
	uint8_t peer_length; /* 0: not written yet */
	char peer_text[WYE_ADDRESS_TEXT];
};

/* Takes over an accepted descriptor, which has entered the limits. `read` bytes of it were no
 * request's. Http thread. */
void wye_http_connection_open(struct wye_http_thread *thread, int descriptor,
			      const union wye_address *peer,
			      const struct wye_listener *listener, size_t read);

/* The engine's notice of a start or an end (MHD_OPTION_NOTIFY_CONNECTION). */
void wye_http_connection_notice(void *thread, struct MHD_Connection *engine, void **context,
				enum MHD_ConnectionNotificationCode code);

/* Gives the engine a descriptor to serve, which is its own then. False: it is closed. For a
 * bridge, which has the client's. */
bool wye_http_connection_attach(struct wye_http_connection *connection, int descriptor);

/* The record is no longer needed: the engine and the bridge have ended. */
void wye_http_connection_release(struct wye_http_connection *connection);

/* Changes of phase. */
void wye_http_connection_secured(struct wye_http_connection *connection);
void wye_http_connection_serve(struct wye_http_connection *connection);
void wye_http_connection_read_body(struct wye_http_connection *connection);
void wye_http_connection_progress(struct wye_http_connection *connection);
void wye_http_connection_rest(struct wye_http_connection *connection);
void wye_http_connection_ended(struct wye_http_connection *connection);

/* Closes it, unless it is serving a request: for a drain. */
void wye_http_connection_close_idle(struct wye_http_connection *connection);

/* The socket for a stream loop: a duplicate, as the engine closes its own; under TLS itself
 * with its session. What lies at `behind`, the end of the head in the engine's memory, goes
 * with it (NULL: what comes behind is of no interest). The engine has to be told to close in
 * the same call. Returns 0 or a negative errno. */
int wye_http_connection_depart(struct wye_http_connection *connection, const char *behind,
			       struct wye_wire *out) WYE_MUST_CHECK;

/* Last words, written by ourselves on a duplicate of the socket; the engine, which has to be
 * told to close in the same call, only closes its own. */
void wye_http_connection_leave(struct wye_http_connection *connection, const void *bytes,
			       size_t length);

/* The answer under way can't be finished. Where its end is that of the connection, the client
 * gets a reset, or no close_notify, so that it doesn't take what it has for the whole. */
void wye_http_connection_cut_short(struct wye_http_connection *connection);

/* Shuts the socket down: the engine then ends what it has with exactly one completion. */
void wye_http_connection_cut(struct wye_http_connection *connection);

/* The time of its phase is over: 408 where a request was coming, else a close without a word.
 */
void wye_http_connection_expire(struct wye_http_connection *connection);

struct wye_text wye_http_connection_peer(struct wye_http_connection *connection);

#endif
