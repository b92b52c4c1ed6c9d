/* SPDX-License-Identifier: MIT
 *
 * thread.h - http threads: each drives one libmicrohttpd daemon by its own loop, accepts, and
 * runs the REST chain and non-blocking handlers of its connections. Started and stopped by
 * main.
 */
#ifndef WYE_CORE_HTTP_THREAD_H
#define WYE_CORE_HTTP_THREAD_H

#include <pthread.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include "base/id.h"
#include "base/jobs.h"
#include "base/loop.h"
#include "base/metric.h"
#include "http/intake.h"
#include "http/own.h"
#include "net/limits.h"
#include "net/listener.h"
#include "route/lanes.h"

/* What the config says about HTTP; milliseconds and bytes. Read-only once threads run. */
struct wye_http_limits {
	unsigned head_timeout, body_timeout, keepalive_timeout, write_timeout, ticket_timeout;
	unsigned max_waiting;
	size_t max_header, max_target;
	uint64_t max_body;
};

/* Indexes of what http threads count. */
struct wye_http_metrics {
	wye_metric open, requests, ended, completed, aborted, timed_out, bad_heads,
		engine_refused, malformed, too_large_header, too_large_target, too_large_body,
		too_large_reply, handed_over, streams_handed_over, handshakes_refused, waiting,
		waiting_refused, ticket_timeouts, deadlines, no_descriptor, redirected;
};

/* One http thread. Its own, but for the members marked atomic and for mail. */
struct wye_round;

struct wye_http_thread {
	struct wye_loop loop; /* first */
	struct MHD_Daemon *daemon;
	struct wye_own own; /* in the daemon's epoll set */
	int wake;           /* eventfd in it */
	pthread_t thread;
	char name[16];
	char open_name[32]; /* of the gauge below */
	wye_metric open_here;

	const struct wye_lanes *lanes; /* for requests that begin now */
	const struct wye_http_limits *http;
	const struct wye_http_metrics *metrics;
	struct wye_limits *limits;
	struct wye_jobs *jobs;
	struct wye_acceptor acceptor;
	struct wye_timer accept_again;
	bool listening;

	atomic_uint open; /* connections; counted by whoever gives it one */
	struct wye_http_connection *connections, *free_connections;
	struct wye_http_connection *opening; /* being added to the engine */
	struct wye_intakes intakes;
	struct wye_request *free_requests;
	struct wye_id_table *tickets;
	unsigned waiting; /* suspended requests */
	bool draining, stopping;
	bool unfinished;       /* the engine has something to end of which no event will tell */
	struct wye_mail order; /* of main's, one at a time: it needs no memory at the end */
	struct wye_round *round;
};

struct wye_http_setup {
	unsigned threads;
	unsigned first_loop; /* loop index of the first one */
	const struct wye_lanes *lanes;
	const struct wye_http_limits *http;
	const struct wye_listeners *listeners;
	struct wye_limits *limits;
	struct wye_jobs *jobs;
};

/* Starts all of them; what `setup` points to must stay until they are stopped. Main thread.
 * Returns 0, or a negative errno with a sentence, and nothing runs. */
int wye_http_start(const struct wye_http_setup *setup, struct wye_error *why) WYE_MUST_CHECK;

/* Begins to accept. Main thread. */
void wye_http_accept(void);

/* No longer accepts. Returns when no thread touches a listener any more. Main thread. */
void wye_http_stop_accepting(void);

/* Closes idle connections; running requests are finished, and their connections closed. */
void wye_http_drain(void);

/* Connections that are still open on http threads. Any thread. */
unsigned wye_http_open(void);

/* Cuts what is left and ends the threads. False if a thread can't end, as a step of the
 * blocking pool still holds a request: the program must then leave by _exit(). Main thread. */
bool wye_http_stop(void);

/* The thread with this loop index, or NULL. Any thread. */
struct wye_http_thread *wye_http_thread_of(unsigned loop);

#endif
