/* SPDX-License-Identifier: MIT
 *
 * clock.c - an event stream as a plugin: a route with this handler tells the time, again and
 * again, to every page that opens it by `new EventSource("/clock")`.
 *
 * Each stream has a timer on its own loop; nothing is shared between streams, so nothing is
 * locked. A page that connects again goes on counting where it was. What a slow client does not
 * take, silences and drains are looked after by wye.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wye/plugin.h>

static const struct wye_setting route_settings[] = {
	{ .name = "every",
	  .type = WYE_SETTING_NUMBER,
	  .fallback = "1",
	  .minimum = 0.01,
	  .maximum = 3600,
	  .unit = "seconds",
	  .sentence = "between two events" },
	{ .name = NULL },
};

/* A route's own pointer is its interval in milliseconds. */
static int route(void *instance, const struct wye_settings *settings, void **out,
		 struct wye_error *why)
{
	(void)instance;
	(void)why;
	*out = (void *)(uintptr_t)(wye_setting_number(settings, "every") * 1000);
	return 0;
}

struct ticker {
	wye_stream_id id;
	struct wye_loop *loop;
	struct wye_timer timer;
	uint64_t every;
	unsigned count;
};

static void tick(void *argument)
{
	struct ticker *ticker = argument;
	time_t now = time(NULL);
	char text[32], number[16];
	struct tm utc;
	size_t length;

	gmtime_r(&now, &utc);
	length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
	snprintf(number, sizeof number, "%u", ++ticker->count);
	if (wye_event_send(ticker->id, "time", number, text, length))
		return; /* gone, or too slow and dropped: close() comes */
	wye_timer_start(ticker->loop, &ticker->timer, ticker->every);
}

static int open_stream(struct wye_stream *stream, void *data)
{
	struct ticker *ticker = data;

	ticker->id = wye_stream_identity(stream);
	ticker->loop = wye_stream_loop(stream);
	wye_timer_init(&ticker->timer, tick, ticker);
	tick(ticker);
	return 0;
}

static void close_stream(struct wye_stream *stream, void *data, enum wye_stream_cause cause)
{
	struct ticker *ticker = data;

	(void)cause;
	if (stream)
		wye_timer_stop(ticker->loop, &ticker->timer);
	free(ticker);
}

static const struct wye_stream_handler stream = {
	.size = sizeof stream,
	.heartbeat = 15000,
	.open = open_stream,
	.close = close_stream,
};

static unsigned last_count(struct wye_request *request)
{
	struct wye_text last = wye_last_event_id(request);
	char copy[16] = "";

	memcpy(copy, last.data ? last.data : "", last.length < 15 ? last.length : 15);
	return (unsigned)strtoul(copy, NULL, 10);
}

static enum wye_verdict handle(struct wye_request *request, const struct wye_mount *mount)
{
	struct ticker *ticker = calloc(1, sizeof *ticker);

	if (!ticker)
		return WYE_NEXT; /* no answer: the client gets 500 */
	ticker->every = (uintptr_t)mount->route;
	ticker->count = last_count(request);
	if (wye_reply_events(request, NULL, &stream, ticker))
		free(ticker);
	return WYE_ANSWERED;
}

static const struct wye_rest_handler clock_handler = { .size = sizeof clock_handler,
						       .name = "clock",
						       .route_settings = route_settings,
						       .route = route,
						       .handle = handle };

static const struct wye_rest_handler *const handlers[] = { &clock_handler, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "clock",
	.version = "1.0",
	.sentence = "tells the time as server-sent events",
	.rest_handlers = handlers,
};
