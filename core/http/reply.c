/* SPDX-License-Identifier: MIT
 *
 * reply.c - the answer to a request: what steps put together, and how it leaves. Bodies that
 * are read from files and sources are in source.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/field.h"
#include "base/status.h"
#include "http/chain.h"
#include "http/connection.h"
#include "http/events.h"
#include "http/request.h"
#include "http/room.h"
#include "http/thread.h"

/* ---- answers ---- */

static int answer(struct wye_request *request, const struct wye_reply *given)
{
	struct wye_reply *reply = &request->reply;

	if (reply->status) {
		wye_log(WYE_LOG_ERROR, "%s answers a request that %s has answered with %u",
			wye_request_step(request), reply->culprit, reply->status);
		return -EALREADY;
	}
	if (given->status < 200 || given->status > 599)
		return -EINVAL;
	reply->status = given->status;
	reply->kind = given->kind;
	reply->type = given->type && *given->type ? given->type : NULL;
	reply->length = given->length;
	reply->body = given->body;
	reply->file = given->file;
	reply->offset = given->offset;
	reply->source = given->source;
	reply->events = given->events;
	reply->argument = given->argument;
	reply->culprit = wye_request_step(request);
	return 0;
}

static int out_of_memory(struct wye_request *request)
{
	(void)wye_reply_static(request, 500, NULL, "", 0);
	return -ENOMEM;
}

/* Copies a Content-Type. Returns 0; -EINVAL; -ENOMEM. */
static int keep_type(struct wye_request *request, const char **type)
{
	if (!*type)
		return 0;
	if (!wye_type_valid(*type))
		return -EINVAL;
	*type = wye_arena_copy(&request->arena, *type, strlen(*type)).data;
	return *type ? 0 : -ENOMEM;
}

/* The same, for an answer: without memory the client gets 500. */
static int take_type(struct wye_request *request, const char **type)
{
	int error = keep_type(request, type);

	return error == -ENOMEM ? out_of_memory(request) : error;
}

int wye_reply_static(struct wye_request *request, unsigned status, const char *type,
		     const void *body, size_t length)
{
	return answer(request, &(struct wye_reply) { .status = status,
						     .kind = WYE_REPLY_BYTES,
						     .type = type,
						     .body = body,
						     .length = length,
						     .file = -1 });
}

int wye_reply(struct wye_request *request, unsigned status, const char *type, const void *body,
	      size_t length)
{
	struct wye_text kept = { "", 0 };
	int error;

	if (!request->reply.status) {
		if (length)
			kept = wye_arena_copy(&request->arena, body, length);
		error = kept.data ? take_type(request, &type) : out_of_memory(request);
		if (error)
			return error;
	}
	return wye_reply_static(request, status, type, kept.data, kept.length);
}

int wye_reply_file(struct wye_request *request, unsigned status, const char *type,
		   int descriptor, uint64_t offset, uint64_t length)
{
	struct wye_reply given = { .status = status,
				   .kind = WYE_REPLY_FILE,
				   .file = descriptor,
				   .offset = offset,
				   .length = length };
	int error = take_type(request, &type);

	given.type = type;
	if (!error)
		error = answer(request, &given);
	if (error)
		close(descriptor);
	return error;
}

int wye_reply_stream(struct wye_request *request, unsigned status, const char *type,
		     uint64_t length, const struct wye_source *source, void *argument)
{
	struct wye_reply given = { .status = status,
				   .kind = WYE_REPLY_SOURCE,
				   .length = length,
				   .source = source,
				   .argument = argument,
				   .file = -1 };
	int error = take_type(request, &type);

	given.type = type;
	if (!error)
		error = answer(request, &given);
	if (error && source->close)
		source->close(argument);
	return error;
}

int wye_reply_events(struct wye_request *request, const char *type,
		     const struct wye_stream_handler *handler, void *data)
{
	struct wye_reply given = { .status = 200,
				   .kind = WYE_REPLY_EVENTS,
				   .length = WYE_LENGTH_UNKNOWN,
				   .events = handler,
				   .argument = data,
				   .file = -1 };
	int error;

	given.type = type && *type ? type : "text/event-stream";
	error = take_type(request, &given.type);
	return error ? error : answer(request, &given);
}

void wye_reply_discard(struct wye_request *request)
{
	struct wye_reply *reply = &request->reply;

	if (reply->sealed)
		return;
	wye_reply_release(reply);
	reply->status = 0;
	reply->type = NULL;
	reply->length = 0;
}

void wye_reply_plain(struct wye_request *request, unsigned status, const char *text)
{
	if (!request->reply.status)
		(void)wye_reply_static(request, status, "text/plain; charset=utf-8", text,
				       strlen(text));
}

/* ---- fields ---- */

/* As the engine sends it, which takes no empty value: a blank is one. */
static size_t bytes_of(const struct wye_reply_field *field)
{
	return strlen(field->name) + strlen(field->value) + !*field->value + sizeof ": \r\n" -
	       1;
}

int wye_reply_header(struct wye_request *request, const char *name, struct wye_text value)
{
	size_t length = strlen(name);
	struct wye_reply_field *field;
	char *text;

	if (request->reply.sealed)
		return -EALREADY;
	if (!wye_field_valid(name, value))
		return -EINVAL;
	field = wye_arena_allocate(&request->arena, sizeof *field + length + value.length + 2);
	if (!field) {
		request->reply.incomplete = true; /* it could be the one that protects */
		return -ENOMEM;
	}
	text = (char *)(field + 1);
	memcpy(text, name, length + 1);
	if (value.length)
		memcpy(text + length + 1, value.data, value.length);
	text[length + 1 + value.length] = '\0';
	*field = (struct wye_reply_field) { NULL, text, text + length + 1 };
	*request->reply.last = field;
	request->reply.last = &field->next;
	request->reply.bytes += bytes_of(field);
	return 0;
}

bool wye_reply_header_valid(const char *name, struct wye_text value)
{
	return wye_field_valid(name, value);
}

int wye_reply_cookie(struct wye_request *request, const struct wye_cookie *cookie)
{
	char text[WYE_COOKIE_MAX];
	int length = wye_cookie_write(cookie, text);

	if (length < 0)
		return length;
	return wye_reply_header(request, "Set-Cookie",
				(struct wye_text) { text, (size_t)length });
}

size_t wye_reply_remove_header(struct wye_request *request, const char *name)
{
	struct wye_reply *reply = &request->reply;
	struct wye_reply_field **link = &reply->fields;
	size_t removed = 0;

	while (!reply->sealed && *link) {
		if (!strcasecmp((*link)->name, name)) {
			reply->bytes -= bytes_of(*link);
			*link = (*link)->next;
			removed++;
		} else {
			link = &(*link)->next;
		}
	}
	if (!reply->sealed)
		reply->last = link;
	return removed;
}

struct wye_text wye_reply_find_header(const struct wye_request *request, const char *name)
{
	for (const struct wye_reply_field *field = request->reply.fields; field;
	     field = field->next)
		if (!strcasecmp(field->name, name))
			return (struct wye_text) { field->value, strlen(field->value) };
	return (struct wye_text) { NULL, 0 };
}

/* ---- what it is so far ---- */

unsigned wye_reply_status(const struct wye_request *request)
{
	return request->reply.status;
}

void wye_reply_set_status(struct wye_request *request, unsigned status)
{
	if (!request->reply.sealed && request->reply.status && status >= 200 && status <= 599)
		request->reply.status = status;
}

const char *wye_reply_type(const struct wye_request *request)
{
	return request->reply.type;
}

int wye_reply_set_type(struct wye_request *request, const char *type)
{
	int error;

	if (request->reply.sealed)
		return -EALREADY;
	error = keep_type(request, &type);
	if (!error)
		request->reply.type = type && *type ? type : NULL;
	return error;
}

uint64_t wye_reply_length(const struct wye_request *request)
{
	const struct wye_reply *reply = &request->reply;
	bool streamed = reply->kind == WYE_REPLY_SOURCE || reply->kind == WYE_REPLY_EVENTS;

	if (!reply->sealed)
		return reply->length;
	if (request->method_bit == WYE_METHOD_HEAD)
		return 0;
	return streamed ? reply->sent : reply->length;
}

/* ---- leaving ---- */

void wye_reply_seal(struct wye_request *request)
{
	if (request->reply.sealed)
		return;
	if (!request->reply.status)
		wye_reply_plain(request, 500, "internal error\n");
	wye_chain_response(request);
	request->reply.sealed = true;
}

/* Another coding has another length. */
static bool varies(const struct wye_request *request)
{
	for (const struct wye_reply_field *field = request->reply.fields; field;
	     field = field->next)
		if (!strcasecmp(field->name, "Vary") &&
		    wye_list_has((struct wye_text) { field->value, strlen(field->value) },
				 "Accept-Encoding"))
			return true;
	return false;
}

/* 304 and HEAD have no body, but the Content-Length of what they stand for (RFC 9110, 8.6), or
 * none if that isn't known: then the engine says "chunked", and sends the end of the chunks all
 * the same, which both are held back. */
static struct MHD_Response *head_only(struct wye_request *request)
{
	uint64_t length = varies(request) ? WYE_LENGTH_UNKNOWN : request->reply.length;

	request->connection->intake.head_only = length == WYE_LENGTH_UNKNOWN;
	return wye_source_unread(length);
}

static bool has_only_a_head(const struct wye_request *request)
{
	const struct wye_reply *reply = &request->reply;

	return reply->status == 304 ||
	       (request->method_bit == WYE_METHOD_HEAD && reply->length == WYE_LENGTH_UNKNOWN);
}

static struct MHD_Response *make_response(struct wye_request *request)
{
	const struct wye_reply *reply = &request->reply;

	if (reply->status == 204) /* RFC 9110, 6.4.1 */
		return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
	if (has_only_a_head(request))
		return head_only(request);
	if (reply->kind == WYE_REPLY_BYTES && !wye_source_paced(request))
		return MHD_create_response_from_buffer(reply->length, (void *)reply->body,
						       MHD_RESPMEM_PERSISTENT);
	return wye_source_response(request);
}

/* For want of memory: a field, or what a step asked the request for. */
static bool lacks_something(const struct wye_request *request)
{
	const struct wye_inputs *inputs = request->inputs;

	return request->reply.incomplete ||
	       (inputs && (inputs->query.incomplete || inputs->form.incomplete ||
			   inputs->cookies.incomplete));
}

static enum MHD_Result close_behind(struct wye_request *request, struct MHD_Response *response)
{
	request->last = true;
	return MHD_add_response_header(response, "Connection", "close");
}

/* NULL without memory. */
static struct MHD_Response *build(struct wye_request *request)
{
	const struct wye_reply *reply = &request->reply;
	struct MHD_Response *response = make_response(request);
	bool whole = response && !lacks_something(request);

	if (whole && reply->type)
		whole = MHD_add_response_header(response, "Content-Type", reply->type);
	for (const struct wye_reply_field *field = reply->fields; whole && field;
	     field = field->next)
		whole = MHD_add_response_header(response, field->name,
						*field->value ? field->value : " ");
	if (whole && reply->kind == WYE_REPLY_EVENTS) /* a HEAD's, as the GET's would be */
		whole = close_behind(request, response);
	if (whole && reply->kind == WYE_REPLY_EVENTS &&
	    !wye_reply_find_header(request, "Cache-Control").data)
		whole = MHD_add_response_header(response, "Cache-Control", "no-store");
	if (whole && reply->status == 426) /* RFC 9110, 15.5.22 and 7.8 */
		whole = MHD_add_response_header(response, "Upgrade", "websocket") &&
			MHD_add_response_header(response, "Connection", "Upgrade");
	if (whole && request->connection->thread->draining)
		whole = close_behind(request, response);
	if (whole)
		return response;
	if (response)
		MHD_destroy_response(response);
	return NULL;
}

/* Whose head is to blame: who sends a long one must not be able to fill the log. */
static struct wye_fault lack_of_room(const struct wye_request *request)
{
	const struct wye_http_thread *thread = request->connection->thread;
	const struct wye_reply *reply = &request->reply;

	if (reply->bytes < thread->http->max_header / 2) {
		wye_metric_add(thread->metrics->too_large_header, 1);
		return (struct wye_fault) { 431, "header fields or parameters too large\n" };
	}
	wye_metric_add(thread->metrics->too_large_reply, 1);
	wye_log(WYE_LOG_ERROR,
		"the head of the answer of %s has %zu bytes and more, for which max_header "
		"leaves no room",
		reply->culprit, reply->bytes);
	return (struct wye_fault) { 500, "internal error\n" };
}

/* The fields can't be sent; without them only an error is right, which may find no room either.
 */
static enum MHD_Result give_up_head(struct wye_request *request)
{
	struct wye_reply *reply = &request->reply;
	struct wye_fault fault = lack_of_room(request);

	wye_reply_release(reply);
	*reply = (struct wye_reply) { .last = &reply->fields, .file = -1 };
	wye_reply_plain(request, fault.status, fault.text);
	reply->sealed = true;
	return wye_reply_say(request);
}

enum MHD_Result wye_reply_queue(struct wye_request *request, void **context)
{
	struct MHD_Response *response;
	enum MHD_Result queued;

	wye_reply_seal(request);
	if (request->reply.kind == WYE_REPLY_EVENTS && request->method_bit != WYE_METHOD_HEAD) {
		*context = NULL; /* the request leaves: no completion will come for it */
		wye_events_hand_over(request);
		return MHD_NO;
	}
	if (!wye_room_holds_reply(request))
		return give_up_head(request);
	response = build(request);
	if (!response) {
		request->state = WYE_REQUEST_CUT;
		return MHD_NO;
	}
	queued = MHD_queue_response(request->connection->engine, request->reply.status,
				    response);
	MHD_destroy_response(response);
	request->state = queued ? WYE_REQUEST_QUEUED : WYE_REQUEST_CUT;
	wye_http_connection_serve(request->connection);
	return queued;
}

bool wye_reply_ends_by_close(const struct wye_request *request)
{
	return request->state == WYE_REQUEST_QUEUED && request->version.data[7] == '0' &&
	       request->reply.length == WYE_LENGTH_UNKNOWN;
}

bool wye_reply_is_last(const struct wye_request *request)
{
	const struct wye_head *head = &request->head;

	if (request->ending != WYE_REQUEST_FINISHED || request->state != WYE_REQUEST_QUEUED ||
	    request->reading || request->last || head->closes)
		return true;
	return request->version.data[7] == '0' &&
	       (!head->keeps || wye_reply_ends_by_close(request));
}

/* RFC 9110, 6.4.1. What a GET would get has another length: none is said. */
static bool has_no_body(const struct wye_request *request)
{
	return request->method_bit == WYE_METHOD_HEAD || request->reply.status == 204 ||
	       request->reply.status == 304;
}

int wye_reply_compose(const struct wye_request *request, struct wye_buffer *out)
{
	const struct wye_reply *reply = &request->reply;
	int error = lacks_something(request) ? -ENOMEM : wye_status_begin(out, reply->status);

	if (!error && reply->type)
		error = wye_buffer_printf(out, "Content-Type: %s\r\n", reply->type);
	for (const struct wye_reply_field *field = reply->fields; !error && field;
	     field = field->next)
		error = wye_buffer_printf(out, "%s: %s\r\n", field->name, field->value);
	if (error || reply->kind != WYE_REPLY_BYTES)
		return error;
	if (has_no_body(request))
		return wye_buffer_append(out, "\r\n", 2);
	return wye_status_body(out, reply->body, (size_t)reply->length);
}

enum MHD_Result wye_reply_say(struct wye_request *request)
{
	struct wye_buffer text = { NULL, 0, 0 };

	request->said = true;
	wye_reply_seal(request);
	if (!wye_reply_compose(request, &text))
		wye_http_connection_leave(request->connection, text.data, text.length);
	wye_buffer_fini(&text);
	request->state = WYE_REQUEST_CUT;
	return MHD_NO;
}
