/* SPDX-License-Identifier: MIT
 *
 * herald.c - a plugin for the tests: messages at a rate. Each is binary: when it was sent
 * (nanoseconds of CLOCK_MONOTONIC, 8 bytes), its number in its series (8 bytes), padding up to
 * `size`. An instance publishes to the group of its name, from a thread of its own. Handlers:
 *   member  joins the instance's group; a message from the client changes nothing
 *   told    sends to each connection alone, at the instance's rate, from the connection's loop
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wye/plugin.h>

enum { MOST = 65536, STAMP = 16 };

struct herald {
	struct wye_text group;
	double rate;
	size_t size;
	bool random;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t told;
	bool stop;
};

static const struct wye_setting settings[] = {
	{ .name = "group", .type = WYE_SETTING_STRING, .fallback = "all" },
	{ .name = "rate",
	  .type = WYE_SETTING_NUMBER,
	  .fallback = "20",
	  .minimum = 0.01,
	  .maximum = 1000,
	  .unit = "messages/second" },
	{ .name = "size",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "1024",
	  .minimum = STAMP,
	  .maximum = MOST,
	  .unit = "bytes" },
	{ .name = "random",
	  .type = WYE_SETTING_BOOLEAN,
	  .sentence = "times between messages of `told` are exponential, not equal" },
	{ .name = NULL },
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void stamp(uint8_t *message, uint64_t number)
{
	uint64_t now = now_ns();

	memcpy(message, &now, sizeof now);
	memcpy(message + sizeof now, &number, sizeof number);
}

/* ---- to a group ---- */

/* Sleeps until `at`, or until it is told to stop: then it returns false. */
static bool wait_until(struct herald *herald, uint64_t at)
{
	const struct timespec time = { (time_t)(at / 1000000000u), (long)(at % 1000000000u) };
	int error = 0;
	bool stop;

	pthread_mutex_lock(&herald->lock);
	while (!herald->stop && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&herald->told, &herald->lock, &time);
	stop = herald->stop;
	pthread_mutex_unlock(&herald->lock);
	return !stop;
}

static void *publish(void *argument)
{
	struct herald *herald = argument;
	uint64_t at = now_ns(), number = 0;
	uint8_t message[MOST] = { 0 };

	do {
		stamp(message, number);
		if (!wye_group_publish(herald->group, WYE_WS_BINARY, message, herald->size))
			number++;
		at += (uint64_t)(1e9 / herald->rate);
	} while (wait_until(herald, at));
	return NULL;
}

static int join(struct wye_ws *ws, const struct wye_mount *mount,
		const struct wye_handshake *handshake)
{
	const struct herald *herald = mount->instance;

	(void)handshake;
	return wye_group_join(wye_ws_identity(ws), herald->group);
}

static int ignore(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		  const void *data, size_t length)
{
	(void)ws;
	(void)mount;
	(void)kind;
	(void)data;
	(void)length;
	return 0;
}

/* ---- to each alone ---- */

struct told {
	const struct herald *herald;
	double due; /* milliseconds of the loop's clock */
	uint64_t number;
	unsigned seed;
};

static double fraction(struct told *told)
{
	return (rand_r(&told->seed) + 1.0) / (RAND_MAX + 2.0);
}

static void tell(struct wye_ws *ws, void *argument);

/* Timers come late by up to their resolution: the times are kept, not the distances. */
static int wait_for_next(struct wye_ws *ws, struct told *told)
{
	double now = (double)wye_loop_now(wye_ws_loop(ws));
	double left = told->due > now ? told->due - now : 0;

	return wye_ws_timer_start(ws, (uint64_t)left, tell, told, NULL);
}

static void tell(struct wye_ws *ws, void *argument)
{
	struct told *told = argument;
	const struct herald *herald = told->herald;
	uint8_t message[MOST];

	if (!ws) {
		free(told);
		return;
	}
	memset(message, 0, herald->size);
	stamp(message, told->number);
	if (wye_ws_send(wye_ws_identity(ws), WYE_WS_BINARY, message, herald->size) >= 0)
		told->number++;
	told->due += 1000 / herald->rate * (herald->random ? -log(fraction(told)) : 1);
	if (wait_for_next(ws, told))
		free(told);
}

static int open_told(struct wye_ws *ws, const struct wye_mount *mount,
		     const struct wye_handshake *handshake)
{
	struct told *told = calloc(1, sizeof *told);

	(void)handshake;
	if (!told)
		return -ENOMEM;
	told->herald = mount->instance;
	told->seed = (unsigned)(now_ns() ^ wye_ws_identity(ws).value);
	told->due = (double)wye_loop_now(wye_ws_loop(ws)) +
		    fraction(told) * 1000 / told->herald->rate;
	if (!wait_for_next(ws, told))
		return 0;
	free(told);
	return -ENOMEM;
}

static const struct wye_ws_handler member = {
	.size = sizeof member, .name = "member", .open = join, .message = ignore
};
static const struct wye_ws_handler told = {
	.size = sizeof told, .name = "told", .open = open_told, .message = ignore
};
static const struct wye_ws_handler *const handlers[] = { &member, &told, NULL };

/* ---- the instance ---- */

static int open_herald(const struct wye_settings *values, void **instance,
		       struct wye_error *why)
{
	const char *group = wye_setting_string(values, "group");
	struct herald *herald = calloc(1, sizeof *herald);
	pthread_condattr_t monotonic;

	(void)why;
	if (!herald)
		return -ENOMEM;
	pthread_mutex_init(&herald->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&herald->told, &monotonic);
	pthread_condattr_destroy(&monotonic);
	herald->group = (struct wye_text) { group, strlen(group) };
	herald->rate = wye_setting_number(values, "rate");
	herald->size = (size_t)wye_setting_integer(values, "size");
	herald->random = wye_setting_boolean(values, "random");
	*instance = herald;
	return 0;
}

static int start(void *instance, struct wye_error *why)
{
	struct herald *herald = instance;

	(void)why;
	return -pthread_create(&herald->thread, NULL, publish, herald);
}

static void stop(void *instance)
{
	struct herald *herald = instance;

	pthread_mutex_lock(&herald->lock);
	herald->stop = true;
	pthread_cond_signal(&herald->told);
	pthread_mutex_unlock(&herald->lock);
	pthread_join(herald->thread, NULL);
}

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "herald",
	.sentence = "for tests",
	.settings = settings,
	.open = open_herald,
	.close = free,
	.start = start,
	.stop = stop,
	.ws_handlers = handlers,
};
