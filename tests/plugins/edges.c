/* SPDX-License-Identifier: MIT
 *
 * edges.c - a plugin for the tests: requests at the edges of their life. Handlers:
 *   endless   a source: one piece, then it waits, again and again, for what never comes
 *   told      body() takes a ticket, by which a thread answers 403 before the body's end
 *   deaf      body() takes a ticket that nobody finishes
 *   fields    answers with the field X-Field, as the request has it
 *   slow      a source: four pieces, each 0.7 s behind the one before
 *   fickle    a source that takes a ticket and does not wait: X-Field: "-" fails, "0" ends,
 * else it gives a piece and ends at the next read type      answers with X-Field for its type,
 * line ends in place of "|" none      body() answers 204 at the first piece
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <wye/plugin.h>

static ssize_t endless_read(struct wye_request *request, void *argument, void *buffer,
			    size_t size)
{
	bool *begun = argument;
	wye_ticket ticket;

	(void)size;
	if (*begun)
		return wye_ticket_take(request, &ticket) ? -EIO : -EAGAIN;
	*begun = true;
	*(char *)buffer = 'a';
	return 1;
}

static const struct wye_source endless_source = { .size = sizeof endless_source,
						  .read = endless_read,
						  .close = free };

static enum wye_verdict endless(struct wye_request *request, const struct wye_mount *mount)
{
	bool *begun = calloc(1, sizeof *begun);

	(void)mount;
	if (!begun)
		return WYE_NEXT;
	wye_reply_stream(request, 200, "text/plain", WYE_LENGTH_UNKNOWN, &endless_source,
			 begun);
	return WYE_ANSWERED;
}

struct slow {
	unsigned pieces;
	bool waited;
	wye_ticket ticket;
};

static void *wake_slow(void *argument)
{
	wye_ticket *ticket = argument;

	nanosleep(&(struct timespec) { 0, 700000000 }, NULL);
	(void)!wye_ticket_finish(*ticket, WYE_NEXT);
	free(ticket);
	return NULL;
}

static ssize_t slow_read(struct wye_request *request, void *argument, void *buffer, size_t size)
{
	struct slow *slow = argument;
	wye_ticket *ticket;
	pthread_t thread;

	(void)size;
	if (slow->pieces == 4)
		return 0;
	slow->waited = !slow->waited;
	if (!slow->waited) {
		slow->pieces++;
		*(char *)buffer = 'a';
		return 1;
	}
	ticket = malloc(sizeof *ticket);
	if (!ticket || wye_ticket_take(request, ticket) ||
	    pthread_create(&thread, NULL, wake_slow, ticket))
		abort();
	pthread_detach(thread);
	return -EAGAIN;
}

static const struct wye_source slow_source = { .size = sizeof slow_source,
					       .read = slow_read,
					       .close = free };

static enum wye_verdict slow(struct wye_request *request, const struct wye_mount *mount)
{
	struct slow *slow = calloc(1, sizeof *slow);

	(void)mount;
	if (!slow)
		return WYE_NEXT;
	wye_reply_stream(request, 200, "text/plain", 4, &slow_source, slow);
	return WYE_ANSWERED;
}

static ssize_t fickle_read(struct wye_request *request, void *argument, void *buffer,
			   size_t size)
{
	struct wye_text how = wye_request_header(request, "X-Field");
	bool *begun = argument;
	wye_ticket ticket;

	(void)size;
	if (*begun || wye_ticket_take(request, &ticket))
		return 0;
	*begun = true;
	if (how.length == 1 && *how.data == '-')
		return -EIO;
	if (how.length == 1 && *how.data == '0')
		return 0;
	*(char *)buffer = 'a';
	return 1;
}

static const struct wye_source fickle_source = { .size = sizeof fickle_source,
						 .read = fickle_read,
						 .close = free };

static enum wye_verdict fickle(struct wye_request *request, const struct wye_mount *mount)
{
	bool *begun = calloc(1, sizeof *begun);

	(void)mount;
	if (!begun)
		return WYE_NEXT;
	wye_reply_stream(request, 200, "text/plain", WYE_LENGTH_UNKNOWN, &fickle_source, begun);
	return WYE_ANSWERED;
}

static enum wye_verdict type(struct wye_request *request, const struct wye_mount *mount)
{
	struct wye_text given = wye_request_header(request, "X-Field");
	char text[64] = "";

	(void)mount;
	for (size_t i = 0; i < given.length && i < sizeof text - 1; i++)
		text[i] = given.data[i] == '|' ? '\n' : given.data[i];
	if (wye_reply(request, 200, text, "ok\n", 3) == -EINVAL)
		wye_reply(request, 400, "text/plain", "bad\n", 4);
	return WYE_ANSWERED;
}

static void *tell(void *argument)
{
	wye_ticket *ticket = argument;

	nanosleep(&(struct timespec) { 0, 20000000 }, NULL);
	(void)!wye_ticket_reply(*ticket, 403, "text/plain", "no\n", 3);
	free(ticket);
	return NULL;
}

static enum wye_verdict told(struct wye_request *request, const struct wye_mount *mount,
			     const void *data, size_t length)
{
	wye_ticket *ticket = malloc(sizeof *ticket);
	pthread_t thread;

	(void)mount;
	(void)data;
	(void)length;
	if (!ticket || wye_ticket_take(request, ticket) ||
	    pthread_create(&thread, NULL, tell, ticket)) {
		free(ticket);
		return WYE_NEXT;
	}
	pthread_detach(thread);
	return WYE_DEFERRED;
}

static enum wye_verdict deaf(struct wye_request *request, const struct wye_mount *mount,
			     const void *data, size_t length)
{
	wye_ticket ticket;

	(void)mount;
	(void)data;
	(void)length;
	return wye_ticket_take(request, &ticket) ? WYE_NEXT : WYE_DEFERRED;
}

static enum wye_verdict none(struct wye_request *request, const struct wye_mount *mount,
			     const void *data, size_t length)
{
	(void)mount;
	(void)data;
	(void)length;
	wye_reply(request, 204, NULL, NULL, 0);
	return WYE_ANSWERED;
}

static enum wye_verdict fields(struct wye_request *request, const struct wye_mount *mount)
{
	int error =
		wye_reply_header(request, "X-Field", wye_request_header(request, "X-Field"));

	(void)mount;
	wye_reply(request, error ? 500 : 200, "text/plain", "ok\n", 3);
	return WYE_ANSWERED;
}

static enum wye_verdict done(struct wye_request *request, const struct wye_mount *mount)
{
	(void)mount;
	wye_reply(request, 200, "text/plain", "done\n", 5);
	return WYE_ANSWERED;
}

static const char *const any[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", NULL };

#define HANDLER(key, ...)                                                                      \
	static const struct wye_rest_handler key##_handler = {                                 \
		.size = sizeof key##_handler, .name = #key, .methods = any, __VA_ARGS__        \
	}

HANDLER(endless, .handle = endless);
HANDLER(told, .handle = done, .body = told);
HANDLER(deaf, .handle = done, .body = deaf);
HANDLER(none, .handle = done, .body = none);
HANDLER(fields, .handle = fields);
HANDLER(slow, .handle = slow);
HANDLER(fickle, .handle = fickle);
HANDLER(type, .handle = type);

static const struct wye_rest_handler *const handlers[] = {
	&endless_handler, &told_handler,   &deaf_handler, &none_handler, &fields_handler,
	&slow_handler,    &fickle_handler, &type_handler, NULL
};

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "edges",
	.sentence = "for tests",
	.rest_handlers = handlers,
};
