/* SPDX-License-Identifier: MIT
 *
 * request.h - a request of the REST lane, from its request line to its completion.
 *
 * Made by engine.c when libmicrohttpd has read a request line; given back to the thread's
 * free list by the completion callback, which comes exactly once for each. It belongs to its
 * http thread, or, while a blocking step runs, to a thread of the pool: the connection is
 * suspended then and nobody else touches either.
 */
#ifndef WYE_CORE_HTTP_REQUEST_H
#define WYE_CORE_HTTP_REQUEST_H

#include <stdatomic.h>
#include <sys/queue.h>

#include <microhttpd.h>

#include <wye/rest.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/loop.h"
#include "route/route.h"
#include "route/router.h"

struct wye_http_connection;
struct wye_handshake;

/* How far a request has come. */
enum wye_request_state {
	WYE_REQUEST_NEW,     /* the request line is read */
	WYE_REQUEST_BODY,    /* the head is accepted; the body is being read */
	WYE_REQUEST_RUNNING, /* in a step of its chain or in its handler */
	WYE_REQUEST_WAITING, /* suspended: a ticket is out, or a step is on the pool */
	WYE_REQUEST_RESUMED, /* an answer is there; to be queued at the engine's next call */
	WYE_REQUEST_QUEUED,  /* the answer was given to the engine */
	WYE_REQUEST_UPGRADE, /* a refused handshake whose answer is to be queued */
	WYE_REQUEST_HANDED,  /* the socket belongs to a stream loop now */
	WYE_REQUEST_CUT,     /* to be closed without an answer */
};

struct wye_reply_field {
	struct wye_reply_field *next;
	const char *name, *value;
};

struct wye_reply {
	unsigned status;  /* 0: no answer yet */
	const char *type; /* Content-Type, or NULL */
	const void *body; /* lives as long as the request */
	size_t length;
	struct wye_reply_field *fields, **last;
	const char *culprit; /* the step that answered */
	bool sealed;         /* the response steps are over */
};

struct wye_undo {
	struct wye_undo *next;
	void (*run)(void *argument);
	void *argument;
};

enum {
	WYE_REQUEST_MEMORY = 2048, /* first block of the arena */
};

struct wye_request {
	uint32_t magic;
	enum wye_request_state state;
	struct wye_http_connection *connection;
	struct wye_request *next_free;

	struct wye_text method, target, path, query, version, id, user;
	enum wye_method method_bit;
	const struct wye_rest_route *route; /* NULL: none matched */
	const struct wye_rest_chain *chain;
	struct wye_match match;
	size_t entered; /* steps of the chain whose request step has run */
	bool chain_begun;
	bool in_handler; /* the step that runs or waits is the handler */
	void *states[WYE_CHAIN_MAX];

	struct wye_reply reply;
	struct wye_undo *undo;
	struct wye_handshake *handshake; /* a refused one */
	uint64_t body_received;
	uint64_t started; /* microseconds, monotonic */
	enum wye_request_end ending;
	atomic_bool cancelled;

	/* While it waits (ticket.c, blocking.c). */
	struct wye_slot *ticket;
	struct wye_timer deadline;
	struct wye_timer patience; /* to start watching for a client that goes away */
	struct wye_watch hangup;
	bool suspended, watching, expired;
	bool on_pool; /* in the queue, running, or on its way back */
	bool queued;  /* under the pool's lock */
	TAILQ_ENTRY(wye_request) job;
	struct wye_mail mail;     /* back from the pool */
	enum wye_verdict verdict; /* of the step that ran on the pool */

	struct wye_arena arena;
	_Alignas(max_align_t) char memory[WYE_REQUEST_MEMORY];
};

/* Takes a request from the connection's thread, or NULL without memory. */
struct wye_request *wye_request_begin(struct wye_http_connection *connection,
				      const char *target);
/* Runs what was registered with wye_request_at_end() and gives the request back. */
void wye_request_finish(struct wye_request *request);

/* The one way back from a `void *` of the engine; ends the program on anything else. */
struct wye_request *wye_request_from(void *pointer);

/* Name of the step that runs now, for logs. */
const char *wye_request_step(const struct wye_request *request);

/* Answers with a status and a line of text, unless there is an answer. For core's own. */
void wye_reply_plain(struct wye_request *request, unsigned status, const char *text);

/* Hands the reply to the engine, after the response steps. Http thread, in an engine's call. */
enum MHD_Result wye_reply_queue(struct wye_request *request);

#endif
