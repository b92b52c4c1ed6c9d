/* SPDX-License-Identifier: MIT
 *
 * request.h - a request of the REST lane, from its request line to its completion.
 *
 * Made by engine.c when libmicrohttpd has read a request line; given back to the thread's
 * free list by the completion callback, which comes exactly once for each. It belongs to its
 * http thread, or, while a blocking step runs, to a thread of the pool: the connection is
 * suspended then and nobody else touches either. One that becomes an event stream leaves its
 * connection and its thread (events.c): it holds copies of all that the client sent.
 */
#ifndef WYE_CORE_HTTP_REQUEST_H
#define WYE_CORE_HTTP_REQUEST_H

#include <microhttpd.h>

#include <wye/rest.h>
#include <wye/stream.h>

#include "base/arena.h"
#include "base/attribute.h"
#include "base/buffer.h"
#include "base/context.h"
#include "base/id.h"
#include "base/jobs.h"
#include "base/loop.h"
#include "http/head.h"
#include "route/lanes.h"
#include "route/pairs.h"
#include "route/target.h"

struct wye_http_connection;
struct wye_http_thread;
struct wye_handshake;

/* How far a request has come. */
enum wye_request_state {
	WYE_REQUEST_NEW,     /* the request line is read */
	WYE_REQUEST_READING, /* the chain has let it pass; its body is being read */
	WYE_REQUEST_RUNNING, /* in a step of its chain or in its handler */
	WYE_REQUEST_WAITING, /* suspended: a ticket is out, or a step is on the pool */
	WYE_REQUEST_RESUMED, /* an answer is there; to be queued when the engine takes one */
	WYE_REQUEST_QUEUED,  /* the answer was given to the engine */
	WYE_REQUEST_UPGRADE, /* a refused handshake whose answer is to be queued */
	WYE_REQUEST_HANDED,  /* the socket belongs to a stream loop now */
	WYE_REQUEST_CUT,     /* to be closed without an answer of the engine's */
};

struct wye_reply_field {
	struct wye_reply_field *next;
	const char *name, *value;
};

enum wye_reply_kind {
	WYE_REPLY_NONE,
	WYE_REPLY_BYTES,
	WYE_REPLY_FILE,
	WYE_REPLY_SOURCE,
	WYE_REPLY_EVENTS,
};

struct wye_reply {
	unsigned status; /* 0: no answer yet */
	enum wye_reply_kind kind;
	const char *type; /* Content-Type, or NULL */
	uint64_t length;  /* or WYE_LENGTH_UNKNOWN */
	uint64_t sent;    /* of a streamed body */
	const void *body; /* bytes; live as long as the request */
	int file;         /* -1: given to the engine, or none */
	uint64_t offset;
	const struct wye_source *source;
	const struct wye_stream_handler *events;
	void *argument;          /* of the source, or data of the events */
	struct wye_inner *inner; /* what the source wraps, and what that one does */
	struct wye_reply_field *fields, **last;
	size_t bytes;        /* of the fields as they are sent */
	const char *culprit; /* the step that answered */
	bool sealed;         /* the response steps are over */
	bool incomplete;     /* for want of memory: it can't be sent */
};

struct wye_undo {
	struct wye_undo *next;
	void (*run)(void *argument);
	void *argument;
};

enum {
	WYE_REQUEST_MEMORY = 448, /* first block of the arena: enough for a small request */
};

/* Lists that are made when they are first asked for. */
struct wye_inputs {
	struct wye_pairs query, form, cookies;
};

/* What a wait needs; in the request's arena, as most requests never wait. */
struct wye_wait {
	struct wye_request *request;
	struct wye_timer deadline;
	struct wye_timer patience; /* to start watching for a client that goes away */
	struct wye_watch hangup;
	struct wye_job job;
	enum wye_verdict verdict;        /* of the step that ran on the pool */
	const struct wye_gauges *gauges; /* of who took the ticket; or NULL */
	bool watching, expired;
};

struct wye_request {
	uint32_t magic;
	uint8_t state; /* enum wye_request_state */
	uint8_t ending;
	struct wye_http_connection *connection; /* NULL once it is a stream */
	struct wye_request *next_free;
	const struct wye_lanes *lanes; /* the snapshot that it was routed by */

	struct wye_text method, target, version, client, id, user;
	struct wye_attribute *attributes;
	uint8_t address[16];                 /* the client's */
	const struct wye_tls_peer *tls_peer; /* held by a stream; before: its connection's */
	struct wye_target parts;
	struct wye_head head;
	enum wye_method method_bit;

	const struct wye_rest_route *route; /* NULL: none matched */
	const struct wye_chain *chain;
	struct wye_text path; /* as it is routed: normalised where that is needed */
	struct wye_parameter *parameters;
	void **states;
	uint16_t parameter_count, entered; /* steps of the chain whose request step has run */
	unsigned allowed;                  /* methods that routes for the path take */
	bool chain_begun;
	bool in_handler; /* the step that runs or waits is the handler */
	size_t room;     /* of the engine's memory that it takes; 0: not known yet: room.h */
	bool reading;    /* there is a body, and it is not read yet */
	bool at_head;  /* it was suspended in the engine's first call, which will come again */
	bool dropping; /* nobody wants the rest of it */
	bool said;     /* the answer is written by ourselves: as it is, nothing can wrap it */
	bool last;     /* its answer says that the connection closes */

	struct wye_inputs *inputs; /* NULL: none was asked for */
	struct wye_buffer body;
	uint64_t body_received, body_limit; /* UINT64_MAX: no step has lowered it */
	const void *piece;                  /* that body() is shown */
	size_t piece_length;
	void *data; /* the handler's */

	struct wye_reply reply;
	struct wye_undo *undo;
	struct wye_handshake *handshake; /* a refused one */
	uint64_t started;                /* microseconds, monotonic */
	struct wye_context context;

	/* While it waits (ticket.c, wait.c). */
	struct wye_slot *ticket;
	struct wye_wait *wait; /* NULL before its first wait */
	bool suspended;

	struct wye_request_batch *batch; /* that it was allocated with */
	struct wye_arena arena;
	_Alignas(max_align_t) char memory[WYE_REQUEST_MEMORY];
};

/* Frees those of a thread that are not in use: at its end. */
void wye_requests_free(struct wye_http_thread *thread);

/* Takes a request from the connection's thread, or NULL without memory. */
struct wye_request *wye_request_begin(struct wye_http_connection *connection,
				      const char *target);
/* Runs what was registered with wye_request_at_end() and gives the request back. */
void wye_request_finish(struct wye_request *request);

/* The one way back from a `void *` of the engine; ends the program on anything else. */
struct wye_request *wye_request_from(void *pointer);

/* Makes the request independent of its connection: it may be taken to another thread. */
void wye_request_detach(struct wye_request *request);

/* Name of the step that runs now, for logs. */
const char *wye_request_step(const struct wye_request *request);
/* Those of its instance; NULL if it is no plugin's. */
const struct wye_gauges *wye_request_gauges(const struct wye_request *request);
/* The route's pattern, or NULL. */
const char *wye_request_pattern(const struct wye_request *request);

/* ---- the reply: reply.c, source.c ---- */

/* Answers with a status and a line of text, unless there is an answer. For core's own. */
void wye_reply_plain(struct wye_request *request, unsigned status, const char *text);

/* Runs the response steps and seals the reply. */
void wye_reply_seal(struct wye_request *request);

/* Hands the reply to the engine, after the response steps. Http thread, in an engine's call, of
 * whose context it is. */
enum MHD_Result wye_reply_queue(struct wye_request *request, void **context);

/* Writes a reply whose body is bytes by ourselves, where the engine takes none, and leaves the
 * connection. In an engine's call, to be returned from it. */
enum MHD_Result wye_reply_say(struct wye_request *request);

/* The reply is queued, and its end is that of the connection (RFC 9112, 6.3). */
bool wye_reply_ends_by_close(const struct wye_request *request);

/* Whether the connection closes behind the reply, or may do so. */
bool wye_reply_is_last(const struct wye_request *request);

/* Head, and body if that is bytes, as wye writes them by itself. Returns 0 or -ENOMEM. */
int wye_reply_compose(const struct wye_request *request, struct wye_buffer *out) WYE_MUST_CHECK;

/* Frees what an answer holds: closes its file or source. */
void wye_reply_release(struct wye_reply *reply);

/* True if the body goes out piece by piece although it lies ready: a Unix socket does not tell
 * what its peer takes, so each piece that the engine asks for shows that it took the one
 * before. */
bool wye_source_paced(const struct wye_request *request);

/* The engine's response for a body that is a file or a source, or paced. NULL without memory.
 */
struct MHD_Response *wye_source_response(struct wye_request *request);
/* One whose body is of this length, or of an unknown one, and is never read. */
struct MHD_Response *wye_source_unread(uint64_t length);

#endif
