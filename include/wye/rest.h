/* SPDX-License-Identifier: MIT
 *
 * wye/rest.h - the REST lane: requests, replies, handlers and middleware.
 *
 * A request lives from its request line until `done` has run. It belongs to one thread at a
 * time: to the http thread of its connection; while a blocking step runs, to the pool's thread
 * that runs it; once it has become an event stream (wye/stream.h), to the stream's loop. All
 * functions with a `struct wye_request *` are for that thread; from any other use a ticket.
 * Texts that they return live as long as the request, and have no NUL behind them.
 */
#ifndef WYE_REST_H
#define WYE_REST_H

#include <sys/types.h>

#include <wye/context.h>
#include <wye/http.h>
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
/* The target's path, undecoded; and what stands behind its '?'. */
WYE_API struct wye_text wye_request_path(const struct wye_request *request);
WYE_API struct wye_text wye_request_query(const struct wye_request *request);
/* "HTTP/1.1" or "HTTP/1.0". */
WYE_API struct wye_text wye_request_version(const struct wye_request *request);
/* Host, or the authority of an absolute target (RFC 9112, 3.2.2), with its port if one came. */
WYE_API struct wye_text wye_request_host(const struct wye_request *request);
/* The client's address: the peer's, or where that is a trusted proxy what it says. */
WYE_API struct wye_text wye_request_client(const struct wye_request *request);
/* The same as bytes in network order, IPv4 mapped into IPv6 (RFC 4291, 2.5.5.2): for comparing
 * it without a look at its text. */
WYE_API void wye_request_client_address(const struct wye_request *request, uint8_t out[16]);
/* The pattern of the route that matched; none on a 404. */
WYE_API struct wye_text wye_request_route(const struct wye_request *request);

/* The first field of this name, in any case (RFC 9110, 5.1), without blanks round it. */
WYE_API struct wye_text wye_request_header(const struct wye_request *request, const char *name);
/* A parameter of the route (":id", "*rest") by its name, percent-decoded. An encoded slash is
 * decoded in ":id" and stays "%2F" in "*rest", where it would pass for a separator. */
WYE_API struct wye_text wye_request_parameter(const struct wye_request *request,
					      const char *name);
/* The one that is a rest ("*rest"), whatever its name; none on routes without. */
WYE_API struct wye_text wye_request_rest(const struct wye_request *request);
/* The first parameter of this name in the query, or in a body of type
 * application/x-www-form-urlencoded: decoded, "+" is a blank (WHATWG URL, 5.1). */
WYE_API struct wye_text wye_request_query_value(const struct wye_request *request,
						const char *name);
WYE_API struct wye_text wye_request_form_value(const struct wye_request *request,
					       const char *name);
/* The first cookie of this name (RFC 6265, 4.2), without quotes round it, not decoded. */
WYE_API struct wye_text wye_request_cookie(const struct wye_request *request, const char *name);

/* The same lists by index, from 0, in the order they came. False behind the last. */
WYE_API bool wye_request_header_at(const struct wye_request *request, size_t index,
				   struct wye_field *out);
WYE_API bool wye_request_query_at(const struct wye_request *request, size_t index,
				  struct wye_field *out);
WYE_API bool wye_request_form_at(const struct wye_request *request, size_t index,
				 struct wye_field *out);
WYE_API bool wye_request_cookie_at(const struct wye_request *request, size_t index,
				   struct wye_field *out);

/* The whole body, in handle() and later, of a handler without body(); at most the route's
 * max_body. Empty, with a NULL for data, if there was none. */
WYE_API struct wye_text wye_request_body(const struct wye_request *request);
/* What Content-Length says: known before the body has come; -1 for a body in chunks. */
WYE_API int64_t wye_request_body_length(const struct wye_request *request);
/* Lowers the limit of this request's body below the route's max_body, in bytes; a higher one
 * changes nothing. What is larger is refused with 413, and the connection ends. For request
 * steps.
 *
 * Returns 0; -EMSGSIZE if Content-Length says that it is larger: the request has got its
 * answer, and the step returns WYE_ANSWERED. */
WYE_API int wye_request_limit_body(struct wye_request *request, uint64_t bytes) WYE_MUST_CHECK;

/* Changes what later steps and the handler see of the head; for request steps. Setting takes
 * the place of all fields of that name, adding leaves them. Name and value are copied. Texts of
 * fields that were asked for before stay valid.
 *
 * Return 0; -EINVAL if the name is no token or the value has a control byte (RFC 9110, 5.5), or
 * for a field by which wye has read the message already (Host, Content-Length,
 * Transfer-Encoding, Connection, Upgrade, Expect); -ENOMEM. */
WYE_API int wye_request_set_header(struct wye_request *request, const char *name,
				   struct wye_text value) WYE_MUST_CHECK;
WYE_API int wye_request_add_header(struct wye_request *request, const char *name,
				   struct wye_text value) WYE_MUST_CHECK;
/* Removes all fields of this name, in any case. Returns how many; 0 for the above. */
WYE_API size_t wye_request_remove_header(struct wye_request *request, const char *name);
/* Whether the functions above take such a field: for open() to check settings. Any thread. */
WYE_API bool wye_request_header_valid(const char *name, struct wye_text value);

/* What a middleware found out and others want to know. Setters copy. They return 0 or -ENOMEM.
 */
WYE_API struct wye_text wye_request_id(const struct wye_request *request);
WYE_API int wye_request_set_id(struct wye_request *request, struct wye_text id) WYE_MUST_CHECK;
WYE_API struct wye_text wye_request_user(const struct wye_request *request);
WYE_API int wye_request_set_user(struct wye_request *request,
				 struct wye_text user) WYE_MUST_CHECK;
/* More of it, by name ("claim.email"): what is set replaces what was set by that name. Names
 * are compared byte by byte. The access log tells "upstream.time": microseconds, in digits,
 * that a step waited for another server. */
WYE_API struct wye_text wye_request_attribute(const struct wye_request *request,
					      const char *name);
WYE_API int wye_request_set_attribute(struct wye_request *request, const char *name,
				      struct wye_text value) WYE_MUST_CHECK;

/* The handler's own pointer of this request, NULL at first: from body() to handle(). */
WYE_API void *wye_request_data(const struct wye_request *request);
WYE_API void wye_request_set_data(struct wye_request *request, void *data);

/* ---- the reply ---- */

/* Answers: a status, a Content-Type (NULL: none) and a whole body, which is copied. The body of
 * a 304 is not sent; its length is said, as that of the 200 in its place (RFC 9110, 8.6).
 *
 * Returns 0; -EALREADY if there is an answer already (nothing changed; logged with both
 * culprits); -EINVAL for a status outside 200..599, or a type with a control byte; -ENOMEM (the
 * client gets 500).
 */
WYE_API int wye_reply(struct wye_request *request, unsigned status, const char *type,
		      const void *body, size_t length);

/* The same, with a type and a body that outlive the request and are not copied. */
WYE_API int wye_reply_static(struct wye_request *request, unsigned status, const char *type,
			     const void *body, size_t length);

/* Answers with `length` bytes of an open file, from `offset` on; by sendfile(2) where nothing
 * wraps it. The descriptor belongs to the reply from now on, also on failure.
 *
 * Returns as wye_reply(). */
WYE_API int wye_reply_file(struct wye_request *request, unsigned status, const char *type,
			   int descriptor, uint64_t offset, uint64_t length);

/* Where a streamed body comes from. `size` is sizeof(struct wye_source). */
struct wye_source {
	size_t size;
	/* Fills `buffer` with at most `size` bytes, on the request's http thread, whenever the
	 * client can take some. Returns how many; 0 at the end; -EAGAIN after a
	 * wye_ticket_take(): there is nothing now, and it is called again when the ticket is
	 * finished by WYE_NEXT; another negative errno cuts the connection, so that the client
	 * sees that the body is not whole (in HTTP/1.0 only if its length is known). May not
	 * block. */
	ssize_t (*read)(struct wye_request *request, void *argument, void *buffer, size_t size);
	/* Called exactly once for each source that was accepted, however the request ends;
	 * after the last read(). May be NULL. */
	void (*close)(void *argument);
};

/* For a body whose length is not known when it begins: chunked (RFC 9112, 7.1), or up to the
 * connection's end in HTTP/1.0. */
#define WYE_LENGTH_UNKNOWN UINT64_MAX

/* Answers with a body that is read from a source as fast as the client takes it; `source` must
 * outlive the request. For a HEAD nothing is read.
 *
 * Returns as wye_reply(); on failure close() was called. */
WYE_API int wye_reply_stream(struct wye_request *request, unsigned status, const char *type,
			     uint64_t length, const struct wye_source *source, void *argument);

/* Takes an answer back, so that another can be given; fields that were added stay. Before the
 * response steps are over. */
WYE_API void wye_reply_discard(struct wye_request *request);

/* Adds a field to the reply, before or after the answer, until the response steps are over.
 * Both are copied.
 *
 * Returns 0; -EINVAL if the name is no token or the value has a control byte (RFC 9110, 5.5),
 * or for a field that wye sets (Content-Length, Transfer-Encoding, Connection, Date), or
 * Content-Type, which belongs to the answer; -EALREADY once the reply has left; -ENOMEM.
 */
WYE_API int wye_reply_header(struct wye_request *request, const char *name,
			     struct wye_text value);
/* Whether wye_reply_header() takes such a field: for open() to check settings. Any thread. */
WYE_API bool wye_reply_header_valid(const char *name, struct wye_text value);
/* Adds a Set-Cookie field (wye_cookie_write()). Returns as wye_reply_header(), and -EINVAL for
 * a cookie that browsers would drop. */
WYE_API int wye_reply_cookie(struct wye_request *request,
			     const struct wye_cookie *cookie) WYE_MUST_CHECK;
/* Removes all fields of this name, in any case. Returns how many; 0 once the reply has left. */
WYE_API size_t wye_reply_remove_header(struct wye_request *request, const char *name);
/* The first field of this name that was added. */
WYE_API struct wye_text wye_reply_find_header(const struct wye_request *request,
					      const char *name);

/* The status of the answer so far; 0 before there is one. In `done`: what was sent. */
WYE_API unsigned wye_reply_status(const struct wye_request *request);
WYE_API void wye_reply_set_status(struct wye_request *request, unsigned status);
/* The Content-Type; NULL if there is none. What is set is copied. Returns 0, -EALREADY,
 * -EINVAL for a control byte in it, -ENOMEM.
 */
WYE_API const char *wye_reply_type(const struct wye_request *request);
WYE_API int wye_reply_set_type(struct wye_request *request, const char *type) WYE_MUST_CHECK;
/* Bytes of the reply's body: of the answer, or WYE_LENGTH_UNKNOWN; in `done`: what was given to
 * the connection. */
WYE_API uint64_t wye_reply_length(const struct wye_request *request);

/* The body that another one wraps. */
struct wye_inner;

/* In a response step: puts a source in the place of the answer's body, which it then reads by
 * wye_inner_read() from its own read(). It is closed by wye when the wrapper is.
 *
 * Returns 0; -EINVAL without an answer, for one without a body (204, 304, an event stream), or
 * for one that leaves before the request's body is read and ends the connection (its body stays
 * as it is); -EALREADY once the reply has left; -ENOMEM. On failure close() is not called. */
WYE_API int wye_reply_wrap(struct wye_request *request, uint64_t length,
			   const struct wye_source *source, void *argument,
			   struct wye_inner **inner) WYE_MUST_CHECK;
/* As a source's read(). */
WYE_API ssize_t wye_inner_read(struct wye_request *request, struct wye_inner *inner,
			       void *buffer, size_t size);

/* ---- life ---- */

/* Runs `undo(argument)` when the request ends, however it ends, after `done`, on the thread
 * that has it then; the last registered first. Returns 0 or -ENOMEM (then it was run at once).
 */
WYE_API int wye_request_at_end(struct wye_request *request, void (*undo)(void *argument),
			       void *argument) WYE_MUST_CHECK;

/* Memory of the request, freed with it; aligned for any type. NULL if there is none. */
WYE_API void *wye_request_allocate(struct wye_request *request, size_t size);

/* Whether anybody still waits, until when, and who wants to know (wye/context.h). */
WYE_API struct wye_context *wye_request_context(struct wye_request *request);

/* How the request ended; valid in `done`. */
enum wye_request_end {
	WYE_REQUEST_FINISHED,  /* the reply was sent as a whole */
	WYE_REQUEST_ABORTED,   /* the connection broke before that */
	WYE_REQUEST_TIMED_OUT, /* a deadline for head or body: 408 */
	WYE_REQUEST_REFUSED,   /* malformed or too large, most often before the chain saw it */
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

/* Takes a ticket; the step that does so returns WYE_DEFERRED (a source's read(): -EAGAIN). It
 * must be finished within the route's `ticket_timeout` (seconds, default 30) or the context's
 * deadline, else the client gets 503; in the middle of a reply the connection is cut; a client
 * that has stopped in its body gets 408 after body_timeout. One that ends its side of the
 * connection while it waits for more than a second counts as gone.
 *
 * In a step on an http thread. Returns 0; -EALREADY if the request has a ticket, or an answer
 * that is not being streamed, or in a step with WYE_BLOCKING, which may wait by itself; -EAGAIN
 * if `max_waiting` requests of this thread wait already (answer 503); -EPERM in an event
 * stream; -ENOMEM.
 */
WYE_API int wye_ticket_take(struct wye_request *request, wye_ticket *out) WYE_MUST_CHECK;

/* Finishes a deferred request with an answer, which is copied (as in wye_reply()). Any thread.
 *
 * Returns 0; -ENOENT if the ticket is used, or too late: the request is gone; -EINVAL; -ENOMEM
 * (the ticket is then still good).
 */
WYE_API int wye_ticket_reply(wye_ticket ticket, unsigned status, const char *type,
			     const void *body, size_t length) WYE_MUST_CHECK;

/* Finishes a ticket by a verdict: WYE_NEXT goes on with the next step of the chain, with the
 * next piece of the body, or with the source's next read(). Any thread. Returns 0; -ENOENT;
 * -EINVAL for WYE_DEFERRED; -ENOMEM. */
WYE_API int wye_ticket_finish(wye_ticket ticket, enum wye_verdict verdict) WYE_MUST_CHECK;

/* Finishes a deferred request by a function that runs on its http thread and returns a verdict
 * as the step would have. If the request ends first, `run` is called with NULL for a request,
 * so that it can free its argument: it is called exactly once if 0 was returned. Any thread.
 *
 * Returns 0; -ENOENT; -ENOMEM.
 */
WYE_API int wye_ticket_run(wye_ticket ticket,
			   enum wye_verdict (*run)(struct wye_request *request, void *argument),
			   void *argument) WYE_MUST_CHECK;

/* True while the ticket can still be finished: a reason to go on working. Any thread. */
WYE_API bool wye_ticket_open(wye_ticket ticket);

/* ---- what a plugin registers ---- */

enum wye_step_flag {
	/* The step may wait (a database, a file): it runs on the blocking pool, while the
	 * connection is suspended. A full pool is answered with 503. */
	WYE_BLOCKING = 1,
	/* A WebSocket middleware's: the step may take a ticket (wye/websocket.h). */
	WYE_DEFERS = 2,
};

/* A handler. `size` is sizeof(struct wye_rest_handler): members are only ever appended. */
struct wye_rest_handler {
	size_t size;
	const char *name;
	unsigned flags;
	const char *const *methods; /* what routes take without `methods`; NULL: GET and HEAD */
	const struct wye_setting
		*route_settings; /* keys of a route beyond the router's; or NULL */
	/* Called once per route that names the handler, on the main thread, before any request;
	 * 0, or a negative errno with a sentence. What it returns in `route` is given back to
	 * route_close() after the last request. Both may be NULL. */
	int (*route)(void *instance, const struct wye_settings *settings, void **route,
		     struct wye_error *why);
	void (*route_close)(void *instance, void *route);
	/* Answers a request whose body has been read: WYE_ANSWERED or WYE_DEFERRED. Required.
	 */
	enum wye_verdict (*handle)(struct wye_request *request, const struct wye_mount *mount);
	/* If set, a request's body is not kept: each piece is shown as it arrives, before
	 * handle(), which comes behind the last. `data` is valid during the call. WYE_NEXT: go
	 * on; WYE_ANSWERED: answered before the end, the rest is not read; WYE_DEFERRED: the
	 * piece was taken, the next one comes when the ticket is finished by WYE_NEXT, and TCP
	 * slows the client down meanwhile. With WYE_BLOCKING it runs on the pool. */
	enum wye_verdict (*body)(struct wye_request *request, const struct wye_mount *mount,
				 const void *data, size_t length);
};

/* A middleware of the REST lane. Each step may be NULL. `state` is this middleware's own
 * pointer for this request, NULL at first. */
struct wye_rest_middleware {
	size_t size;
	const char *name;
	unsigned flags;
	/* In the chain's order, when the head has been read and before the body is. */
	enum wye_verdict (*request)(struct wye_request *request, void *instance, void **state);
	/* In the reverse order, for those whose request step ran, when there is an answer and
	 * before its first byte: may change status, fields and type, and wrap the body. Not for
	 * what was refused before the chain. On an http thread, also with WYE_BLOCKING. */
	void (*response)(struct wye_request *request, void *instance, void *state);
	/* Exactly once for each request whose request step ran, and, with an untouched state,
	 * for those that ended before the chain began; in the reverse order. */
	void (*done)(struct wye_request *request, void *instance, void *state);
};

#ifdef __cplusplus
}
#endif
#endif
