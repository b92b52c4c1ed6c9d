/* SPDX-License-Identifier: MIT
 *
 * feed.c - a plugin for the tests: event streams that are written to from four threads.
 * Handlers: feed     becomes a stream; ?deadline=N sets its context's; ?refuse=1: open() fails
 *   publish  ?count=N&size=S: each of four threads sends N events to all streams; blocks
 *   end      closes all streams
 *   counts   opened, closed by cause, cancelled by cause, sends refused
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/plugin.h>

enum { MOST = 20000 };

struct feed {
	pthread_mutex_t lock;
	wye_stream_id ids[MOST];
	size_t count;
	atomic_int opened, never, closed[8], cancelled[8], gone, full;
};

struct reader {
	struct feed *feed;
	uint64_t deadline;
	bool refuse;
	struct wye_cancel cancel;
};

static uint64_t number(struct wye_request *request, const char *name)
{
	struct wye_text value = wye_request_query_value(request, name);
	char copy[24] = "";

	memcpy(copy, value.data ? value.data : "", value.length < 23 ? value.length : 23);
	return strtoull(copy, NULL, 10);
}

static void cancelled(void *argument, enum wye_cancel_cause cause)
{
	atomic_fetch_add(&((struct reader *)argument)->feed->cancelled[cause], 1);
}

/* To a page that connects again: an event with all that one can have, and one without data. */
static int send_the_rest(struct wye_stream *stream)
{
	struct wye_text last = wye_last_event_id(wye_stream_request(stream));
	struct wye_event event = { .size = sizeof event,
				   .type = "again",
				   .id = "8",
				   .data = { "x\r\ny\rz\n", 7 },
				   .retry = 1500,
				   .comment = "so\nmuch" };
	int error;

	if (!last.data)
		return 0;
	error = wye_event_send_with(wye_stream_identity(stream), &event);
	event = (struct wye_event) { .size = sizeof event, .id = "9" };
	if (!error)
		error = wye_event_send_with(wye_stream_identity(stream), &event);
	event.id = "a\nb";
	return error ? error
		     : wye_event_send_with(wye_stream_identity(stream), &event) != -EINVAL;
}

static int open_stream(struct wye_stream *stream, void *data)
{
	struct reader *reader = data;
	struct feed *feed = reader->feed;

	atomic_fetch_add(&feed->opened, 1);
	wye_context_on_cancel(wye_stream_context(stream), &reader->cancel, cancelled, reader);
	if (reader->refuse)
		return -EPERM;
	if (send_the_rest(stream))
		return -EIO;
	if (reader->deadline &&
	    wye_context_set_deadline(wye_stream_context(stream), reader->deadline))
		return -ENOMEM;
	pthread_mutex_lock(&feed->lock);
	if (feed->count < MOST)
		feed->ids[feed->count++] = wye_stream_identity(stream);
	pthread_mutex_unlock(&feed->lock);
	return wye_event_send(wye_stream_identity(stream), "hello", NULL, "a\nb", 3);
}

static void close_stream(struct wye_stream *stream, void *data, enum wye_stream_cause cause)
{
	struct reader *reader = data;

	atomic_fetch_add(stream ? &reader->feed->closed[cause] : &reader->feed->never, 1);
	free(reader);
}

static const struct wye_stream_handler stream = { .size = sizeof stream,
						  .heartbeat = 300,
						  .write_timeout = 10000,
						  .open = open_stream,
						  .close = close_stream };

static enum wye_verdict feed(struct wye_request *request, const struct wye_mount *mount)
{
	struct reader *reader = calloc(1, sizeof *reader);

	if (!reader)
		return WYE_NEXT;
	reader->feed = mount->instance;
	reader->deadline = number(request, "deadline");
	reader->refuse = number(request, "refuse");
	wye_reply_header(request, "X-Feed", (struct wye_text) { "yes", 3 });
	if (wye_reply_events(request, NULL, &stream, reader))
		free(reader);
	return WYE_ANSWERED;
}

/* ---- publishing ---- */

struct work {
	struct feed *feed;
	size_t count, size, known;
	unsigned thread;
};

static void *send_all(void *argument)
{
	struct work *work = argument;
	char *text = calloc(1, work->size + 32);

	for (size_t i = 0; text && i < work->count; i++) {
		int length = snprintf(text, 32, "%u %zu ", work->thread, i);

		memset(text + length, '.', work->size);
		for (size_t j = 0; j < work->known; j++) {
			int error = wye_event_send(work->feed->ids[j], NULL, NULL, text,
						   (size_t)length + work->size);

			if (error)
				atomic_fetch_add(error == -ENOENT ? &work->feed->gone
								  : &work->feed->full,
						 1);
		}
	}
	free(text);
	return NULL;
}

static enum wye_verdict publish(struct wye_request *request, const struct wye_mount *mount)
{
	struct feed *feed = mount->instance;
	struct work works[4];
	pthread_t threads[4];

	for (unsigned i = 0; i < 4; i++) {
		pthread_mutex_lock(&feed->lock);
		works[i] = (struct work) { feed, number(request, "count"),
					   number(request, "size"), feed->count, i };
		pthread_mutex_unlock(&feed->lock);
		if (pthread_create(&threads[i], NULL, send_all, &works[i]))
			abort();
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	wye_reply(request, 200, "text/plain", "sent\n", 5);
	return WYE_ANSWERED;
}

static enum wye_verdict end(struct wye_request *request, const struct wye_mount *mount)
{
	struct feed *feed = mount->instance;

	pthread_mutex_lock(&feed->lock);
	for (size_t i = 0; i < feed->count; i++)
		(void)!wye_stream_close(feed->ids[i]);
	pthread_mutex_unlock(&feed->lock);
	wye_reply(request, 200, "text/plain", "ended\n", 6);
	return WYE_ANSWERED;
}

static enum wye_verdict counts(struct wye_request *request, const struct wye_mount *mount)
{
	struct feed *feed = mount->instance;
	char text[512];
	int length = snprintf(
		text, sizeof text,
		"{\"opened\":%d,\"never\":%d,\"peer\":%d,\"handler\":%d,\"slow\":%d,\"stall\":%"
		"d,"
		"\"deadline\":%d,\"drain\":%d,\"cancelled_gone\":%d,\"cancelled_deadline\":%d,"
		"\"cancelled_ended\":%d,\"sends_gone\":%d,\"sends_full\":%d}",
		feed->opened, feed->never, feed->closed[WYE_STREAM_PEER],
		feed->closed[WYE_STREAM_HANDLER], feed->closed[WYE_STREAM_SLOW_CONSUMER],
		feed->closed[WYE_STREAM_WRITE_STALL], feed->closed[WYE_STREAM_DEADLINE],
		feed->closed[WYE_STREAM_DRAIN], feed->cancelled[WYE_CANCEL_GONE],
		feed->cancelled[WYE_CANCEL_DEADLINE], feed->cancelled[WYE_CANCEL_ENDED],
		feed->gone, feed->full);

	wye_reply(request, 200, "application/json", text, (size_t)length);
	return WYE_ANSWERED;
}

/* ---- the instance ---- */

static int open_feed(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	struct feed *feed = calloc(1, sizeof *feed);

	(void)values;
	(void)why;
	if (!feed)
		return -ENOMEM;
	pthread_mutex_init(&feed->lock, NULL);
	*instance = feed;
	return 0;
}

#define HANDLER(key, ...)                                                                      \
	static const struct wye_rest_handler key##_handler = {                                 \
		.size = sizeof key##_handler, .name = #key, .handle = key, ##__VA_ARGS__       \
	}

HANDLER(feed);
HANDLER(publish, .flags = WYE_BLOCKING);
HANDLER(end);
HANDLER(counts);

static const struct wye_rest_handler *const handlers[] = { &feed_handler, &publish_handler,
							   &end_handler, &counts_handler,
							   NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "feed",
	.sentence = "for tests",
	.open = open_feed,
	.close = free,
	.rest_handlers = handlers,
};
