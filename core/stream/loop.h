/* SPDX-License-Identifier: MIT
 *
 * loop.h - stream loops: threads on which upgraded sockets live. libuv owns the loop,
 * libwebsockets adopts the sockets in its raw role. Started and stopped by main; only
 * core/stream knows these two engines.
 */
#ifndef WYE_CORE_STREAM_LOOP_H
#define WYE_CORE_STREAM_LOOP_H

#include <pthread.h>
#include <stdatomic.h>

#include <libwebsockets.h>
#include <uv.h>

#include "base/id.h"
#include "base/jobs.h"
#include "base/loop.h"
#include "net/limits.h"
#include "stream/outbox.h"

struct wye_socket;
struct wye_run;

/* One stream loop. Its thread's own, but for the atomic members and for mail. */
struct wye_stream_loop {
	struct wye_loop loop; /* first */
	pthread_t thread;
	char name[16];
	uv_loop_t uv;
	uv_async_t wake;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t timer;     /* for the next of the loop's own timers */
	uint64_t timer_due;   /* milliseconds; 0: not running */
	uv_poll_t watch_poll; /* for the loop's watches, once there are any */
	bool watching;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct lws_protocols protocols[2];
	struct wye_limits *limits;
	struct wye_jobs *jobs;
	struct wye_id_table *ids;   /* of connections; looked up by any thread */
	atomic_uint open;           /* sockets, those on their way included */
	struct wye_socket *sockets; /* all that live here */
	struct wye_socket *dirty;   /* to be flushed at the turn's end */
	struct wye_run *run;        /* that is open (run.h) */
	struct wye_early *early;    /* to be received at the turn's end (early.h) */
	struct wye_socket *dead;    /* to be reaped at the turn's end */
	unsigned flushes;           /* so far */
	struct wye_chunks chunks;
	bool stopping;
	struct wye_mail cut, stop; /* main's orders: they need no memory at the end */
};

struct wye_stream_setup {
	unsigned loops;
	unsigned first_loop;  /* loop index of the first one */
	unsigned max_sockets; /* of a loop */
	struct wye_limits *limits;
	struct wye_jobs *jobs; /* for steps of handshakes that block */
};

/* Starts all of them. Main thread. Returns 0, or a negative errno with a sentence, and nothing
 * runs. */
int wye_stream_start(const struct wye_stream_setup *setup,
		     struct wye_error *why) WYE_MUST_CHECK;

/* Cuts what is left, ends the threads. Main thread. */
void wye_stream_stop(void);

unsigned wye_stream_count(void);
/* Which of them a loop is, from 0; and the one whose thread is calling, or NULL. Any thread. */
unsigned wye_stream_index(const struct wye_stream_loop *loop);
struct wye_stream_loop *wye_stream_here(void);
/* The n-th of them; and the one with this loop index, or NULL. Any thread. */
struct wye_stream_loop *wye_stream_at(unsigned n);
struct wye_stream_loop *wye_stream_of(unsigned loop);

/* The one with the fewest sockets; counts one more for the caller, who hands a socket over or
 * calls wye_stream_unpick(). Any thread. */
struct wye_stream_loop *wye_stream_pick(void);
void wye_stream_unpick(struct wye_stream_loop *loop);

/* Sockets on all loops. Any thread. */
unsigned wye_stream_open(void);

#endif
