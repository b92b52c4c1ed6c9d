/* SPDX-License-Identifier: MIT
 *
 * daemon.c - see daemon.h.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/calls.h"
#include "base/hash.h"
#include "base/jobs.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/ready.h"
#include "base/sink.h"
#include "config/settings.h"
#include "daemon.h"
#include "descriptors.h"
#include "http/events.h"
#include "http/thread.h"
#include "net/inherited.h"
#include "net/limits.h"
#include "net/listener.h"
#include "net/preface.h"
#include "privileges.h"
#include "renewal.h"
#include "route/target.h"
#include "stream/drain.h"
#include "stream/loop.h"
#include "stream/pressure.h"
#include "tls/metrics.h"
#include "tls/rekey.h"
#include "warnings.h"
#include "websocket/group.h"
#include "websocket/members.h"
#include "websocket/metrics.h"
#include "websocket/run.h"

enum {
	LOOK = 10,         /* milliseconds between two looks at what is still open */
	POOL_GRACE = 1000, /* milliseconds that a blocking step gets at the end */
};

struct daemon {
	const struct wye_options *options;
	const struct wye_lanes *lanes;
	struct wye_registry *registry;
	struct wye_http_limits http;
	struct wye_listeners listeners;
	struct wye_limits *limits;
	struct wye_jobs *jobs;
	struct wye_cidr *trusted;
	size_t trusted_count;
	bool streaming, serving;
};

/* ---- limits ---- */

static unsigned choose_max_connections(const struct wye_options *options)
{
	unsigned long limit = wye_descriptors_raise();

	if (options->max_connections) /* warnings.c has said whether that can be */
		return options->max_connections;
	return (unsigned)wye_connections_carried(options, limit);
}

static struct wye_http_limits http_limits(const struct wye_options *options)
{
	return (struct wye_http_limits) {
		.head_timeout = options->head_timeout,
		.body_timeout = options->body_timeout,
		.keepalive_timeout = options->keepalive_timeout,
		.write_timeout = options->write_timeout,
		.ticket_timeout = options->ticket_timeout,
		.max_waiting = options->max_waiting,
		.max_header = options->max_header,
		.max_target = options->max_target,
		.max_body = options->max_body,
	};
}

static int read_trusted(struct daemon *daemon)
{
	size_t count = 0;

	for (size_t i = 0; i < daemon->options->listen_count; i++)
		count += daemon->options->listen[i].trusted_count;
	daemon->trusted = calloc(count + 1, sizeof *daemon->trusted);
	if (!daemon->trusted)
		return -ENOMEM;
	for (size_t i = 0; i < daemon->options->listen_count; i++) {
		const struct wye_listen_option *listen = &daemon->options->listen[i];

		for (size_t j = 0; j < listen->trusted_count; j++)
			if (!wye_cidr_parse(&daemon->trusted[daemon->trusted_count],
					    listen->trusted[j]))
				daemon->trusted_count++;
	}
	return 0;
}

/* ---- start ---- */

/* The ranges of all listeners lie in one array, in their order. */
static int open_listeners(struct daemon *daemon, struct wye_error *why)
{
	const struct wye_cidr *ranges = daemon->trusted;
	int error = 0;

	for (size_t i = 0; i < daemon->options->listen_count && !error; i++) {
		const struct wye_listen_option *listen = &daemon->options->listen[i];
		struct wye_listener_setup setup = {
			.address = listen->address,
			.port = listen->port,
			.path = listen->path,
			.mode = listen->mode,
			.inherit = listen->inherit,
			.backlog = listen->backlog,
			.defer = listen->defer_accept,
			.tls = listen->tls,
			.handshakes = { listen->handshakes.rate, listen->handshakes.burst,
					listen->handshakes.timeout },
			.https = { listen->redirect_to_https, listen->https_port,
				   listen->redirect_except, listen->redirect_except_count },
			.trust = { ranges, listen->trusted_count, listen->rfc7239 },
			.proxy = { listen->proxy_protocol, listen->proxy_timeout,
				   listen->max_proxy_header },
		};

		error = wye_listener_open(&daemon->listeners, &setup, why);
		if (!error && listen->path)
			error = wye_privileges_give(daemon->options, listen->path);
		ranges += listen->trusted_count;
	}
	if (!error)
		wye_inherited_end();
	return error;
}

static int start_threads(struct daemon *daemon, unsigned max_connections, struct wye_error *why)
{
	const struct wye_options *options = daemon->options;
	struct wye_stream_setup streams = { options->stream_loops, options->http_threads,
					    max_connections, daemon->limits, daemon->jobs };
	struct wye_http_setup http = { .threads = options->http_threads,
				       .first_loop = 0,
				       .lanes = daemon->lanes,
				       .http = &daemon->http,
				       .listeners = &daemon->listeners,
				       .limits = daemon->limits,
				       .jobs = daemon->jobs };
	int error = wye_descriptors_check(options, why);

	if (!error)
		error = wye_members_start(options->stream_loops);
	if (!error)
		error = wye_ws_runs_start(options->stream_loops);
	wye_groups_start(options->stream_loops);
	if (!error)
		error = wye_stream_start(&streams, why);
	daemon->streaming = !error;
	if (!error)
		error = wye_http_start(&http, why);
	daemon->serving = !error;
	if (!error)
		error = wye_registry_start(daemon->registry, why);
	if (!error)
		wye_http_accept();
	return error;
}

static int start(struct daemon *daemon, struct wye_error *why)
{
	const struct wye_options *options = daemon->options;
	unsigned max_connections = choose_max_connections(options);
	int error;

	daemon->http = http_limits(options);
	wye_hash_start();
	wye_ws_metrics_register();
	wye_pressure_start(options->outbox_total);
	wye_events_register_metrics();
	wye_prefaces_register_metrics();
	wye_tls_metrics_register();
	wye_tls_rekey_limit(options->max_key_updates);
	error = wye_calls_start();
	if (!error)
		error = read_trusted(daemon);
	if (!error)
		error = open_listeners(daemon, why);
	if (!error)
		error = wye_privileges_drop(options, why);
	if (!error)
		error = wye_limits_create(&daemon->limits, max_connections,
					  options->max_connections_per_address, daemon->trusted,
					  daemon->trusted_count);
	if (!error)
		error = wye_jobs_create(&daemon->jobs, options->blocking_threads,
					options->blocking_queue);
	if (!error)
		error = wye_renewal_start(&daemon->listeners);
	if (!error)
		error = start_threads(daemon, max_connections, why);
	if (error && !why->text[0])
		wye_error_set(why, "can't start: %s", strerror(-error));
	return error;
}

/* ---- signals ---- */

static void log_metrics(enum wye_log_level level)
{
	struct wye_buffer text = { NULL, 0, 0 };

	malloc_trim(0);
	if (!wye_metric_json(&text))
		wye_log(level, "metrics %.*s", (int)text.length, text.data);
	wye_buffer_fini(&text);
}

/* Waits for a signal, at most so long (milliseconds; -1: for ever), and does what it asks for.
 * Returns SIGTERM for both that ask for a stop, SIGHUP or WYE_RENEWAL_SIGNAL, or 0. */
static int wait_signal(const sigset_t *set, int milliseconds)
{
	struct timespec limit = { milliseconds / 1000, milliseconds % 1000 * 1000000L };
	int number =
		milliseconds < 0 ? sigwaitinfo(set, NULL) : sigtimedwait(set, NULL, &limit);

	if (number == SIGUSR1)
		wye_sinks_reopen();
	if (number == SIGUSR2)
		log_metrics(WYE_LOG_NOTICE);
	if (number == SIGHUP || number == WYE_RENEWAL_SIGNAL)
		return number;
	return number == SIGTERM || number == SIGINT ? SIGTERM : 0;
}

static void wait_for_stop(const struct daemon *daemon, const sigset_t *set)
{
	int number;

	while ((number = wait_signal(set, -1)) != SIGTERM)
		if (number)
			wye_renewal_run(&daemon->listeners, number == SIGHUP);
}

/* ---- stop ---- */

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* True if a second signal came. */
static bool wait_until(const sigset_t *set, long end, bool (*done)(const struct daemon *daemon),
		       const struct daemon *daemon)
{
	while (now_ms() < end && !(done && done(daemon)))
		if (wait_signal(set, LOOK) == SIGTERM)
			return true;
	return false;
}

static bool all_closed(const struct daemon *daemon)
{
	return !wye_limits_open(daemon->limits);
}

/* Returns how many connections were left to be cut. */
static unsigned drain(struct daemon *daemon, const sigset_t *set, unsigned *before)
{
	const struct wye_options *options = daemon->options;
	long end = now_ms() + options->drain_delay + options->drain_timeout;

	wye_log(WYE_LOG_NOTICE, "stopping: %u connections are open",
		wye_limits_open(daemon->limits));
	wye_ready_drain();
	wye_registry_drain(daemon->registry);
	if (wait_until(set, now_ms() + options->drain_delay, NULL, daemon))
		end = 0;
	wye_http_stop_accepting();
	wye_listeners_close(&daemon->listeners);
	*before = wye_limits_open(daemon->limits);
	wye_http_drain();
	wye_streams_drain(options->drain_spread);
	(void)wait_until(set, end, all_closed, daemon);
	return wye_limits_open(daemon->limits);
}

/* A step on the blocking pool that does not come back holds its request: then the process ends
 * around it. */
static void leave(enum wye_exit status)
{
	wye_log(WYE_LOG_ERROR, "a blocking step did not end; leaving it behind");
	wye_log_stop();
	_exit(status);
}

static void stop(struct daemon *daemon, enum wye_exit status)
{
	bool pool_ended;

	if (daemon->streaming)
		wye_streams_cut(); /* what works for them on the pool is told so, and ends */
	pool_ended = wye_jobs_stop(daemon->jobs, POOL_GRACE);
	wye_registry_stop(daemon->registry);

	if (daemon->serving && !wye_http_stop())
		leave(status);
	if (!pool_ended)
		leave(status);
	if (daemon->streaming)
		wye_stream_stop();
	wye_jobs_destroy(daemon->jobs); /* handshakes have taken theirs out of the queue */
	wye_calls_stop();
	wye_listeners_close(&daemon->listeners);
	wye_limits_destroy(daemon->limits);
	free(daemon->trusted);
}

static void announce(const struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->listeners.count; i++)
		wye_log(WYE_LOG_NOTICE, "listening on %s%s", daemon->listeners.items[i].name,
			daemon->listeners.items[i].tls ? " with TLS" : "");
}

static void watched_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGUSR2);
	sigaddset(set, SIGHUP);
	sigaddset(set, WYE_RENEWAL_SIGNAL);
	pthread_sigmask(SIG_BLOCK, set, NULL); /* threads inherit it: only main takes signals */
	signal(SIGPIPE, SIG_IGN);
}

enum wye_exit wye_daemon_run(const struct wye_options *options, const struct wye_lanes *lanes,
			     struct wye_registry *registry)
{
	struct daemon daemon = { .options = options, .lanes = lanes, .registry = registry };
	struct wye_error why = { "" };
	unsigned before = 0, left;
	enum wye_exit status;
	sigset_t set;

	watched_signals(&set);
	if (start(&daemon, &why)) {
		wye_log(WYE_LOG_ERROR, "%s", why.text);
		stop(&daemon, WYE_EXIT_START);
		return WYE_EXIT_START;
	}
	announce(&daemon);
	wait_for_stop(&daemon, &set);
	left = drain(&daemon, &set, &before);
	status = left ? WYE_EXIT_CUT : WYE_EXIT_OK;
	stop(&daemon, status);
	log_metrics(WYE_LOG_DEBUG);
	wye_log(WYE_LOG_NOTICE, "stopped: %u connections finished, %u cut",
		before > left ? before - left : 0, left);
	return status;
}
