/* SPDX-License-Identifier: MIT
 *
 * answers.c - a plugin for the tests of middleware; REST handlers:
 *   mirror  what it sees of the request: its fields, a line each, its cookies, its body's
 * length made    an answer as the query says: status, type, size, as (bytes, file, source), and
 * the fields etag, coding, cache, vary, range; its body is "0123456789..." or `text` trickle a
 * source: "one\n", then, after each GET of `next`, another line next    lets each trickle go on
 *   peek    REST middleware: looks at the cookies
 *   upstream  says that somebody else took 12345 microseconds
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wye/plugin.h>

/* ---- mirror ---- */

static enum wye_verdict mirror(struct wye_request *request, const struct wye_mount *mount)
{
	char *text = wye_request_allocate(request, 32768);
	struct wye_field field;
	int length = 0;

	(void)mount;
	if (!text)
		return WYE_NEXT;
	for (size_t i = 0; wye_request_header_at(request, i, &field); i++)
		length += snprintf(text + length, 30000 - (size_t)length, "%.*s: %.*s\n",
				   (int)field.name.length, field.name.data,
				   (int)field.value.length, field.value.data);
	for (size_t i = 0; wye_request_cookie_at(request, i, &field); i++)
		length += snprintf(text + length, 30000 - (size_t)length, "cookie %.*s=%.*s\n",
				   (int)field.name.length, field.name.data,
				   (int)field.value.length, field.value.data);
	length += snprintf(text + length, 32, "body %zu\n", wye_request_body(request).length);
	wye_reply(request, 200, "text/plain", text, (size_t)length);
	return WYE_ANSWERED;
}

/* ---- made ---- */

static void give_field(struct wye_request *request, const char *key, const char *name)
{
	struct wye_text value = wye_request_query_value(request, key);

	if (value.data)
		wye_reply_header(request, name, value);
}

/* In the request's memory, with a NUL behind it. */
static const char *option(struct wye_request *request, const char *key, const char *fallback)
{
	struct wye_text value = wye_request_query_value(request, key);
	char *copy = wye_request_allocate(request, value.length + 1);

	if (!value.data || !copy)
		return fallback;
	memcpy(copy, value.data, value.length);
	copy[value.length] = '\0';
	return copy;
}

struct bytes {
	char *data;
	size_t length, at;
};

static ssize_t read_bytes(struct wye_request *request, void *argument, void *buffer,
			  size_t size)
{
	struct bytes *bytes = argument;

	(void)request;
	if (size > bytes->length - bytes->at)
		size = bytes->length - bytes->at;
	memcpy(buffer, bytes->data + bytes->at, size);
	bytes->at += size;
	return (ssize_t)size;
}

static void free_bytes(void *argument)
{
	struct bytes *bytes = argument;

	free(bytes->data);
	free(bytes);
}

static const struct wye_source bytes_source = { .size = sizeof bytes_source,
						.read = read_bytes,
						.close = free_bytes };

static struct bytes *make_bytes(struct wye_request *request)
{
	size_t length = strtoul(option(request, "size", "1000"), NULL, 10);
	const char *text = option(request, "text", "0123456789");
	size_t period = strlen(text);
	struct bytes *bytes = calloc(1, sizeof *bytes);

	if (!bytes || !(bytes->data = malloc(length + 1)))
		abort();
	bytes->length = length;
	for (size_t i = 0; i < length; i++)
		bytes->data[i] = text[i % period];
	return bytes;
}

static int make_file(const struct bytes *bytes)
{
	int file = memfd_create("answers", MFD_CLOEXEC);

	if (file < 0 || write(file, bytes->data, bytes->length) != (ssize_t)bytes->length)
		abort();
	return file;
}

static enum wye_verdict made(struct wye_request *request, const struct wye_mount *mount)
{
	unsigned status = (unsigned)strtoul(option(request, "status", "200"), NULL, 10);
	const char *type = option(request, "type", "text/plain");
	const char *how = option(request, "as", "bytes");
	struct bytes *bytes = make_bytes(request);

	(void)mount;
	give_field(request, "etag", "ETag");
	give_field(request, "coding", "Content-Encoding");
	give_field(request, "cache", "Cache-Control");
	give_field(request, "vary", "Vary");
	give_field(request, "range", "Content-Range");
	if (!strcmp(how, "source")) {
		wye_reply_stream(request, status, type, WYE_LENGTH_UNKNOWN, &bytes_source,
				 bytes);
		return WYE_ANSWERED;
	}
	if (!strcmp(how, "file"))
		wye_reply_file(request, status, type, make_file(bytes), 0, bytes->length);
	else
		wye_reply(request, status, type, bytes->data, bytes->length);
	free_bytes(bytes);
	return WYE_ANSWERED;
}

/* ---- trickle: the counters are of the process, which is only one test's ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned allowed = 1; /* lines, of each trickle */
static wye_ticket waiting[16];
static size_t waiting_count;

struct trickle {
	unsigned said, lines;
};

static ssize_t read_trickle(struct wye_request *request, void *argument, void *buffer,
			    size_t size)
{
	struct trickle *trickle = argument;
	ssize_t got = -EAGAIN;

	if (trickle->said == trickle->lines)
		return 0;
	pthread_mutex_lock(&lock);
	if (trickle->said < allowed)
		got = snprintf(buffer, size, "line %u\n", trickle->said++);
	else if (waiting_count == 16 || wye_ticket_take(request, &waiting[waiting_count++]))
		got = -EIO;
	pthread_mutex_unlock(&lock);
	return got;
}

static const struct wye_source trickle_source = { .size = sizeof trickle_source,
						  .read = read_trickle,
						  .close = free };

static enum wye_verdict trickle(struct wye_request *request, const struct wye_mount *mount)
{
	struct trickle *trickle = calloc(1, sizeof *trickle);

	(void)mount;
	if (!trickle)
		abort();
	trickle->lines = 3;
	wye_reply_stream(request, 200, "text/plain", WYE_LENGTH_UNKNOWN, &trickle_source,
			 trickle);
	return WYE_ANSWERED;
}

static enum wye_verdict next(struct wye_request *request, const struct wye_mount *mount)
{
	(void)mount;
	pthread_mutex_lock(&lock);
	allowed++;
	while (waiting_count)
		(void)!wye_ticket_finish(waiting[--waiting_count], WYE_NEXT);
	pthread_mutex_unlock(&lock);
	wye_reply(request, 204, NULL, "", 0);
	return WYE_ANSWERED;
}

/* ---- upstream ---- */

static enum wye_verdict upstream(struct wye_request *request, const struct wye_mount *mount)
{
	(void)mount;
	if (wye_request_set_attribute(request, "upstream.time",
				      (struct wye_text) { "12345", 5 }))
		abort();
	wye_reply(request, 200, "text/plain", "asked\n", 6);
	return WYE_ANSWERED;
}

#define HANDLER(part)                                                                          \
	static const struct wye_rest_handler part##_handler = { .size = sizeof part##_handler, \
								.name = #part,                 \
								.methods = methods,            \
								.handle = part }

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", NULL };

HANDLER(mirror);
HANDLER(made);
HANDLER(trickle);
HANDLER(next);
HANDLER(upstream);

static const struct wye_rest_handler *const handlers[] = { &mirror_handler,   &made_handler,
							   &trickle_handler,  &next_handler,
							   &upstream_handler, NULL };

/* Asks for a cookie before others change them. */
static enum wye_verdict peek(struct wye_request *request, void *instance, void **state)
{
	(void)instance;
	(void)state;
	(void)wye_request_cookie(request, "c");
	return WYE_NEXT;
}

static const struct wye_rest_middleware peek_middleware = { .size = sizeof peek_middleware,
							    .name = "peek",
							    .request = peek };
static const struct wye_rest_middleware *const middleware[] = { &peek_middleware, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "answers",
	.rest_handlers = handlers,
	.rest_middleware = middleware,
};
