/* SPDX-License-Identifier: MIT
 *
 * wye/stream.h - event streams: replies that stay open and are written to from any thread, like
 * server-sent events (WHATWG HTML, 9.2) or any other body that goes on for long.
 *
 * The request moves with its socket from the http thread to a stream loop, where slow
 * consumers, heartbeats and deadlines are looked after; the chain's `done` steps run there, at
 * the end. As with WebSockets: `struct wye_stream *` is for callbacks on the loop, everybody
 * else has the id.
 */
#ifndef WYE_STREAM_H
#define WYE_STREAM_H

#include <wye/context.h>
#include <wye/loop.h>
#include <wye/rest.h>
#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wye_stream;

/* Names a stream: a value, 0 for none, never reused. */
typedef struct wye_stream_id {
	uint64_t value;
} wye_stream_id;

/* Who or what ended a stream. */
enum wye_stream_cause {
	WYE_STREAM_PEER,          /* the client went away */
	WYE_STREAM_HANDLER,       /* wye_stream_close() */
	WYE_STREAM_SLOW_CONSUMER, /* the outbox was full */
	WYE_STREAM_WRITE_STALL,   /* the client took nothing for write_timeout */
	WYE_STREAM_DEADLINE,      /* of its context */
	WYE_STREAM_DRAIN,         /* the program stops */
};

/* How a stream is kept; lives as long as the program serves. `size` is sizeof of it. */
struct wye_stream_handler {
	size_t size;
	unsigned heartbeat; /* milliseconds of silence before a comment (":" line) is sent, so
			       that proxies don't cut it and dead clients are found; 0: none */
	unsigned write_timeout; /* milliseconds in which the client must take something; 0: 30 s
				 */
	size_t outbox_bytes;    /* that may wait for the client; 0: 65,536 */
	unsigned outbox_messages; /* likewise; 0: 1,024 */
	/* The head is queued, the stream is open. 0, or a negative errno: it is closed. May be
	 * NULL. */
	int (*open)(struct wye_stream *stream, void *data);
	/* Exactly once for each wye_reply_events() that returned 0, whatever ended it, also
	 * where open() was never called, as there was no memory, say; then `stream` is NULL.
	 * May be NULL. */
	void (*close)(struct wye_stream *stream, void *data, enum wye_stream_cause cause);
};

/* Answers with an event stream: status 200, the given Content-Type (NULL: text/event-stream),
 * Cache-Control: no-store unless a field of that name was added, and a body up to the
 * connection's end. The step returns WYE_ANSWERED. `data` is given to the callbacks. A HEAD is
 * answered with the head alone.
 *
 * Returns as wye_reply(); on failure close() is not called. */
WYE_API int wye_reply_events(struct wye_request *request, const char *type,
			     const struct wye_stream_handler *handler, void *data);

/* On the stream's loop, in callbacks: */
WYE_API wye_stream_id wye_stream_identity(const struct wye_stream *stream);
WYE_API struct wye_loop *wye_stream_loop(const struct wye_stream *stream);
/* The request that it came from; for reading. */
WYE_API struct wye_request *wye_stream_request(const struct wye_stream *stream);
WYE_API struct wye_context *wye_stream_context(struct wye_stream *stream);

/* Sends bytes as they are. Any thread; they are copied; those of one thread arrive in order.
 *
 * Returns 0; -ENOENT if the stream is gone; -ENOBUFS if its outbox is full: nothing was sent,
 * and the slow client is dropped; -EMSGSIZE above outbox_bytes; -ENOMEM. */
WYE_API int wye_stream_send(wye_stream_id id, const void *data, size_t length) WYE_MUST_CHECK;

/* Sends one event: `event` is its type and `event_id` its id, either NULL for none; each line
 * of the data becomes a data field. Any thread. Errors as above; -EINVAL if type or id has a
 * line end or NUL. */
WYE_API int wye_event_send(wye_stream_id id, const char *event, const char *event_id,
			   const char *data, size_t length) WYE_MUST_CHECK;

/* All that an event can have (WHATWG HTML, 9.2.6); `size` is sizeof of it. Texts that become
 * several lines get a field for each. */
struct wye_event {
	size_t size;
	const char *type, *id; /* NULL: none */
	struct wye_text data;  /* data NULL: pages see no event, but take the rest */
	unsigned retry;        /* milliseconds after which a page connects again; 0: not said */
	const char *comment;   /* that nobody sees: keeps proxies from cutting; NULL: none */
};

/* Sends one. As wye_event_send(). */
WYE_API int wye_event_send_with(wye_stream_id id, const struct wye_event *event) WYE_MUST_CHECK;

/* The id of the last event that the page has seen, when it connects again (Last-Event-ID): send
 * what came since. On an http thread, before wye_reply_events(), or in open() by
 * wye_stream_request(). Data NULL for a first connection. */
WYE_API struct wye_text wye_last_event_id(const struct wye_request *request);

/* Ends the stream when what is queued has been written. Any thread. Returns 0; -ENOENT;
 * -ENOMEM. */
WYE_API int wye_stream_close(wye_stream_id id);

#ifdef __cplusplus
}
#endif
#endif
