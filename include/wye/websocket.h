/* SPDX-License-Identifier: MIT
 *
 * wye/websocket.h - the WebSocket lane (RFC 6455): handshakes, connections, handlers and
 * middleware.
 *
 * A connection belongs to one stream loop. `struct wye_ws *` is for callbacks on that loop and
 * for no longer than open() to close(); everybody else names a connection by its id, from any
 * thread, at any time: a late call is an error code.
 */
#ifndef WYE_WEBSOCKET_H
#define WYE_WEBSOCKET_H

#include <wye/context.h>
#include <wye/loop.h>
#include <wye/rest.h>
#include <wye/settings.h>
#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the handshake: an Upgrade request before its verdict ---- */

struct wye_handshake;
struct wye_ws;

/* As of a request (wye/rest.h). The texts live until open() of the connection has returned, or
 * until `closed` has run if the handshake was refused. */
WYE_API struct wye_text wye_handshake_target(const struct wye_handshake *handshake);
WYE_API struct wye_text wye_handshake_path(const struct wye_handshake *handshake);
WYE_API struct wye_text wye_handshake_query(const struct wye_handshake *handshake);
WYE_API struct wye_text wye_handshake_header(const struct wye_handshake *handshake,
					     const char *name);
WYE_API struct wye_text wye_handshake_parameter(const struct wye_handshake *handshake,
						const char *name);
WYE_API bool wye_handshake_header_at(const struct wye_handshake *handshake, size_t index,
				     struct wye_field *out);
WYE_API struct wye_text wye_handshake_host(const struct wye_handshake *handshake);
WYE_API struct wye_text wye_handshake_client(const struct wye_handshake *handshake);
WYE_API void wye_handshake_client_address(const struct wye_handshake *handshake,
					  uint8_t out[16]);
WYE_API struct wye_text wye_handshake_query_value(const struct wye_handshake *handshake,
						  const char *name);
WYE_API struct wye_text wye_handshake_cookie(const struct wye_handshake *handshake,
					     const char *name);
WYE_API bool wye_handshake_query_at(const struct wye_handshake *handshake, size_t index,
				    struct wye_field *out);
WYE_API bool wye_handshake_cookie_at(const struct wye_handshake *handshake, size_t index,
				     struct wye_field *out);
WYE_API struct wye_text wye_handshake_route(const struct wye_handshake *handshake);

/* What a middleware found out. Setters copy. They return 0 or -ENOMEM. */
WYE_API struct wye_text wye_handshake_id(const struct wye_handshake *handshake);
WYE_API int wye_handshake_set_id(struct wye_handshake *handshake,
				 struct wye_text id) WYE_MUST_CHECK;
WYE_API struct wye_text wye_handshake_user(const struct wye_handshake *handshake);
WYE_API int wye_handshake_set_user(struct wye_handshake *handshake,
				   struct wye_text user) WYE_MUST_CHECK;
/* More of it, by name, as of a request; the connection has it afterwards (wye_ws_attribute()).
 */
WYE_API struct wye_text wye_handshake_attribute(const struct wye_handshake *handshake,
						const char *name);
WYE_API int wye_handshake_set_attribute(struct wye_handshake *handshake, const char *name,
					struct wye_text value) WYE_MUST_CHECK;

/* Ends the connection that comes of it so many milliseconds from now, whatever it does: with a
 * close frame of that code (RFC 6455, 7.4) and reason (UTF-8, copied), and WYE_WS_EXPIRED for its
 * cause. Of several times the earliest counts. Any step. Returns 0; -EINVAL for a code that may
 * not be sent; -ENOMEM. */
WYE_API int wye_handshake_set_deadline(struct wye_handshake *handshake, uint64_t milliseconds,
				       unsigned code, const char *reason) WYE_MUST_CHECK;

/* Adds a field to the answer, be it the 101 or a refusal. Errors as wye_reply_header(). */
WYE_API int wye_handshake_reply_header(struct wye_handshake *handshake, const char *name,
				       struct wye_text value);

/* Refuses with a status (400..599) and a short body of text, copied; the step then returns
 * WYE_ANSWERED. Returns 0; -EALREADY; -EINVAL; -ENOMEM. */
WYE_API int wye_handshake_refuse(struct wye_handshake *handshake, unsigned status,
				 const char *body);

/* ---- subprotocols (RFC 6455, 1.9, 4.2.2) ---- */

/* True if the client offers it. */
WYE_API bool wye_handshake_offers(const struct wye_handshake *handshake,
				  const char *subprotocol);
/* Chooses one: in a handler's handshake(), or a middleware's step. Returns 0; -ENOENT if the
 * client did not offer it; -EALREADY if one is chosen; -ENOMEM. */
WYE_API int wye_handshake_choose(struct wye_handshake *handshake,
				 const char *subprotocol) WYE_MUST_CHECK;
WYE_API struct wye_text wye_handshake_subprotocol(const struct wye_handshake *handshake);
/* Shows each offer, in the client's order; ends at the first result that is not 0, and returns
 * it. */
WYE_API int wye_handshake_each_offer(const struct wye_handshake *handshake,
				     int (*visit)(void *argument, struct wye_text offer),
				     void *argument);
/* Takes away an offer that is none, such as a token: one that was shown by the call above. It is
 * blanked in the field as well, so that nobody sees it afterwards. A browser ends a connection
 * whose offers were all refused: if no others are left, the first that was taken away is the
 * answer. Returns 0; -ENOENT; -ENOMEM. */
WYE_API int wye_handshake_hide_offer(struct wye_handshake *handshake,
				     struct wye_text offer) WYE_MUST_CHECK;

/* ---- a verdict that comes later ---- */

/* Cancelled when the client vanishes, at the route's handshake_timeout, or when the program
 * begins to drain, which answers 503 at once. On the loop that has the handshake; the
 * connection has a context of its own. */
WYE_API struct wye_context *wye_handshake_context(struct wye_handshake *handshake);

/* Names a deferred handshake; a value, valid for ever, never reused. */
typedef struct wye_handshake_ticket {
	uint64_t value;
} wye_handshake_ticket;

/* Takes a ticket; the step that does so returns WYE_DEFERRED. For middleware with WYE_DEFERS,
 * whose step runs on a stream loop, where the handshake waits with its socket: it holds no
 * thread and no HTTP connection. It must be finished within the route's handshake_timeout,
 * else the client gets 503.
 *
 * Returns 0; -EPERM for middleware without WYE_DEFERS; -EALREADY; -ENOMEM. */
WYE_API int wye_handshake_ticket_take(struct wye_handshake *handshake,
				      wye_handshake_ticket *out) WYE_MUST_CHECK;

/* Finishes it by a function that runs on the loop that has the handshake, and returns a verdict
 * as the step would have. If the handshake ends first, `run` is called with NULL: it is called
 * exactly once if 0 was returned. Any thread. Returns 0; -ENOENT; -ENOMEM. */
WYE_API int wye_handshake_ticket_run(wye_handshake_ticket ticket,
				     enum wye_verdict (*run)(struct wye_handshake *handshake,
							     void *argument),
				     void *argument) WYE_MUST_CHECK;

/* Finishes it: WYE_NEXT goes on with the chain. Any thread. Returns as above; -EINVAL for
 * another verdict. */
WYE_API int wye_handshake_ticket_pass(wye_handshake_ticket ticket) WYE_MUST_CHECK;
/* Finishes it by a refusal, as wye_handshake_refuse(). Any thread. */
WYE_API int wye_handshake_ticket_refuse(wye_handshake_ticket ticket, unsigned status,
					const char *body) WYE_MUST_CHECK;

/* ---- connections ---- */

/* Names a connection: a value, 0 for none, never reused. */
typedef struct wye_ws_id {
	uint64_t value;
} wye_ws_id;

enum wye_ws_kind {
	WYE_WS_TEXT = 1,
	WYE_WS_BINARY = 2,
};

/* Who or what ended a connection. */
enum wye_ws_cause {
	WYE_WS_PEER,          /* the peer sent a close frame */
	WYE_WS_HANDLER,       /* wye_ws_close() */
	WYE_WS_RESET,         /* the connection broke without a close frame */
	WYE_WS_PROTOCOL,      /* the peer broke RFC 6455: 1002, 1007 */
	WYE_WS_LIMIT,         /* a message above max_message: 1009 */
	WYE_WS_WRITE_STALL,   /* the peer took nothing for write_timeout */
	WYE_WS_SLOW_CONSUMER, /* the outbox was full: 1008 or 1013 */
	WYE_WS_POLICY,        /* open() or message() refused the connection: 1008, 1011 */
	WYE_WS_DRAIN,         /* the program stops: 1001 */
	WYE_WS_DEADLINE,      /* of its context: 1008 */
	WYE_WS_SILENT,        /* no pong within pong_timeout, or nothing for read_deadline */
	WYE_WS_IDLE,          /* no message either way for idle_timeout: 1001 */
	WYE_WS_LIFETIME,      /* max_lifetime is over: 1012 */
	WYE_WS_RATE,          /* more frames or bytes than the route allows: 1008 */
	WYE_WS_REFUSED,       /* the handshake was refused; there never was a connection */
	WYE_WS_EXPIRED,       /* what it was let in with: wye_handshake_set_deadline() */
};

/* How a connection ended, with its totals. Valid during the call it is given to. */
struct wye_ws_ending {
	size_t size;
	enum wye_ws_cause cause;
	unsigned status;        /* of the handshake: 101, or that of the refusal; 0: the client
				   vanished before there was a verdict */
	unsigned code;          /* the close code received, else the one sent; 1006: none */
	struct wye_text reason; /* the peer's; UTF-8 */
	uint64_t duration;      /* milliseconds since the 101 */
	uint64_t messages_in, bytes_in;   /* payload, inflated where it came compressed */
	uint64_t messages_out, bytes_out; /* payload, as written to the socket */
};

/* On the connection's loop, in callbacks: */
WYE_API wye_ws_id wye_ws_identity(const struct wye_ws *ws);
WYE_API struct wye_loop *wye_ws_loop(const struct wye_ws *ws);
WYE_API struct wye_context *wye_ws_context(struct wye_ws *ws);
WYE_API struct wye_text wye_ws_client(const struct wye_ws *ws);
WYE_API struct wye_text wye_ws_subprotocol(const struct wye_ws *ws);
WYE_API struct wye_text wye_ws_user(const struct wye_ws *ws);
WYE_API struct wye_text wye_ws_route(const struct wye_ws *ws);
WYE_API struct wye_text wye_ws_parameter(const struct wye_ws *ws, const char *name);
/* What a middleware has set at the handshake. Lives as long as the connection. */
WYE_API struct wye_text wye_ws_attribute(const struct wye_ws *ws, const char *name);
/* The handler's own pointer of this connection, NULL at first. */
WYE_API void *wye_ws_data(const struct wye_ws *ws);
WYE_API void wye_ws_set_data(struct wye_ws *ws, void *data);
/* Bytes of payload that a send would still find room for; and what an empty outbox takes. */
WYE_API size_t wye_ws_room(const struct wye_ws *ws);
WYE_API size_t wye_ws_capacity(const struct wye_ws *ws);

/* Stops reading from the peer (TCP then slows it down): message() is not called until
 * wye_ws_resume(). Control frames behind unread messages wait too. Calls do not nest. */
WYE_API void wye_ws_pause(struct wye_ws *ws);
WYE_API void wye_ws_resume(struct wye_ws *ws);

/* Sends one message to a connection.
 *
 * Any thread. `data` is copied before the call returns. Messages from one thread arrive in
 * the order sent (RFC 6455, 5.4). Text must be UTF-8 (5.6); that is the caller's duty.
 *
 * Returns 0: it is queued; 1: it is queued, and older ones were or will be dropped for it
 * (slow_consumer = "drop-oldest" or "keep-latest"). -EAGAIN: its outbox is full, nothing was
 * queued (slow_consumer = "refuse"; where messages are dropped, only from another thread than
 * the connection's, and only while twice the bound is on its way). -ENOBUFS: its outbox is
 * full, and the slow consumer is disconnected (slow_consumer = "disconnect"). -ENOENT: the
 * connection is gone or closing. -EMSGSIZE: it is larger than the route's outbox_bytes
 * (compressed, where that was agreed on, as all sizes in an outbox). -ENOMEM.
 */
WYE_API int wye_ws_send(wye_ws_id id, enum wye_ws_kind kind, const void *data,
			size_t length) WYE_MUST_CHECK;

/* The same of a message that replaces what is older under the same key, of the sender's own
 * choice: on a route with slow_consumer = "keep-latest", when the outbox is full, the oldest
 * that waits with this key gives way, else the oldest of all. Elsewhere as wye_ws_send(). */
WYE_API int wye_ws_send_keyed(wye_ws_id id, uint64_t key, enum wye_ws_kind kind,
			      const void *data, size_t length) WYE_MUST_CHECK;

/* Calls `run(argument, 0)` once, on the connection's loop, as soon as its outbox has emptied to
 * a quarter of its bounds, which may be at once, or altogether, if a send was refused beside so
 * little; `run(argument, -ENOENT)` if the connection ends first. Any thread. Returns 0, and
 * `run` will be called; -ENOENT; -ENOMEM. */
WYE_API int wye_ws_when_room(wye_ws_id id, void (*run)(void *argument, int status),
			     void *argument) WYE_MUST_CHECK;

/* Waits for the same, at most so long. A thread that may block: one of the plugin's own, or a
 * step on the blocking pool. Returns 0; -ENOENT; -ETIMEDOUT; -EDEADLK on a loop's thread, which
 * may not wait; -ENOMEM. */
WYE_API int wye_ws_wait_room(wye_ws_id id, unsigned milliseconds) WYE_MUST_CHECK;

/* Sends a message to all open connections of a route (its pattern, as wye_ws_route() has it),
 * or to all of all routes (data NULL). Framed once. Any thread; data is copied. What is not
 * written for want of room goes by each route's slow_consumer. Returns 0; -EMSGSIZE; -ENOMEM.
 */
WYE_API int wye_ws_send_all(struct wye_text route, enum wye_ws_kind kind, const void *data,
			    size_t length) WYE_MUST_CHECK;

/* ---- acknowledgement ----
 *
 * Three levels, each with a meaning of its own:
 * - transport: the pong of a ping acknowledges every message before that ping. The heartbeat's
 *   does so on every route, a fence's every fence_interval where `fence = true`. It works with
 *   every client, and says that the peer's WebSocket engine received, not that anybody handled.
 * - protocol: the handler knows from the client's library what was received, and says so by
 *   wye_ws_acked(). On routes of handlers with WYE_WS_ACKS this level counts instead.
 * - application: messages with numbers of their own, kept until the client's code confirms
 *   them and sent again after a reconnect: <wye/delivery.h>.
 *
 * A connection's backlog is what sends have accepted and is neither acknowledged nor dropped.
 */

/* How many messages have been queued on this connection so far, in the order in which they
 * leave: the number of the latest, which counts from 1. On the connection's loop. */
WYE_API uint64_t wye_ws_queued(const struct wye_ws *ws);

/* The client has confirmed all messages up to this number (of wye_ws_queued()). Numbers never
 * sent, and those confirmed before, count for nothing. Any thread. Returns 0; -ENOENT; -EPERM
 * if the handler's flags have no WYE_WS_ACKS; -ENOMEM. */
WYE_API int wye_ws_acked(wye_ws_id id, uint64_t number);

/* ---- timers, calls and work for a connection ----
 *
 * After wye_ws_close() sends and posts return -ENOENT at once; while the close handshake is
 * under way timers and work can still be begun, and `run` may still get the connection.
 *
 * Each `run` is called exactly once, on the connection's loop: with the connection, or with
 * NULL if it has ended before, so that `argument` can be freed. What was not called before the
 * handler's close() is called right after it. A posted call gets NULL as soon as the connection
 * is closing, which may be before its close().
 */

/* Calls `run` `milliseconds` from now (resolution 10 ms). `*out` (may be NULL) can be given to
 * wye_ws_timer_stop() until `run` is called. The connection's loop. Returns 0; -ENOENT once
 * its close handshake is over; -ENOMEM. */
struct wye_ws_timer;
WYE_API int wye_ws_timer_start(struct wye_ws *ws, uint64_t milliseconds,
			       void (*run)(struct wye_ws *ws, void *argument), void *argument,
			       struct wye_ws_timer **out) WYE_MUST_CHECK;
/* Stops it; `run` will not be called. The connection's loop. */
WYE_API void wye_ws_timer_stop(struct wye_ws_timer *timer);

/* Calls `run` on the connection's loop, in one of its next turns; with NULL also if the
 * connection is closing by then, so maybe before the handler's close(). Any thread; calls of
 * one thread run in order. Returns 0; -ENOENT: `run` will not be called; -ENOMEM. */
WYE_API int wye_ws_post(wye_ws_id id, void (*run)(struct wye_ws *ws, void *argument),
			void *argument) WYE_MUST_CHECK;

/* Calls `work(argument, context)` on the blocking pool, and `run` afterwards. `context` is of
 * the work alone and cancelled when the connection ends; work that has not begun by then is
 * left out. The connection's loop. Returns 0; -ENOENT once its close handshake is
 * over; -EAGAIN if the pool's queue is full; -ENOMEM. */
WYE_API int wye_ws_work(struct wye_ws *ws,
			void (*work)(void *argument, const struct wye_context *context),
			void (*run)(struct wye_ws *ws, void *argument),
			void *argument) WYE_MUST_CHECK;

/* ---- the registry: all connections that are open ---- */

/* What is known of a connection. Texts are the connection's own. */
struct wye_ws_info {
	size_t size;
	wye_ws_id id;
	struct wye_text route, user, client, subprotocol;
	uint64_t age; /* milliseconds since the 101 */
	uint64_t messages_in, bytes_in;
	uint64_t messages_out, bytes_out;         /* written */
	uint64_t messages_waiting, bytes_waiting; /* in the outbox */
	uint64_t messages_unacked, bytes_unacked; /* the backlog; those waiting included */
	uint64_t messages_dropped; /* from the outbox, by the route's slow_consumer */
	uint64_t messages_refused; /* likewise, of publications */
};

/* Fills `info`, whose `size` the caller has set. The connection's loop. */
WYE_API void wye_ws_describe(const struct wye_ws *ws, struct wye_ws_info *info);

/* Calls `visit` for each open connection on its own loop, so several at once on different
 * threads, and then `done` (may be NULL) once, on the last of them. A visit must be short and
 * may send, close and join groups. Connections that open or close meanwhile may be missed, and
 * those of a loop that has no memory for their list. Any thread. Returns 0; -ENOMEM: nothing is
 * called. */
WYE_API int wye_ws_each(void (*visit)(struct wye_ws *ws, void *argument),
			void (*done)(void *argument), void *argument) WYE_MUST_CHECK;

/* The same for all connections of a user, as a middleware has set it (wye_ws_user()). Returns
 * as above; -ENOENT if the user has none: nothing is called. */
WYE_API int wye_ws_each_of_user(struct wye_text user,
				void (*visit)(struct wye_ws *ws, void *argument),
				void (*done)(void *argument), void *argument) WYE_MUST_CHECK;

/* How many connections a user has. Any thread. */
WYE_API size_t wye_ws_count_of_user(struct wye_text user);

/* Sends to all connections of a user. As wye_group_publish(). */
WYE_API int wye_ws_send_user(struct wye_text user, enum wye_ws_kind kind, const void *data,
			     size_t length) WYE_MUST_CHECK;

/* Starts the close handshake (RFC 6455, 7.1.2): what is queued is written first, then a close
 * frame with `code` and `reason` (UTF-8, cut at 123 bytes, may be NULL). Any thread.
 *
 * Returns 0; -ENOENT if the connection is gone or closing; -EINVAL for a code that may not be
 * sent (7.4); -ENOMEM.
 */
WYE_API int wye_ws_close(wye_ws_id id, unsigned code, const char *reason);

/* ---- what a plugin registers ---- */

/* Flags of a handler. */
enum wye_ws_flag {
	WYE_WS_ACKS = 256, /* it calls wye_ws_acked() */
};

/* A handler. All callbacks run on the connection's loop and may not block. */
struct wye_ws_handler {
	size_t size;
	const char *name;
	unsigned flags;
	const struct wye_setting *route_settings; /* as of a REST handler */
	int (*route)(void *instance, const struct wye_settings *settings, void **route,
		     struct wye_error *why);
	void (*route_close)(void *instance, void *route);
	/* The 101 is queued, the connection is open. 0, or a negative errno: it is closed with
	 * 1008, and close() is called. May be NULL. */
	int (*open)(struct wye_ws *ws, const struct wye_mount *mount,
		    const struct wye_handshake *handshake);
	/* A whole message. `data` is valid during the call. 0 or above; -EAGAIN: "not now", the
	 * connection is paused as by wye_ws_pause(), and the same message comes again after
	 * wye_ws_resume(); another negative errno closes with 1011. Required. */
	int (*message)(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		       const void *data, size_t length);
	/* The outbox has emptied to at most a quarter (as for wye_ws_when_room()), after it was
	 * more than half full, a send on this loop was refused with -EAGAIN, or message() has
	 * returned that: at once, if it was not this outbox that was full. May be NULL. */
	void (*drained)(struct wye_ws *ws, const struct wye_mount *mount);
	/* Exactly once for each open(), whatever ended the connection. Sends to it fail
	 * already. May be NULL. */
	void (*close)(struct wye_ws *ws, const struct wye_mount *mount,
		      const struct wye_ws_ending *ending);
	/* Subprotocols that it speaks, the preferred first: the first that the client offers is
	 * chosen, unless a step or handshake() has chosen one. May be NULL. */
	const char *const *subprotocols;
	/* The last step of the chain, on the thread that has the handshake then, which is right
	 * by RFC 6455: may choose a subprotocol. WYE_NEXT, or WYE_ANSWERED after
	 * wye_handshake_refuse(). May be NULL. */
	enum wye_verdict (*handshake)(struct wye_handshake *handshake,
				      const struct wye_mount *mount);
};

/* A middleware of the WebSocket lane. It runs on an http thread or on a stream loop and must
 * suit both: behind a step with WYE_BLOCKING (which runs on the pool) or WYE_DEFERS the chain
 * goes on on the stream loop, and a refusal closes the connection. Each step may be NULL;
 * `state` is this middleware's own pointer for this connection's life, NULL at first. */
struct wye_ws_middleware {
	size_t size;
	const char *name;
	unsigned flags;
	/* In the chain's order: WYE_NEXT, WYE_ANSWERED after wye_handshake_refuse(), or
	 * WYE_DEFERRED with a ticket. */
	enum wye_verdict (*handshake)(struct wye_handshake *handshake, void *instance,
				      void **state);
	/* Exactly once for each whose handshake step ran: at the refusal, when the client
	 * vanishes before the verdict, or at the connection's end, after the handler's close();
	 * in the reverse order. `handshake` is NULL once there was a connection. */
	void (*closed)(const struct wye_handshake *handshake,
		       const struct wye_ws_ending *ending, void *instance, void *state);
};

#ifdef __cplusplus
}
#endif
#endif
