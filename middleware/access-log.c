/* SPDX-License-Identifier: MIT
 *
 * access-log.c - a line at the end of each request and of each WebSocket connection, in the
 * combined format: peer, user, time, request line, status, bytes, referer, user agent. What the
 * client sent is escaped, so that a line stays a line. Lines are written by a thread of their
 * own; what finds no room is dropped and counted there.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wye/plugin.h>

enum {
	LINE = 4096,  /* bytes of a line, at most */
	FIELD = 1024, /* of a text of the client's in it */
	TIME_LENGTH = 28,
};

static const struct wye_setting settings[] = {
	{ .name = "file",
	  .type = WYE_SETTING_STRING,
	  .fallback = "-",
	  .sentence = "where lines are appended; \"-\": standard output" },
	{ .name = NULL },
};

/* The instance is its sink. */
static int open_log(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	struct wye_sink *sink;
	int error = wye_sink_open(&sink, wye_setting_string(values, "file"), why);

	if (!error)
		*instance = sink;
	return error;
}

static void close_log(void *instance)
{
	wye_sink_close(instance);
}

/* ---- putting a line together ---- */

struct line {
	size_t length;
	char text[LINE];
};

static void put(struct line *line, const char *text, size_t length)
{
	if (length > LINE - line->length)
		length = LINE - line->length;
	memcpy(line->text + line->length, text, length);
	line->length += length;
}

static void put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static void put_hex(struct line *line, unsigned char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	const char escape[4] = { '\\', 'x', digits[byte >> 4], digits[byte & 0xf] };

	put(line, escape, sizeof escape);
}

/* As nginx does: what could end the line or the quotes becomes \xHH. */
static void put_escaped(struct line *line, struct wye_text text)
{
	size_t length = text.length < FIELD ? text.length : FIELD, plain = 0;

	for (size_t i = 0; i < length; i++) {
		if (is_plain((unsigned char)text.data[i]))
			continue;
		put(line, text.data + plain, i - plain);
		put_hex(line, (unsigned char)text.data[i]);
		plain = i + 1;
	}
	put(line, text.data + plain, length - plain);
}

static void put_or_dash(struct line *line, struct wye_text text)
{
	if (text.data && text.length)
		put_escaped(line, text);
	else
		put(line, "-", 1);
}

static void put_number(struct line *line, uint64_t number)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	put(line, digits + at, sizeof digits - at);
}

/* "[24/Nov/2026:11:50:57 +0000]", made once a second on each thread. */
static void put_time(struct line *line)
{
	static _Thread_local struct {
		time_t second;
		char text[TIME_LENGTH + 1];
	} last;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != last.second) {
		struct tm utc;

		gmtime_r(&now.tv_sec, &utc);
		strftime(last.text, sizeof last.text, "[%d/%b/%Y:%H:%M:%S +0000]", &utc);
		last.second = now.tv_sec;
	}
	put_text(line, last.text);
}

static void put_who(struct line *line, struct wye_text peer, struct wye_text user)
{
	put(line, peer.data, peer.length);
	put(line, " - ", 3);
	put_or_dash(line, user);
	put(line, " ", 1);
}

static void put_result(struct line *line, unsigned status, uint64_t bytes)
{
	put(line, "\" ", 2);
	put_number(line, status);
	put(line, " ", 1);
	put_number(line, bytes);
	put(line, " \"", 2);
}

/* A line that was cut ends as a line all the same. */
static void finish(struct line *line, struct wye_sink *sink)
{
	if (line->length > LINE - 2)
		line->length = LINE - 2;
	put(line, "\"\n", 2);
	wye_sink_write(sink, line->text, line->length);
}

/* ---- REST ---- */

static void done(struct wye_request *request, void *instance, void *state)
{
	struct line line;

	(void)state;
	line.length = 0;
	put_who(&line, wye_request_peer(request), wye_request_user(request));
	put_time(&line);
	put(&line, " \"", 2);
	put_or_dash(&line, wye_request_method(request));
	put(&line, " ", 1);
	put_escaped(&line, wye_request_target(request));
	put(&line, " ", 1);
	put_or_dash(&line, wye_request_version(request));
	put_result(&line, wye_reply_status(request), wye_reply_length(request));
	put_or_dash(&line, wye_request_header(request, "Referer"));
	put(&line, "\" \"", 3);
	put_or_dash(&line, wye_request_header(request, "User-Agent"));
	finish(&line, instance);
}

/* ---- WebSocket: the line is made at the handshake, but for what is known at the close ---- */

struct kept {
	size_t time;   /* where the time goes in, */
	size_t result; /* and where status and bytes do */
	size_t length;
	char text[];
};

static enum wye_verdict handshake(struct wye_handshake *handshake, void *instance, void **state)
{
	struct line line;
	struct kept *kept;
	size_t time, result;

	(void)instance;
	line.length = 0;
	put_who(&line, wye_handshake_peer(handshake), wye_handshake_user(handshake));
	time = line.length;
	put(&line, " \"GET ", 6);
	put_escaped(&line, wye_handshake_target(handshake));
	put_text(&line, " HTTP/1.1");
	result = line.length;
	put_or_dash(&line, wye_handshake_header(handshake, "Referer"));
	put(&line, "\" \"", 3);
	put_or_dash(&line, wye_handshake_header(handshake, "User-Agent"));
	kept = malloc(sizeof *kept + line.length);
	if (!kept)
		return WYE_NEXT; /* this one gets no line */
	*kept = (struct kept) { time, result, line.length };
	memcpy(kept->text, line.text, line.length);
	*state = kept;
	return WYE_NEXT;
}

static void closed(const struct wye_handshake *refused, const struct wye_ws_ending *ending,
		   void *instance, void *state)
{
	struct kept *kept = state;
	struct line line;

	(void)refused;
	if (!kept)
		return;
	line.length = 0;
	put(&line, kept->text, kept->time);
	put_time(&line);
	put(&line, kept->text + kept->time, kept->result - kept->time);
	put_result(&line, ending->status, ending->bytes_out);
	put(&line, kept->text + kept->result, kept->length - kept->result);
	finish(&line, instance);
	free(kept);
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
