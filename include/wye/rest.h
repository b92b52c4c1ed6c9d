/* SPDX-License-Identifier: MIT
 *
 * wye/rest.h - the REST lane: requests, replies, handlers and middleware.
 *
 * A request lives from its request line until `done` has run. It belongs to one thread at a
 * time: to the http thread of its connection, or, while a blocking step runs, to the pool's
 * thread that runs it. All functions with a `struct wye_request *` are for that thread; from
 * any other use a ticket. Texts that they return live as long as the request.
 */
#ifndef WYE_REST_H
#define WYE_REST_H

#include <wye/settings.h>
#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wye_request;

/* ---- what the client sent ---- */

WYE_API struct wye_text wye_request_method(const struct wye_request *request);
/* The target as it came (RFC 9112, 3.2), undecoded. */
WYE_API struct wye_text wye_request_target(const struct wye_request *request);
/* The target up to its '?', undecoded; and what stands behind it. */
WYE_API struct wye_text wye_request_path(const struct wye_request *request);
WYE_API struct wye_text wye_request_query(const struct wye_request *request);
/* "HTTP/1.1" or "HTTP/1.0". */
WYE_API struct wye_text wye_request_version(const struct wye_request *request);
/* The first field of this name, in any case (RFC 9110, 5.1). */
WYE_API struct wye_text wye_request_header(const struct wye_request *request, const char *name);
/* A parameter of the route (":id", "*rest") by its name, percent-decoded. */
WYE_API struct wye_text wye_request_parameter(const struct wye_request *request,
					      const char *name);
/* The peer's address, without its port. */
WYE_API struct wye_text wye_request_peer(const struct wye_request *request);
/* The pattern of the route that matched, as in the config; none on a 404. */
WYE_API struct wye_text wye_request_route(const struct wye_request *request);

/* What a middleware found out and others want to know. Setters copy. They return 0 or -ENOMEM. */
WYE_API struct wye_text wye_request_id(const struct wye_request *request);
WYE_API int wye_request_set_id(struct wye_request *request, struct wye_text id) WYE_MUST_CHECK;
WYE_API struct wye_text wye_request_user(const struct wye_request *request);
WYE_API int wye_request_set_user(struct wye_request *request,
				 struct wye_text user) WYE_MUST_CHECK;

/* ---- the reply ---- */

/* Answers: a status, a Content-Type (NULL: none) and a whole body, which is copied.
 *
 * Returns 0; -EALREADY if there is an answer already (logged with both culprits); -EINVAL for a
 * status outside 200..599; -ENOMEM (the client gets 500).
 */
WYE_API int wye_reply(struct wye_request *request, unsigned status, const char *type,
		      const void *body, size_t length);

/* The same, with a body that outlives the request and is not copied. */
WYE_API int wye_reply_static(struct wye_request *request, unsigned status, const char *type,
			     const void *body, size_t length);

/* Takes an answer back, so that another can be given. Before the response steps are over. */
WYE_API void wye_reply_discard(struct wye_request *request);

/* Adds a field to the reply, before or after the answer, until the response steps are over.
 * Both are copied.
 *
 * Returns 0; -EINVAL if the name is no token or the value has CR, LF or NUL (RFC 9110, 5.5), or
 * for a field that wye sets (Content-Length, Transfer-Encoding, Connection, Date); -EALREADY
 * once the reply has left; -ENOMEM.
 */
WYE_API int wye_reply_header(struct wye_request *request, const char *name,
			     struct wye_text value);

/* The status of the answer so far; 0 before there is one. In `done`: what was sent. */
WYE_API unsigned wye_reply_status(const struct wye_request *request);
WYE_API void wye_reply_set_status(struct wye_request *request, unsigned status);
/* Bytes of the reply's body. */
WYE_API uint64_t wye_reply_length(const struct wye_request *request);

/* ---- life ---- */

/* Runs `undo(argument)` when the request ends, however it ends, after `done`, on the http
 * thread; the last registered first. Returns 0 or -ENOMEM (then it was run at once). */
WYE_API int wye_request_at_end(struct wye_request *request, void (*undo)(void *argument),
			       void *argument) WYE_MUST_CHECK;

/* Memory of the request, freed with it; aligned for any type. NULL if there is none. */
WYE_API void *wye_request_allocate(struct wye_request *request, size_t size);

/* True when nobody waits for the answer: the client is gone, the deadline is over, the program
 * stops. Any thread may ask that holds the request. */
WYE_API bool wye_request_cancelled(const struct wye_request *request);

/* How the request ended; valid in `done`. */
enum wye_request_end {
	WYE_REQUEST_FINISHED,  /* the reply was sent as a whole */
	WYE_REQUEST_ABORTED,   /* the connection broke before that */
	WYE_REQUEST_TIMED_OUT, /* a deadline for head or body: 408 */
	WYE_REQUEST_REFUSED,   /* the engine refused it by itself (431, a bad length ...) */
	WYE_REQUEST_STOPPED,   /* cut by a stop of the program */
};
WYE_API enum wye_request_end wye_request_ending(const struct wye_request *request);
/* Microseconds since the request line. */
WYE_API uint64_t wye_request_age(const struct wye_request *request);

/* ---- tickets: to finish a request later ---- */

/* Names a deferred request; a value, valid for ever, never reused. */
typedef struct wye_ticket {
	uint64_t value;
} wye_ticket;

/* Takes a ticket; the step that does so returns WYE_DEFERRED. The answer must come within
 * the route's `ticket_timeout` (seconds, default 30), else the client gets 503.
 *
 * In a step on an http thread. Returns 0; -EALREADY if the request has a ticket or an answer;
 * -EAGAIN if `max_waiting` requests of this thread wait already (answer 503); -ENOMEM.
 */
WYE_API int wye_ticket_take(struct wye_request *request, wye_ticket *out) WYE_MUST_CHECK;

/* Finishes a deferred request with an answer, which is copied (as in wye_reply()). Any thread.
 *
 * Returns 0; -ENOENT if the ticket is used, or too late: the request is gone; -EINVAL; -ENOMEM
 * (the ticket is then still good).
 */
WYE_API int wye_ticket_reply(wye_ticket ticket, unsigned status, const char *type,
			     const void *body, size_t length) WYE_MUST_CHECK;

/* Finishes a deferred request by a function that runs on its http thread and returns a verdict
 * as the step would have. If the request ends first, `run` is called with NULL for a request, so
 * that it can free its argument: it is called exactly once if 0 was returned. Any thread.
 *
 * Returns 0; -ENOENT; -ENOMEM.
 */
WYE_API int wye_ticket_run(wye_ticket ticket,
			   enum wye_verdict (*run)(struct wye_request *request, void *argument),
			   void *argument) WYE_MUST_CHECK;

/* ---- what a plugin registers ---- */

enum wye_step_flag {
	/* The step may wait (a database, a file): it runs on the blocking pool, while the
	 * connection is suspended. A full pool is answered with 503. */
	WYE_BLOCKING = 1,
};

/* A handler. `size` is sizeof(struct wye_rest_handler): members are only ever appended. */
struct wye_rest_handler {
	size_t size;
	const char *name;
	unsigned flags;
	const char *const *methods; /* what routes take without `methods`; NULL: GET and HEAD */
	const struct wye_setting *route_settings; /* keys of a route beyond the router's; or NULL */
	/* Called once per route that names the handler, on the main thread, before any request;
	 * 0, or a negative errno with a sentence. What it returns in `route` is given back to
	 * route_close() after the last request. Both may be NULL. */
	int (*route)(void *instance, const struct wye_settings *settings, void **route,
		     struct wye_error *why);
	void (*route_close)(void *instance, void *route);
	/* Answers a request: WYE_ANSWERED or WYE_DEFERRED. Required. */
	enum wye_verdict (*handle)(struct wye_request *request, const struct wye_mount *mount);
};

/* A middleware of the REST lane. Each step may be NULL. `state` is this middleware's own
 * pointer for this request, NULL at first. */
struct wye_rest_middleware {
	size_t size;
	const char *name;
	unsigned flags;
	/* In the chain's order, before the handler. */
	enum wye_verdict (*request)(struct wye_request *request, void *instance, void **state);
	/* In the reverse order, for those whose request step ran, when there is an answer and
	 * before its first byte: may change status and fields. Not for what the engine
	 * refused by itself. */
	void (*response)(struct wye_request *request, void *instance, void *state);
	/* Exactly once for each request whose request step ran, and, with an untouched state, for
	 * those that ended before the chain began; in the reverse order. */
	void (*done)(struct wye_request *request, void *instance, void *state);
};

#ifdef __cplusplus
}
#endif
#endif
