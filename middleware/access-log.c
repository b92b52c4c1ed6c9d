/* SPDX-License-Identifier: MIT
 *
 * access-log.c - a line at the end of each request and of each WebSocket connection, in the
 * combined format or as JSON (access-log-line.h). Lines are written by a thread of their own;
 * what finds no room is dropped and counted there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wye/plugin.h>

#include "access-log-line.h"

static const char *const formats[] = { "combined", "extended", "json", NULL };

static const struct wye_setting settings[] = {
	{ .name = "file",
	  .type = WYE_SETTING_STRING,
	  .fallback = "-",
	  .sentence = "where lines are appended; \"-\": standard output" },
	{ .name = "format",
	  .type = WYE_SETTING_STRING,
	  .fallback = "combined",
	  .choices = formats,
	  .sentence = "of a line" },
	{ .name = NULL },
};

typedef void formatter(struct access_line *line, const struct access_entry *entry);

struct access_log {
	struct wye_sink *sink;
	bool no_referer, no_user_agent; /* the config says that they are secrets */
	formatter *format;
};

static formatter *find_format(const char *name)
{
	return !strcmp(name, "json")       ? access_line_json
	       : !strcmp(name, "extended") ? access_line_extended
					   : access_line_combined;
}

static int open_log(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	struct access_log *log = malloc(sizeof *log);
	int error;

	if (!log) {
		wye_error_set(why, "out of memory");
		return -ENOMEM;
	}
	log->format = find_format(wye_setting_string(values, "format"));
	log->no_referer = wye_log_hides_field("Referer");
	log->no_user_agent = wye_log_hides_field("User-Agent");
	error = wye_sink_open(&log->sink, wye_setting_string(values, "file"), why);
	if (error)
		free(log);
	else
		*instance = log;
	return error;
}

static void close_log(void *instance)
{
	struct access_log *log = instance;

	wye_sink_close(log->sink);
	free(log);
}

static void write_entry(const struct access_log *log, const struct access_entry *entry)
{
	struct access_line line;

	log->format(&line, entry);
	(void)wye_sink_write(log->sink, line.text, line.length); /* a lost one is counted */
}

/* Memory for texts without their secrets; what is longer is cut in a line, too. */
struct shown {
	char target[1024], referer[1024];
};

static void hide_secrets(const struct access_log *log, struct wye_text texts[ACCESS_TEXTS],
			 struct shown *shown)
{
	static const struct wye_text stars = { "***", 3 };
	struct wye_text *referer = &texts[ACCESS_REFERER], *agent = &texts[ACCESS_USER_AGENT];

	texts[ACCESS_TARGET] =
		wye_log_url(texts[ACCESS_TARGET], shown->target, sizeof shown->target);
	if (referer->length)
		*referer = log->no_referer ? stars
					   : wye_log_url(*referer, shown->referer,
							 sizeof shown->referer);
	if (log->no_user_agent && agent->length)
		*agent = stars;
}

/* ---- REST ---- */

/* What a step that asks another server has set: microseconds in digits. */
static uint64_t upstream_time(const struct wye_request *request)
{
	struct wye_text text = wye_request_attribute(request, "upstream.time");
	uint64_t time = 0;

	if (!text.length || text.length > 18)
		return ACCESS_NOBODY;
	for (size_t i = 0; i < text.length; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return ACCESS_NOBODY;
		time = time * 10 + (uint64_t)(text.data[i] - '0');
	}
	return time;
}

static void done(struct wye_request *request, void *instance, void *state)
{
	const struct access_log *log = instance;
	bool timed = log->format != access_line_combined; /* that one does not tell it */
	struct access_entry entry = {
		.texts = {
			[ACCESS_CLIENT] = wye_request_client(request),
			[ACCESS_USER] = wye_request_user(request),
			[ACCESS_ID] = wye_request_id(request),
			[ACCESS_METHOD] = wye_request_method(request),
			[ACCESS_TARGET] = wye_request_target(request),
			[ACCESS_PROTOCOL] = wye_request_version(request),
			[ACCESS_ROUTE] = wye_request_route(request),
			[ACCESS_REFERER] = wye_request_header(request, "Referer"),
			[ACCESS_USER_AGENT] = wye_request_header(request, "User-Agent"),
		},
		.status = wye_reply_status(request),
		.bytes = wye_reply_length(request),
		.duration = timed ? wye_request_age(request) : 0,
		.upstream = timed ? upstream_time(request) : ACCESS_NOBODY,
		.end = wye_request_ending(request),
	};

	struct shown shown;

	(void)state;
	hide_secrets(log, entry.texts, &shown);
	write_entry(log, &entry);
}

/* ---- WebSocket: texts are kept from the handshake to the close ---- */

struct kept {
	uint16_t lengths[ACCESS_TEXTS];
	char texts[];
};

static void describe(struct wye_text out[ACCESS_TEXTS], const struct wye_handshake *handshake)
{
	out[ACCESS_CLIENT] = wye_handshake_client(handshake);
	out[ACCESS_USER] = wye_handshake_user(handshake);
	out[ACCESS_ID] = wye_handshake_id(handshake);
	out[ACCESS_METHOD] = (struct wye_text) { "GET", 3 };
	out[ACCESS_TARGET] = wye_handshake_target(handshake);
	out[ACCESS_PROTOCOL] = (struct wye_text) { "HTTP/1.1", 8 };
	out[ACCESS_ROUTE] = wye_handshake_route(handshake);
	out[ACCESS_REFERER] = wye_handshake_header(handshake, "Referer");
	out[ACCESS_USER_AGENT] = wye_handshake_header(handshake, "User-Agent");
}

/* Cut as in a line, so that one client can't make many long texts stay. */
static struct kept *keep(const struct wye_text texts[ACCESS_TEXTS])
{
	uint16_t lengths[ACCESS_TEXTS];
	size_t size = 0;
	struct kept *kept;
	char *at;

	for (size_t i = 0; i < ACCESS_TEXTS; i++) {
		lengths[i] = texts[i].length < access_longest[i] ? (uint16_t)texts[i].length
								 : access_longest[i];
		size += lengths[i];
	}
	kept = malloc(sizeof *kept + size);
	if (!kept)
		return NULL;
	memcpy(kept->lengths, lengths, sizeof lengths);
	at = kept->texts;
	for (size_t i = 0; i < ACCESS_TEXTS; at += lengths[i++])
		if (lengths[i])
			memcpy(at, texts[i].data, lengths[i]);
	return kept;
}

static void recall(struct wye_text out[ACCESS_TEXTS], const struct kept *kept)
{
	const char *at = kept->texts;

	for (size_t i = 0; i < ACCESS_TEXTS; at += kept->lengths[i++])
		out[i] = (struct wye_text) { at, kept->lengths[i] };
}

static enum wye_verdict handshake(struct wye_handshake *handshake, void *instance, void **state)
{
	struct wye_text texts[ACCESS_TEXTS];
	struct shown shown;

	describe(texts, handshake);
	hide_secrets(instance, texts, &shown);
	*state = keep(texts); /* without memory for it this one gets no line */
	return WYE_NEXT;
}

static void closed(const struct wye_handshake *refused, const struct wye_ws_ending *ending,
		   void *instance, void *state)
{
	struct access_entry entry = { .status = ending->status,
				      .bytes = ending->bytes_out,
				      .ending = ending };
	struct shown shown;

	if (refused) { /* then later steps have told more */
		describe(entry.texts, refused);
		hide_secrets(instance, entry.texts, &shown);
	} else if (state) {
		recall(entry.texts, state);
	}
	if (refused || state)
		write_entry(instance, &entry);
	free(state);
}

static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "access-log",
						 .done = done };
static const struct wye_ws_middleware ws = {
	.size = sizeof ws, .name = "access-log", .handshake = handshake, .closed = closed
};
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };
static const struct wye_ws_middleware *const ws_list[] = { &ws, NULL };

extern const struct wye_plugin wye_builtin_access_log;

const struct wye_plugin wye_builtin_access_log = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_access_log,
	.name = "access-log",
	.sentence = "writes a line per request and per connection",
	.settings = settings,
	.open = open_log,
	.close = close_log,
	.rest_middleware = rest_list,
	.ws_middleware = ws_list,
};
