/* SPDX-License-Identifier: MIT
 *
 * workers.c - a plugin for the tests: an instance with threads, timers, posted calls, a
 * counter, and told of start, drain and stop. Handlers: defer    finished by one of four
 * threads, in random order; ?work=blocking by the pool instead spin     holds its loop for 250
 * ms crash    by a NULL pointer counts   what has happened so far Middleware: blocks   a REST
 * middleware that blocks for a moment
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wye/plugin.h>

enum { THREADS = 4, QUEUE = 4096, LOOPS = 64 };

struct beat {
	struct workers *workers;
	struct wye_loop *loop;
	struct wye_timer timer;
	bool running;
};

struct workers {
	const char *name, *fail;
	pthread_mutex_t lock;
	pthread_cond_t ready;
	wye_ticket queue[QUEUE];
	size_t queued, hold; /* `hold`: nothing is finished before so many wait */
	bool stop;
	pthread_t threads[THREADS];
	struct beat beats[LOOPS];
	unsigned loops;
	atomic_int finished, late, ticks, posted, stopped_beats;
	wye_metric total;
};

static void wait_ms(long milliseconds)
{
	const struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* ---- threads ---- */

static bool take(struct workers *workers, wye_ticket *out, unsigned *seed)
{
	bool some;

	pthread_mutex_lock(&workers->lock);
	while (!workers->stop && (!workers->queued || workers->queued < workers->hold))
		pthread_cond_wait(&workers->ready, &workers->lock);
	workers->hold = 0;
	some = workers->queued && !workers->stop;
	if (some) {
		size_t index = (size_t)rand_r(seed) % workers->queued;

		*out = workers->queue[index];
		workers->queue[index] = workers->queue[--workers->queued];
	}
	pthread_mutex_unlock(&workers->lock);
	return some;
}

static void *work(void *argument)
{
	struct workers *workers = argument;
	unsigned seed = (unsigned)(uintptr_t)pthread_self();
	wye_ticket ticket;

	while (take(workers, &ticket, &seed)) {
		if (wye_ticket_reply(ticket, 200, "text/plain", "done\n", 5) == -ENOENT)
			atomic_fetch_add(&workers->late, 1);
		else
			atomic_fetch_add(&workers->finished, 1);
	}
	return NULL;
}

/* ---- timers ---- */

static void tick(void *argument)
{
	struct beat *beat = argument;

	atomic_fetch_add(&beat->workers->ticks, 1);
	wye_timer_start(beat->loop, &beat->timer, 20);
}

static void begin_beat(void *argument)
{
	struct beat *beat = argument;

	atomic_fetch_add(&beat->workers->posted, 1);
	wye_timer_init(&beat->timer, tick, beat);
	wye_timer_start(beat->loop, &beat->timer, 20);
}

static void end_beat(void *argument)
{
	struct beat *beat = argument;

	wye_timer_stop(beat->loop, &beat->timer);
	atomic_fetch_add(&beat->workers->stopped_beats, 1);
}

/* ---- the instance ---- */

static const char *const faults[] = { "open", "start", NULL };
static const struct wye_setting settings[] = {
	{ .name = "fail", .type = WYE_SETTING_STRING, .choices = faults },
	{ .name = "called", .type = WYE_SETTING_STRING, .fallback = "workers" },
	{ .name = "hold", .type = WYE_SETTING_INTEGER, .fallback = "0" },
	{ .name = NULL },
};

static int open_workers(const struct wye_settings *values, void **instance,
			struct wye_error *why)
{
	struct workers *workers = calloc(1, sizeof *workers);

	if (!workers)
		return -ENOMEM;
	workers->fail = wye_setting_string(values, "fail");
	workers->name = wye_setting_string(values, "called");
	workers->hold = (size_t)wye_setting_integer(values, "hold");
	workers->total = wye_metric_register("workers_finished_total", WYE_COUNTER);
	if (workers->fail && !strcmp(workers->fail, "open")) {
		wye_setting_error(values, "fail", why, "it was told to fail");
		free(workers);
		return -EPERM;
	}
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->ready, NULL);
	*instance = workers;
	return 0;
}

static int start(void *instance, struct wye_error *why)
{
	struct workers *workers = instance;

	if (workers->fail) {
		wye_error_set(why, "it was told to fail at the start");
		return -EPERM;
	}
	workers->loops = wye_loop_count() < LOOPS ? wye_loop_count() : LOOPS;
	for (unsigned i = 0; i < workers->loops; i++) {
		workers->beats[i] = (struct beat) { workers, wye_loop_at(i), { 0 }, true };
		if (wye_loop_post(workers->beats[i].loop, begin_beat, &workers->beats[i]))
			return -EIO;
	}
	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&workers->threads[i], NULL, work, workers))
			return -EAGAIN;
	wye_log(WYE_LOG_NOTICE, "%s: started", workers->name);
	return 0;
}

static void drain(void *instance)
{
	struct workers *workers = instance;

	wye_log(WYE_LOG_NOTICE, "%s: draining", workers->name);
}

static void stop(void *instance)
{
	struct workers *workers = instance;
	unsigned posted = 0;

	pthread_mutex_lock(&workers->lock);
	workers->stop = true;
	pthread_cond_broadcast(&workers->ready);
	pthread_mutex_unlock(&workers->lock);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(workers->threads[i], NULL);
	for (unsigned i = 0; i < workers->loops; i++)
		posted += !wye_loop_post(workers->beats[i].loop, end_beat, &workers->beats[i]);
	while ((unsigned)atomic_load(&workers->stopped_beats) < posted)
		wait_ms(1);
	wye_log(WYE_LOG_NOTICE, "%s: stopped", workers->name);
}

static void close_workers(void *instance)
{
	struct workers *workers = instance;

	pthread_mutex_destroy(&workers->lock);
	pthread_cond_destroy(&workers->ready);
	free(workers);
}

/* ---- handlers ---- */

static void count(void *argument)
{
	wye_metric_add(*(wye_metric *)argument, 1);
}

static enum wye_verdict defer(struct wye_request *request, const struct wye_mount *mount)
{
	struct workers *workers = mount->instance;
	wye_ticket ticket;

	if (wye_ticket_take(request, &ticket)) {
		wye_reply(request, 503, "text/plain", "busy\n", 5);
		return WYE_ANSWERED;
	}
	if (wye_request_at_end(request, count, &workers->total))
		return WYE_DEFERRED;
	pthread_mutex_lock(&workers->lock);
	if (workers->queued < QUEUE)
		workers->queue[workers->queued++] = ticket;
	pthread_cond_broadcast(&workers->ready);
	pthread_mutex_unlock(&workers->lock);
	return WYE_DEFERRED;
}

static enum wye_verdict spin(struct wye_request *request, const struct wye_mount *mount)
{
	(void)mount;
	wait_ms(250);
	wye_reply(request, 200, "text/plain", "spun\n", 5);
	return WYE_ANSWERED;
}

static enum wye_verdict crash(struct wye_request *request, const struct wye_mount *mount)
{
	(void)request;
	(void)mount;
	*(volatile int *)NULL = 1;
	return WYE_ANSWERED;
}

static enum wye_verdict counts(struct wye_request *request, const struct wye_mount *mount)
{
	struct workers *workers = mount->instance;
	char text[128];
	int length = snprintf(text, sizeof text, "%s finished %d late %d ticks %d posted %d\n",
			      workers->name, workers->finished, workers->late, workers->ticks,
			      workers->posted);

	wye_reply(request, 200, "text/plain", text, (size_t)length);
	return WYE_ANSWERED;
}

static enum wye_verdict blocks(struct wye_request *request, void *instance, void **state)
{
	(void)request;
	(void)instance;
	wait_ms(2);
	*state = instance;
	return WYE_NEXT;
}

static void blocked(struct wye_request *request, void *instance, void *state)
{
	if (state == instance)
		wye_reply_header(request, "X-Blocked", (struct wye_text) { "yes", 3 });
}

#define HANDLER(key)                                                                           \
	static const struct wye_rest_handler key##_handler = { .size = sizeof key##_handler,   \
							       .name = #key,                   \
							       .handle = key }

HANDLER(defer);
HANDLER(spin);
HANDLER(crash);
HANDLER(counts);

static const struct wye_rest_handler *const handlers[] = { &defer_handler, &spin_handler,
							   &crash_handler, &counts_handler,
							   NULL };
static const struct wye_rest_middleware blocks_middleware = { .size = sizeof blocks_middleware,
							      .name = "blocks",
							      .flags = WYE_BLOCKING,
							      .request = blocks,
							      .response = blocked };
static const struct wye_rest_middleware *const middleware[] = { &blocks_middleware, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "workers",
	.sentence = "for tests",
	.settings = settings,
	.open = open_workers,
	.close = close_workers,
	.rest_handlers = handlers,
	.rest_middleware = middleware,
	.start = start,
	.drain = drain,
	.stop = stop,
};
