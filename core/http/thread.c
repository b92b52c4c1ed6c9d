/* SPDX-License-Identifier: MIT
 *
 * thread.c - see thread.h.
 *
 * The engine's epoll set is what a thread waits in, also for its wake-up, the listeners and the
 * set of the loop's watches: own.h.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http/connection.h"
#include "http/engine.h"
#include "http/request.h"
#include "http/thread.h"
#include "http/wait.h"
#include "net/farewell.h"
#include "net/preface.h"

enum {
	TICKETS = 1 << 20, /* slots of a thread, at most */
};

static struct {
	struct wye_http_thread *threads;
	unsigned count, first_loop;
	struct wye_http_metrics metrics;
} http;

struct wye_http_thread *wye_http_thread_of(unsigned loop)
{
	if (loop < http.first_loop || loop - http.first_loop >= http.count)
		return NULL;
	return &http.threads[loop - http.first_loop];
}

static void wake(struct wye_loop *loop)
{
	const uint64_t one = 1;

	/* It can only fail when the counter is full, and then the thread is awake. */
	(void)!write(((struct wye_http_thread *)loop)->wake, &one, sizeof one);
}

static int attach(struct wye_loop *loop, int descriptor)
{
	return wye_own_watch(&((struct wye_http_thread *)loop)->own, descriptor, 0);
}

static const struct wye_loop_engine ENGINE = { .wake = wake, .attach = attach };

/* ---- accepting ---- */

static int start_listening(struct wye_http_thread *thread)
{
	const struct wye_listeners *listeners = thread->acceptor.listeners;
	int error = 0;

	for (size_t i = 0; i < listeners->count && !error; i++)
		error = wye_own_watch_listener(&thread->own, listeners->items[i].descriptor, i);
	thread->listening = !error;
	return error;
}

static void stop_listening(struct wye_http_thread *thread)
{
	const struct wye_listeners *listeners = thread->acceptor.listeners;

	for (size_t i = 0; thread->listening && i < listeners->count; i++)
		wye_own_forget(&thread->own, listeners->items[i].descriptor);
	thread->listening = false;
}

static void listen_again(void *argument)
{
	struct wye_http_thread *thread = argument;

	if (!thread->draining && !thread->listening && start_listening(thread))
		wye_timer_start(&thread->loop, &thread->accept_again, 100);
}

static void accept_waiting(struct wye_http_thread *thread)
{
	uint64_t ready = thread->own.listeners;
	unsigned pause = wye_acceptor_run(&thread->acceptor, ready, thread->loop.now);

	if (!pause)
		return;
	stop_listening(thread);
	wye_timer_start(&thread->loop, &thread->accept_again, pause);
}

static void header_read(void *owner, int descriptor, const union wye_address *peer,
			const struct wye_listener *listener, size_t read)
{
	wye_http_connection_open(owner, descriptor, peer, listener, read);
}

static void header_failed(void *owner)
{
	struct wye_http_thread *thread = owner;

	atomic_fetch_sub_explicit(&thread->open, 1, memory_order_relaxed);
}

/* On the thread that will serve it. */
static void begin(struct wye_http_thread *thread, int descriptor, const union wye_address *peer,
		  const struct wye_listener *listener)
{
	const struct wye_preface_taker taker = { header_read, header_failed, thread };

	if (listener->proxy.wanted)
		wye_preface_begin(&thread->loop, thread->limits, descriptor, peer, listener,
				  &taker);
	else
		wye_http_connection_open(thread, descriptor, peer, listener, 0);
}

/* An accepted connection on its way to another thread. */
struct passed {
	struct wye_mail mail;
	struct wye_http_thread *to;
	int descriptor;
	union wye_address peer;
	const struct wye_listener *listener;
};

static void receive(struct wye_mail *mail)
{
	struct passed *passed = (struct passed *)mail;

	begin(passed->to, passed->descriptor, &passed->peer, passed->listener);
	free(passed);
}

/* The thread with the fewest connections; the caller's own unless it has clearly more, as
 * passing one on costs a wake-up. */
static struct wye_http_thread *least_loaded(struct wye_http_thread *self)
{
	unsigned own = atomic_load_explicit(&self->open, memory_order_relaxed), least = own;
	struct wye_http_thread *best = self;

	for (unsigned i = 0; i < http.count; i++) {
		unsigned open =
			atomic_load_explicit(&http.threads[i].open, memory_order_relaxed);

		if (open < least) {
			least = open;
			best = &http.threads[i];
		}
	}
	return own - least > 2 + own / 16 ? best : self;
}

static void accepted(void *owner, int descriptor, const union wye_address *peer,
		     const struct wye_listener *listener)
{
	struct wye_http_thread *self = owner, *to = least_loaded(self);
	struct passed *passed;

	if (to != self) {
		passed = malloc(sizeof *passed);
		if (passed) {
			*passed = (struct passed) { .to = to,
						    .descriptor = descriptor,
						    .peer = *peer,
						    .listener = listener };
			atomic_fetch_add_explicit(&to->open, 1, memory_order_relaxed);
			if (!wye_loop_mail(&to->loop, &passed->mail, receive))
				return;
			atomic_fetch_sub_explicit(&to->open, 1, memory_order_relaxed);
			free(passed);
		}
	}
	atomic_fetch_add_explicit(&self->open, 1, memory_order_relaxed);
	begin(self, descriptor, peer, listener);
}

/* ---- the loop ---- */

static void cut_everything(struct wye_http_thread *thread)
{
	struct wye_http_connection *connection = thread->connections, *next;

	for (; connection; connection = next) {
		struct wye_request *request = connection->request;

		next = connection->next;
		if (request && request->suspended)
			(void)wye_wait_cut(request, WYE_REQUEST_STOPPED);
		else if (request)
			request->ending = WYE_REQUEST_STOPPED;
		wye_http_connection_cut(connection);
	}
}

static void *run(void *argument)
{
	struct wye_http_thread *thread = argument;

	wye_loop_enter(&thread->loop);
	wye_intakes_enter(&thread->intakes);
	wye_own_enter(&thread->own);
	wye_tls_thread_begin();
	while (!thread->stopping) {
		int timeout = thread->unfinished ? 0 : wye_loop_timeout(&thread->loop);

		thread->unfinished = false;
		thread->own.listeners = 0;
		(void)MHD_run_wait(thread->daemon, timeout);
		wye_loop_turn(&thread->loop);
		if (thread->loop.watches) /* by now a bridge may have been written to, too */
			wye_loop_watches(&thread->loop);
		if (thread->listening && thread->own.listeners)
			accept_waiting(thread);
	}
	/* Two rounds: the first ends what was cut, the second what that let go. */
	for (int i = 0; i < 2; i++) {
		cut_everything(thread);
		(void)MHD_run_wait(thread->daemon, 0);
		wye_loop_turn(&thread->loop);
	}
	if (!thread->waiting) {
		MHD_stop_daemon(thread->daemon);
		thread->daemon = NULL;
		cut_everything(thread); /* what the engine has left to be sent */
	}
	wye_prefaces_end();
	wye_farewells_end();
	wye_tls_thread_end();
	wye_loop_end(&thread->loop);
	return NULL;
}

/* ---- start and stop ---- */

static void free_lists(struct wye_http_thread *thread)
{
	wye_requests_free(thread);
	while (thread->free_connections) {
		struct wye_http_connection *next = thread->free_connections->next;

		free(thread->free_connections);
		thread->free_connections = next;
	}
}

static void close_thread(struct wye_http_thread *thread)
{
	if (thread->daemon)
		MHD_stop_daemon(thread->daemon);
	thread->daemon = NULL;
	free_lists(thread);
	wye_intakes_fini(&thread->intakes);
	wye_acceptor_fini(&thread->acceptor);
	if (thread->wake >= 0)
		close(thread->wake);
	wye_loop_fini(&thread->loop);
}

static int init(struct wye_http_thread *thread, unsigned index,
		const struct wye_http_setup *setup)
{
	int error;

	thread->wake = thread->acceptor.reserve = -1;
	snprintf(thread->name, sizeof thread->name, "http-%u", index % 1000);
	snprintf(thread->open_name, sizeof thread->open_name, "http_connections_open_%u",
		 index % 1000);
	thread->open_here = wye_metric_register(thread->open_name, WYE_GAUGE);
	thread->lanes = setup->lanes;
	thread->http = setup->http;
	thread->metrics = &http.metrics;
	thread->limits = setup->limits;
	thread->jobs = setup->jobs;
	wye_timer_init(&thread->accept_again, listen_again, thread);
	error = wye_loop_init(&thread->loop, setup->first_loop + index, thread->name, &ENGINE);
	if (!error)
		error = wye_id_table_create(&thread->tickets, setup->first_loop + index,
					    TICKETS);
	if (!error)
		error = wye_acceptor_init(&thread->acceptor, setup->listeners, setup->limits);
	thread->acceptor.accepted = accepted;
	thread->acceptor.owner = thread;
	if (!error)
		error = wye_intakes_init(&thread->intakes);
	if (!error)
		error = wye_engine_start(thread);
	if (error)
		return error;
	thread->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (thread->wake < 0)
		return -errno;
	return wye_own_watch(&thread->own, thread->wake, EPOLLET);
}

static void register_metrics(struct wye_http_metrics *metrics)
{
	metrics->open = wye_metric_register("http_connections_open", WYE_GAUGE);
	metrics->requests = wye_metric_register("rest_requests_total", WYE_COUNTER);
	metrics->ended = wye_metric_register("rest_requests_ended_total", WYE_COUNTER);
	metrics->completed = wye_metric_register("rest_requests_completed_total", WYE_COUNTER);
	metrics->aborted = wye_metric_register("rest_requests_aborted_total", WYE_COUNTER);
	metrics->timed_out = wye_metric_register("http_timeouts_total", WYE_COUNTER);
	metrics->bad_heads = wye_metric_register("http_bad_heads_total", WYE_COUNTER);
	metrics->engine_refused = wye_metric_register("http_engine_refused_total", WYE_COUNTER);
	metrics->no_descriptor = wye_metric_register("tls_no_descriptor_total", WYE_COUNTER);
	metrics->redirected = wye_metric_register("https_redirects_total", WYE_COUNTER);
	metrics->malformed = wye_metric_register("http_malformed_total", WYE_COUNTER);
	metrics->too_large_header =
		wye_metric_register("http_header_too_large_total", WYE_COUNTER);
	metrics->too_large_target =
		wye_metric_register("http_target_too_long_total", WYE_COUNTER);
	metrics->too_large_reply =
		wye_metric_register("http_reply_header_too_large_total", WYE_COUNTER);
	metrics->too_large_body = wye_metric_register("http_body_too_large_total", WYE_COUNTER);
	metrics->streams_handed_over =
		wye_metric_register("streams_handed_over_total", WYE_COUNTER);
	metrics->handed_over = wye_metric_register("upgrades_handed_over_total", WYE_COUNTER);
	metrics->handshakes_refused =
		wye_metric_register("upgrades_refused_total", WYE_COUNTER);
	metrics->waiting = wye_metric_register("rest_requests_waiting", WYE_GAUGE);
	metrics->waiting_refused =
		wye_metric_register("rest_waiting_refused_total", WYE_COUNTER);
	metrics->deadlines = wye_metric_register("rest_deadlines_total", WYE_COUNTER);
	metrics->ticket_timeouts =
		wye_metric_register("rest_ticket_timeouts_total", WYE_COUNTER);
}

static struct wye_http_thread *ordered(struct wye_mail *mail)
{
	return (struct wye_http_thread *)((char *)mail -
					  offsetof(struct wye_http_thread, order));
}

static void stop_thread(struct wye_mail *mail)
{
	ordered(mail)->stopping = true;
}

static bool join(unsigned started)
{
	bool clean = true;

	for (unsigned i = 0; i < started; i++)
		if (wye_loop_mail(&http.threads[i].loop, &http.threads[i].order, stop_thread))
			wye_log(WYE_LOG_ERROR, "can't stop %s", http.threads[i].name);
	for (unsigned i = 0; i < started; i++) {
		pthread_join(http.threads[i].thread, NULL);
		clean = clean && !http.threads[i].waiting;
	}
	return clean;
}

static void clear(unsigned initialised)
{
	for (unsigned i = 0; i < initialised; i++) {
		close_thread(&http.threads[i]);
		wye_id_table_destroy(http.threads[i].tickets);
	}
	free(http.threads);
	http.threads = NULL;
	http.count = 0;
}

int wye_http_start(const struct wye_http_setup *setup, struct wye_error *why)
{
	unsigned ready = 0, started = 0;
	int error = 0;

	http.threads = calloc(setup->threads, sizeof *http.threads);
	if (!http.threads)
		return -ENOMEM;
	http.count = setup->threads;
	http.first_loop = setup->first_loop;
	register_metrics(&http.metrics);
	while (ready < setup->threads && !error)
		error = init(&http.threads[ready], ready, setup), ready++;
	while (started < setup->threads && !error) {
		error = -pthread_create(&http.threads[started].thread, NULL, run,
					&http.threads[started]);
		if (!error)
			pthread_setname_np(http.threads[started].thread,
					   http.threads[started].name);
		started += !error;
	}
	if (!error)
		return 0;
	wye_error_set(why, "can't start the http threads: %s", strerror(-error));
	(void)join(started);
	clear(ready);
	return error;
}

/* Runs a function on each http thread and returns when all have done so. */
struct wye_round {
	sem_t done;
	void (*run)(struct wye_http_thread *thread);
};

static void visit(struct wye_mail *mail)
{
	struct wye_http_thread *thread = ordered(mail);
	struct wye_round *round = thread->round;

	round->run(thread);
	sem_post(&round->done);
}

static void everywhere(void (*function)(struct wye_http_thread *thread))
{
	struct wye_round round = { .run = function };
	unsigned posted = 0;

	sem_init(&round.done, 0, 0);
	for (unsigned i = 0; i < http.count; i++) {
		struct wye_http_thread *thread = &http.threads[i];

		thread->round = &round;
		posted += !wye_loop_mail(&thread->loop, &thread->order, visit);
	}
	while (posted)
		posted -= !sem_wait(&round.done);
	sem_destroy(&round.done);
}

static void begin_accepting(struct wye_http_thread *thread)
{
	listen_again(thread);
}

void wye_http_accept(void)
{
	everywhere(begin_accepting);
}

static void stop_accepting(struct wye_http_thread *thread)
{
	stop_listening(thread);
	wye_timer_stop(&thread->loop, &thread->accept_again);
	thread->draining = true;
}

void wye_http_stop_accepting(void)
{
	everywhere(stop_accepting);
}

static void drain(struct wye_http_thread *thread)
{
	struct wye_http_connection *connection = thread->connections, *next;

	thread->draining = true;
	wye_prefaces_end();
	for (; connection; connection = next) {
		next = connection->next;
		if (connection->request)
			wye_context_cancel(&connection->request->context, WYE_CANCEL_DRAIN);
		wye_http_connection_close_idle(connection);
	}
}

void wye_http_drain(void)
{
	everywhere(drain);
}

unsigned wye_http_open(void)
{
	unsigned open = 0;

	for (unsigned i = 0; i < http.count; i++)
		open += atomic_load(&http.threads[i].open);
	return open;
}

bool wye_http_stop(void)
{
	if (!http.threads)
		return true;
	if (!join(http.count))
		return false;
	for (unsigned i = 0; i < http.count; i++)
		close_thread(&http.threads[i]);
	return true; /* threads and tickets stay: a plugin's thread may still name one */
}
