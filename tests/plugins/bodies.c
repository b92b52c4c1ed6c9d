/* SPDX-License-Identifier: MIT
 *
 * bodies.c - a plugin for the tests: bodies both ways. Handlers:
 *   whole     the body comes back
 *   pieces    answers with count, sum and largest piece of the bytes; in pieces
 *   waiting   the same; a thread lets each piece pass a little later
 *   blocking  the same, on the pool
 *   early     refuses at the first piece
 *   source    ?size=N&known=1&wait=N&fail=N: N bytes from a source, which waits for a thread
 * before every wait-th read, and breaks off after `fail` bytes file      a file, from a route
 * setting; ?offset=N&length=N inputs    query, form, cookies, fields and host as text context
 * ?deadline=N: waits for the cancellation, and counts causes; ?show=1 shows them Middleware:
 *   upper     wraps the body: letters become capitals
 *   late      finishes a ticket after 20 ms: X-Verdict: 401 refuses, else it passes
 *   fields    sets, replaces and removes fields, type and status
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <wye/plugin.h>

static struct wye_text text_of(const char *text)
{
	return (struct wye_text) { text, strlen(text) };
}

static uint64_t number(struct wye_request *request, const char *name)
{
	struct wye_text value = wye_request_query_value(request, name);
	char copy[24] = "";

	memcpy(copy, value.data ? value.data : "", value.length < 23 ? value.length : 23);
	return strtoull(copy, NULL, 10);
}

static void wait_us(long microseconds)
{
	nanosleep(&(struct timespec) { 0, microseconds * 1000 }, NULL);
}

/* Finishes a ticket from a thread of its own, a moment later. */
static void *finish(void *argument)
{
	wye_ticket *ticket = argument;

	wait_us(200);
	(void)!wye_ticket_finish(*ticket, WYE_NEXT);
	free(ticket);
	return NULL;
}

static bool finish_later(struct wye_request *request)
{
	wye_ticket *ticket = malloc(sizeof *ticket);
	pthread_t thread;

	if (!ticket || wye_ticket_take(request, ticket) ||
	    pthread_create(&thread, NULL, finish, ticket)) {
		free(ticket);
		return false;
	}
	pthread_detach(thread);
	return true;
}

/* ---- bodies of requests ---- */

static enum wye_verdict whole(struct wye_request *request, const struct wye_mount *mount)
{
	struct wye_text body = wye_request_body(request);

	(void)mount;
	wye_reply(request, 200, "application/octet-stream", body.data, body.length);
	return WYE_ANSWERED;
}

struct sum {
	uint64_t bytes, sum, largest;
};

static struct sum *sum_of(struct wye_request *request)
{
	struct sum *sum = wye_request_data(request);

	if (sum)
		return sum;
	sum = wye_request_allocate(request, sizeof *sum);
	if (sum)
		*sum = (struct sum) { 0, 0, 0 };
	wye_request_set_data(request, sum);
	return sum;
}

static enum wye_verdict add(struct wye_request *request, const struct wye_mount *mount,
			    const void *data, size_t length)
{
	struct sum *sum = sum_of(request);
	const unsigned char *bytes = data;

	(void)mount;
	sum->bytes += length;
	if (length > sum->largest)
		sum->largest = length;
	for (size_t i = 0; i < length; i++)
		sum->sum = sum->sum * 31 + bytes[i];
	return WYE_NEXT;
}

static enum wye_verdict add_and_wait(struct wye_request *request, const struct wye_mount *mount,
				     const void *data, size_t length)
{
	add(request, mount, data, length);
	return finish_later(request) ? WYE_DEFERRED : WYE_NEXT;
}

static enum wye_verdict show_sum(struct wye_request *request, const struct wye_mount *mount)
{
	struct sum *sum = sum_of(request);
	char text[96];
	int length = snprintf(text, sizeof text, "%llu %llu", (unsigned long long)sum->bytes,
			      (unsigned long long)sum->sum);

	(void)mount;
	wye_reply(request, 200, "text/plain", text, (size_t)length);
	return WYE_ANSWERED;
}

static enum wye_verdict refuse(struct wye_request *request, const struct wye_mount *mount,
			       const void *data, size_t length)
{
	(void)mount;
	(void)data;
	(void)length;
	wye_reply(request, 403, "text/plain", "no\n", 3);
	return WYE_ANSWERED;
}

/* ---- bodies of replies ---- */

struct flow {
	uint64_t left, done, fail, wait, reads;
	bool waited;
};

static atomic_int flows_open;

static ssize_t flow_read(struct wye_request *request, void *argument, void *buffer, size_t size)
{
	struct flow *flow = argument;
	char *out = buffer;

	if (flow->fail && flow->done >= flow->fail)
		return -EIO;
	if (flow->wait && !flow->waited && flow->reads % flow->wait == flow->wait - 1 &&
	    finish_later(request)) {
		flow->waited = true;
		return -EAGAIN;
	}
	flow->waited = false;
	flow->reads++;
	if (size > flow->left)
		size = (size_t)flow->left;
	for (size_t i = 0; i < size; i++)
		out[i] = (char)('a' + (flow->done + i) % 26);
	flow->done += size;
	flow->left -= size;
	return (ssize_t)size;
}

static void flow_close(void *argument)
{
	atomic_fetch_sub(&flows_open, 1);
	free(argument);
}

static const struct wye_source flow_source = { .size = sizeof flow_source,
					       .read = flow_read,
					       .close = flow_close };

static enum wye_verdict source(struct wye_request *request, const struct wye_mount *mount)
{
	struct flow *flow = calloc(1, sizeof *flow);
	uint64_t length = WYE_LENGTH_UNKNOWN;

	(void)mount;
	if (!flow)
		return WYE_NEXT;
	flow->left = number(request, "size");
	flow->wait = number(request, "wait");
	flow->fail = number(request, "fail");
	if (number(request, "known"))
		length = flow->left;
	atomic_fetch_add(&flows_open, 1);
	wye_reply_stream(request, 200, "text/plain", length, &flow_source, flow);
	return WYE_ANSWERED;
}

static const struct wye_setting file_table[] = {
	{ .name = "file", .type = WYE_SETTING_STRING, .flags = WYE_SETTING_REQUIRED },
	{ .name = NULL },
};

static int file_route(void *instance, const struct wye_settings *settings, void **route,
		      struct wye_error *why)
{
	(void)instance;
	(void)why;
	*route = (void *)wye_setting_string(settings, "file");
	return 0;
}

static enum wye_verdict file(struct wye_request *request, const struct wye_mount *mount)
{
	int descriptor = open(mount->route, O_RDONLY | O_CLOEXEC);
	uint64_t offset = number(request, "offset"), length = number(request, "length");
	struct stat status;

	if (descriptor < 0 || fstat(descriptor, &status)) {
		wye_reply(request, 404, NULL, "", 0);
		return WYE_ANSWERED;
	}
	if (!length)
		length = (uint64_t)status.st_size - offset;
	wye_reply_file(request, 200, "text/plain", descriptor, offset, length);
	return WYE_ANSWERED;
}

/* ---- inputs ---- */

struct page {
	size_t length;
	char text[16384];
};

static void put(struct page *page, const char *what, struct wye_text name,
		struct wye_text value)
{
	page->length += (size_t)snprintf(
		page->text + page->length, sizeof page->text - page->length, "%s %.*s=%.*s\n",
		what, (int)name.length, name.data, (int)value.length, value.data);
}

static enum wye_verdict inputs(struct wye_request *request, const struct wye_mount *mount)
{
	struct page *page = wye_request_allocate(request, sizeof *page);
	struct wye_field one;

	(void)mount;
	if (!page)
		return WYE_NEXT;
	page->length = 0;
	for (size_t i = 0; wye_request_query_at(request, i, &one); i++)
		put(page, "query", one.name, one.value);
	for (size_t i = 0; wye_request_form_at(request, i, &one); i++)
		put(page, "form", one.name, one.value);
	for (size_t i = 0; wye_request_cookie_at(request, i, &one); i++)
		put(page, "cookie", one.name, one.value);
	for (size_t i = 0; wye_request_header_at(request, i, &one); i++)
		put(page, "field", one.name, one.value);
	put(page, "host", text_of("host"), wye_request_host(request));
	put(page, "first", text_of("q"), wye_request_query_value(request, "q"));
	put(page, "first", text_of("f"), wye_request_form_value(request, "f"));
	put(page, "first", text_of("c"), wye_request_cookie(request, "c"));
	wye_reply_static(request, 200, "text/plain", page->text, page->length);
	return WYE_ANSWERED;
}

/* ---- contexts ---- */

static atomic_int causes[8];

struct waiting {
	struct wye_cancel cancel;
	wye_ticket ticket;
};

static void cancelled(void *argument, enum wye_cancel_cause cause)
{
	struct waiting *waiting = argument;

	atomic_fetch_add(&causes[cause], 1);
	if (cause == WYE_CANCEL_DRAIN)
		(void)!wye_ticket_reply(waiting->ticket, 200, "text/plain", "hurried\n", 8);
}

static enum wye_verdict show_causes(struct wye_request *request)
{
	char text[64];
	int length =
		snprintf(text, sizeof text, "gone %d deadline %d drain %d ended %d open %d\n",
			 causes[WYE_CANCEL_GONE], causes[WYE_CANCEL_DEADLINE],
			 causes[WYE_CANCEL_DRAIN], causes[WYE_CANCEL_ENDED], flows_open);

	wye_reply(request, 200, "text/plain", text, (size_t)length);
	return WYE_ANSWERED;
}

static enum wye_verdict context(struct wye_request *request, const struct wye_mount *mount)
{
	struct wye_context *context = wye_request_context(request);
	struct waiting *waiting = wye_request_allocate(request, sizeof *waiting);
	uint64_t deadline = number(request, "deadline");

	(void)mount;
	if (number(request, "show"))
		return show_causes(request);
	if (!waiting || (deadline && wye_context_set_deadline(context, deadline)))
		return WYE_NEXT;
	wye_context_on_cancel(context, &waiting->cancel, cancelled, waiting);
	if (number(request, "now")) {
		wye_reply(request, 200, "text/plain", "now\n", 4);
		return WYE_ANSWERED;
	}
	return wye_ticket_take(request, &waiting->ticket) ? WYE_NEXT : WYE_DEFERRED;
}

/* ---- middleware ---- */

static ssize_t upper_read(struct wye_request *request, void *argument, void *buffer,
			  size_t size)
{
	struct wye_inner **inner = argument;
	ssize_t got = wye_inner_read(request, *inner, buffer, size);
	char *text = buffer;

	for (ssize_t i = 0; i < got; i++)
		text[i] = (char)toupper((unsigned char)text[i]);
	return got;
}

static const struct wye_source upper_source = { .size = sizeof upper_source,
						.read = upper_read };

static void upper(struct wye_request *request, void *instance, void *state)
{
	struct wye_inner **inner = wye_request_allocate(request, sizeof *inner);

	(void)instance;
	(void)state;
	if (inner)
		(void)!wye_reply_wrap(request, wye_reply_length(request), &upper_source, inner,
				      inner);
}

static enum wye_verdict finish_verdict(struct wye_request *request, void *argument)
{
	struct wye_text wanted = { NULL, 0 };

	(void)argument;
	if (!request)
		return WYE_ANSWERED;
	wanted = wye_request_header(request, "X-Verdict");
	if (wanted.length != 3)
		return WYE_NEXT;
	wye_reply(request, 401, "text/plain", "who?\n", 5);
	return WYE_ANSWERED;
}

static void *finish_late(void *argument)
{
	wye_ticket *ticket = argument;

	wait_us(20000);
	(void)!wye_ticket_run(*ticket, finish_verdict, NULL);
	free(ticket);
	return NULL;
}

static enum wye_verdict late(struct wye_request *request, void *instance, void **state)
{
	wye_ticket *ticket = malloc(sizeof *ticket);
	pthread_t thread;

	(void)instance;
	(void)state;
	if (!ticket || wye_ticket_take(request, ticket) ||
	    pthread_create(&thread, NULL, finish_late, ticket)) {
		free(ticket);
		return WYE_NEXT;
	}
	pthread_detach(thread);
	return WYE_DEFERRED;
}

static void fields(struct wye_request *request, void *instance, void *state)
{
	(void)instance;
	(void)state;
	wye_reply_header(request, "X-One", text_of("1"));
	wye_reply_header(request, "X-Two", text_of("2"));
	wye_reply_header(request, "x-one", text_of("3"));
	wye_reply_remove_header(request, "X-ONE");
	wye_reply_header(request, "X-Three", text_of("3"));
	(void)!wye_reply_set_type(request, "text/x-changed");
	wye_reply_set_status(request, 202);
}

/* ---- what there is ---- */

static const char *const any[] = { "GET", "HEAD", "POST", "PUT", NULL };

#define HANDLER(key, ...)                                                                      \
	static const struct wye_rest_handler key##_handler = {                                 \
		.size = sizeof key##_handler, .name = #key, .methods = any, __VA_ARGS__        \
	}

HANDLER(whole, .handle = whole);
HANDLER(pieces, .handle = show_sum, .body = add);
HANDLER(waiting, .handle = show_sum, .body = add_and_wait);
HANDLER(blocking, .handle = show_sum, .body = add, .flags = WYE_BLOCKING);
HANDLER(early, .handle = show_sum, .body = refuse);
HANDLER(source, .handle = source);
HANDLER(file, .handle = file, .route_settings = file_table, .route = file_route);
HANDLER(inputs, .handle = inputs);
HANDLER(context, .handle = context);

static const struct wye_rest_handler *const handlers[] = {
	&whole_handler,  &pieces_handler, &waiting_handler, &blocking_handler, &early_handler,
	&source_handler, &file_handler,   &inputs_handler,  &context_handler,  NULL,
};

static const struct wye_rest_middleware upper_middleware = { .size = sizeof upper_middleware,
							     .name = "upper",
							     .response = upper };
static const struct wye_rest_middleware late_middleware = { .size = sizeof late_middleware,
							    .name = "late",
							    .request = late };
static const struct wye_rest_middleware fields_middleware = { .size = sizeof fields_middleware,
							      .name = "fields",
							      .response = fields };
static const struct wye_rest_middleware *const middleware[] = { &upper_middleware,
								&late_middleware,
								&fields_middleware, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "bodies",
	.sentence = "for tests",
	.rest_handlers = handlers,
	.rest_middleware = middleware,
};
