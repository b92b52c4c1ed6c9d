/* SPDX-License-Identifier: MIT
 *
 * reply.c - the answer to a request: what steps put together, and how it goes to the engine.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/field.h"
#include "http/chain.h"
#include "http/connection.h"
#include "http/request.h"
#include "http/thread.h"

static int answer(struct wye_request *request, unsigned status, const char *type,
		  const void *body, size_t length)
{
	struct wye_reply *reply = &request->reply;

	if (reply->status) {
		wye_log(WYE_LOG_ERROR, "%s answers a request that %s has answered with %u",
			wye_request_step(request), reply->culprit, reply->status);
		return -EALREADY;
	}
	if (status < 200 || status > 599)
		return -EINVAL;
	reply->status = status;
	reply->type = type;
	reply->body = body;
	reply->length = length;
	reply->culprit = wye_request_step(request);
	return 0;
}

int wye_reply_static(struct wye_request *request, unsigned status, const char *type,
		     const void *body, size_t length)
{
	return answer(request, status, type, body, length);
}

int wye_reply(struct wye_request *request, unsigned status, const char *type, const void *body,
	      size_t length)
{
	struct wye_text kept_type = { NULL, 0 }, kept = { "", 0 };

	if (request->reply.status)
		return answer(request, status, type, body, length);
	if (length)
		kept = wye_arena_copy(&request->arena, body, length);
	if (type)
		kept_type = wye_arena_copy(&request->arena, type, strlen(type));
	if (!kept.data || (type && !kept_type.data)) {
		(void)answer(request, 500, NULL, "", 0);
		return -ENOMEM;
	}
	return answer(request, status, kept_type.data, kept.data, kept.length);
}

void wye_reply_discard(struct wye_request *request)
{
	if (request->reply.sealed)
		return;
	request->reply.status = 0;
	request->reply.type = NULL;
	request->reply.body = NULL;
	request->reply.length = 0;
}

void wye_reply_plain(struct wye_request *request, unsigned status, const char *text)
{
	if (!request->reply.status)
		(void)answer(request, status, "text/plain; charset=utf-8", text, strlen(text));
}

int wye_reply_header(struct wye_request *request, const char *name, struct wye_text value)
{
	struct wye_reply_field *field;
	struct wye_text kept_name, kept_value;

	if (request->reply.sealed)
		return -EALREADY;
	if (!wye_field_valid(name, value))
		return -EINVAL;
	field = wye_arena_allocate(&request->arena, sizeof *field);
	kept_name = wye_arena_copy(&request->arena, name, strlen(name));
	kept_value = wye_arena_copy(&request->arena, value.data, value.length);
	if (!field || !kept_name.data || !kept_value.data)
		return -ENOMEM;
	*field = (struct wye_reply_field) { NULL, kept_name.data, kept_value.data };
	*request->reply.last = field;
	request->reply.last = &field->next;
	return 0;
}

unsigned wye_reply_status(const struct wye_request *request)
{
	return request->reply.status;
}

void wye_reply_set_status(struct wye_request *request, unsigned status)
{
	if (!request->reply.sealed && request->reply.status && status >= 200 && status <= 599)
		request->reply.status = status;
}

uint64_t wye_reply_length(const struct wye_request *request)
{
	return request->reply.length;
}

/* NULL without memory. */
static struct MHD_Response *build(const struct wye_request *request)
{
	const struct wye_reply *reply = &request->reply;
	struct MHD_Response *response = MHD_create_response_from_buffer(
		reply->length, (void *)reply->body, MHD_RESPMEM_PERSISTENT);
	bool whole = response;

	if (whole && reply->type)
		whole = MHD_add_response_header(response, "Content-Type", reply->type);
	for (const struct wye_reply_field *field = reply->fields; whole && field;
	     field = field->next)
		whole = MHD_add_response_header(response, field->name, field->value);
	if (whole && request->connection->thread->draining)
		whole = MHD_add_response_header(response, "Connection", "close");
	if (whole)
		return response;
	if (response)
		MHD_destroy_response(response);
	return NULL;
}

enum MHD_Result wye_reply_queue(struct wye_request *request)
{
	struct MHD_Response *response;
	enum MHD_Result queued;

	if (!request->reply.status)
		wye_reply_plain(request, 500, "internal error\n");
	wye_chain_response(request);
	request->reply.sealed = true;
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
