/* SPDX-License-Identifier: MIT
 *
 * loop.c - see loop.h.
 *
 * One turn: libuv polls, libwebsockets reads (RAW_RX) and calls what the taker does with it;
 * then uv_check runs mail and timers and flushes; uv_prepare flushes what close callbacks
 * queued and arms the one uv timer for the next of ours.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/log.h>

#include "stream/loop.h"
#include "stream/secure.h"
#include "stream/socket.h"

static struct {
	struct wye_stream_loop *loops;
	unsigned count, first_loop;
} streams;

unsigned wye_stream_count(void)
{
	return streams.count;
}

unsigned wye_stream_index(const struct wye_stream_loop *loop)
{
	return loop->loop.index - streams.first_loop;
}

struct wye_stream_loop *wye_stream_here(void)
{
	struct wye_loop *loop = wye_loop_current();

	return loop && loop->index >= streams.first_loop ? (struct wye_stream_loop *)loop
							 : NULL;
}

struct wye_stream_loop *wye_stream_at(unsigned n)
{
	return n < streams.count ? &streams.loops[n] : NULL;
}

struct wye_stream_loop *wye_stream_of(unsigned loop)
{
	return loop < streams.first_loop ? NULL : wye_stream_at(loop - streams.first_loop);
}

struct wye_stream_loop *wye_stream_pick(void)
{
	struct wye_stream_loop *best = &streams.loops[0];

	for (unsigned i = 1; i < streams.count; i++)
		if (atomic_load_explicit(&streams.loops[i].open, memory_order_relaxed) <
		    atomic_load_explicit(&best->open, memory_order_relaxed))
			best = &streams.loops[i];
	atomic_fetch_add_explicit(&best->open, 1, memory_order_relaxed);
	return best;
}

void wye_stream_unpick(struct wye_stream_loop *loop)
{
	atomic_fetch_sub_explicit(&loop->open, 1, memory_order_relaxed);
}

unsigned wye_stream_open(void)
{
	unsigned open = 0;

	for (unsigned i = 0; i < streams.count; i++)
		open += atomic_load(&streams.loops[i].open);
	return open;
}

/* ---- the turn ---- */

static struct wye_stream_loop *of_handle(const void *handle)
{
	return ((const uv_handle_t *)handle)->data;
}

static void on_wake(uv_async_t *handle)
{
	(void)handle; /* mail is run in uv_check */
}

static void on_timer(uv_timer_t *handle)
{
	of_handle(handle)->timer_due = 0; /* timers are run in uv_check */
}

static void on_check(uv_check_t *handle)
{
	struct wye_stream_loop *loop = of_handle(handle);

	wye_loop_turn(&loop->loop);
	wye_sockets_flush(loop);
}

static void arm_timer(struct wye_stream_loop *loop)
{
	int timeout = loop->dirty ? 0 : wye_loop_timeout(&loop->loop);
	uint64_t due = timeout < 0 ? 0 : loop->loop.now + (uint64_t)timeout;

	if (due == loop->timer_due)
		return;
	loop->timer_due = due;
	if (due)
		uv_timer_start(&loop->timer, on_timer, (uint64_t)timeout, 0);
	else
		uv_timer_stop(&loop->timer);
}

static void on_prepare(uv_prepare_t *handle)
{
	struct wye_stream_loop *loop = of_handle(handle);

	wye_sockets_flush(loop);
	arm_timer(loop);
}

static void wake(struct wye_loop *loop)
{
	uv_async_send(&((struct wye_stream_loop *)loop)->wake);
}

static void on_watches(uv_poll_t *handle, int status, int events)
{
	(void)status;
	(void)events;
	wye_loop_wake_up(&of_handle(handle)->loop);
	wye_loop_watches(&of_handle(handle)->loop);
}

static int attach(struct wye_loop *base, int descriptor)
{
	struct wye_stream_loop *loop = (struct wye_stream_loop *)base;
	int error = uv_poll_init(&loop->uv, &loop->watch_poll, descriptor);

	if (error)
		return error;
	loop->watch_poll.data = loop;
	loop->watching = true;
	return uv_poll_start(&loop->watch_poll, UV_READABLE, on_watches);
}

static const struct wye_loop_engine LOOP_ENGINE = { .wake = wake, .attach = attach };

/* ---- start and stop ---- */

static void close_handle(uv_handle_t *handle, void *argument)
{
	(void)argument;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Destroyed twice, as libwebsockets wants it on a foreign loop: in the loop, and run dry. */
static void close_engines(struct wye_stream_loop *loop)
{
	if (loop->context) {
		lws_context_destroy(loop->context);
		wye_sockets_flush(loop);
	}
	uv_close((uv_handle_t *)&loop->wake, NULL);
	uv_close((uv_handle_t *)&loop->prepare, NULL);
	uv_close((uv_handle_t *)&loop->check, NULL);
	uv_close((uv_handle_t *)&loop->timer, NULL);
	if (loop->watching)
		uv_close((uv_handle_t *)&loop->watch_poll, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	if (loop->context)
		lws_context_destroy(loop->context);
	uv_walk(&loop->uv, close_handle, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	wye_sockets_flush(loop);
	if (uv_loop_close(&loop->uv))
		wye_log(WYE_LOG_ERROR, "%s: handles are left in its loop", loop->name);
}

static void *run(void *argument)
{
	struct wye_stream_loop *loop = argument;

	wye_loop_enter(&loop->loop);
	wye_tls_thread_begin();
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	wye_loop_end(&loop->loop);
	close_engines(loop);
	wye_secure_thread_end();
	return NULL;
}

static int start_engine(struct wye_stream_loop *loop, struct wye_error *why)
{
	struct lws_context_creation_info info = { 0 };
	void *foreign[1] = { &loop->uv };

	loop->protocols[0] =
		(struct lws_protocols) { .name = "wye", .callback = wye_socket_callback };
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.protocols = loop->protocols;
	info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	info.foreign_loops = foreign;
	info.pt_serv_buf_size = 65536;
	info.gid = (gid_t)-1;
	info.uid = (uid_t)-1;
	loop->context = lws_create_context(&info);
	if (!loop->context) {
		wye_error_set(why, "libwebsockets does not start on libuv; is its libuv part "
				   "installed (Debian: libwebsockets-evlib-uv)?");
		return -ENOENT;
	}
	loop->vhost = lws_create_vhost(loop->context, &info);
	return loop->vhost ? 0 : -ENOMEM;
}

static int start_handles(struct wye_stream_loop *loop)
{
	int error = uv_loop_init(&loop->uv);

	if (error)
		return error;
	uv_async_init(&loop->uv, &loop->wake, on_wake);
	uv_prepare_init(&loop->uv, &loop->prepare);
	uv_check_init(&loop->uv, &loop->check);
	uv_timer_init(&loop->uv, &loop->timer);
	loop->wake.data = loop->prepare.data = loop->check.data = loop->timer.data = loop;
	uv_prepare_start(&loop->prepare, on_prepare);
	uv_check_start(&loop->check, on_check);
	return 0;
}

static int init(struct wye_stream_loop *loop, unsigned index,
		const struct wye_stream_setup *setup, struct wye_error *why)
{
	int error;

	snprintf(loop->name, sizeof loop->name, "stream-%u", index % 1000);
	loop->limits = setup->limits;
	loop->jobs = setup->jobs;
	error = wye_loop_init(&loop->loop, setup->first_loop + index, loop->name, &LOOP_ENGINE);
	if (!error)
		error = wye_id_table_create(&loop->ids, setup->first_loop + index,
					    setup->max_sockets);
	if (!error)
		error = start_handles(loop);
	return error ? error : start_engine(loop, why);
}

static void stop_loop(struct wye_mail *mail)
{
	struct wye_stream_loop *loop =
		(struct wye_stream_loop *)((char *)mail -
					   offsetof(struct wye_stream_loop, stop));

	loop->stopping = true;
	uv_stop(&loop->uv);
}

static void fini(struct wye_stream_loop *loop)
{
	wye_chunks_fini(&loop->chunks);
	wye_id_table_destroy(loop->ids);
	wye_loop_fini(&loop->loop);
}

static void join(unsigned started)
{
	for (unsigned i = 0; i < started; i++)
		if (wye_loop_mail(&streams.loops[i].loop, &streams.loops[i].stop, stop_loop))
			wye_log(WYE_LOG_ERROR, "can't stop %s", streams.loops[i].name);
	for (unsigned i = 0; i < started; i++)
		pthread_join(streams.loops[i].thread, NULL);
}

int wye_stream_start(const struct wye_stream_setup *setup, struct wye_error *why)
{
	unsigned ready = 0, started = 0;
	int error = 0;

	lws_set_log_level(0, NULL); /* it logs successes as errors */
	wye_error_set(why, "can't start the stream loops");
	streams.loops = calloc(setup->loops, sizeof *streams.loops);
	if (!streams.loops)
		return -ENOMEM;
	streams.first_loop = setup->first_loop;
	while (ready < setup->loops && !error) {
		error = init(&streams.loops[ready], ready, setup, why);
		ready++;
	}
	streams.count = ready;
	while (started < ready && !error) {
		struct wye_stream_loop *loop = &streams.loops[started];

		error = -pthread_create(&loop->thread, NULL, run, loop);
		if (!error)
			pthread_setname_np(loop->thread, loop->name);
		started += !error;
	}
	if (!error)
		return 0;
	join(started);
	for (unsigned i = started; i < ready; i++)
		if (streams.loops[i].wake.data)
			close_engines(&streams.loops[i]);
	streams.count = started = 0;
	for (unsigned i = 0; i < ready; i++)
		fini(&streams.loops[i]);
	free(streams.loops);
	streams.loops = NULL;
	return error;
}

void wye_stream_stop(void)
{
	join(streams.count);
	for (unsigned i = 0; i < streams.count; i++) {
		wye_chunks_fini(&streams.loops[i].chunks);
		wye_loop_fini(&streams.loops[i].loop);
	}
	/* Loops and ids stay: a plugin's thread may still name a connection, and hears -ENOENT.
	 */
}
