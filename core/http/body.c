/* SPDX-License-Identifier: MIT
 *
 * body.c - see body.h.
 *
 * An answer may come before the body's end: from a middleware, which runs when the head is
 * read, or from a handler that reads pieces. The engine takes an answer at its first call or
 * behind the body, not between. So what is left of a short body is read and dropped, and the
 * connection lives on; at the first call, or with a long body, the answer goes at once and the
 * connection ends.
 */
#include <errno.h>

#include "http/body.h"
#include "http/chain.h"
#include "http/connection.h"
#include "http/thread.h"

enum {
	STEP = 4096,        /* bytes that count as progress */
	SHORT_REST = 65536, /* bytes that are rather read than left */
	FIRST_ROOM = 65536, /* of a body that is kept, before any of it has come */
};

static uint64_t limit_of(const struct wye_request *request)
{
	uint64_t general = request->route ? request->route->max_body
					  : request->connection->thread->http->max_body;

	return request->body_limit < general ? request->body_limit : general;
}

static bool rest_is_short(const struct wye_request *request)
{
	return !request->head.chunked &&
	       request->head.length - request->body_received <= SHORT_REST;
}

/* What was answered between the head and the body's end. */
static enum MHD_Result answered_early(struct wye_request *request)
{
	request->dropping = true;
	if (rest_is_short(request) || request->reply.kind != WYE_REPLY_BYTES)
		return MHD_YES;
	return wye_reply_say(request);
}

static void reserve(struct wye_request *request)
{
	uint64_t expected = request->head.length;

	if (request->route && !request->route->handler->body)
		(void)!wye_buffer_reserve(&request->body,
					  expected < FIRST_ROOM ? expected : FIRST_ROOM);
}

int wye_request_limit_body(struct wye_request *request, uint64_t bytes)
{
	if (bytes < request->body_limit)
		request->body_limit = bytes;
	if (request->head.chunked || request->head.length <= limit_of(request))
		return 0;
	request->ending = WYE_REQUEST_REFUSED;
	wye_reply_plain(request, 413, "body too large\n");
	return -EMSGSIZE;
}

enum MHD_Result wye_body_begin(struct wye_request *request, void **context)
{
	request->reading = true;
	if (request->head.length > limit_of(request)) {
		request->ending = WYE_REQUEST_REFUSED;
		wye_reply_plain(request, 413, "body too large\n");
		return wye_reply_queue(request, context);
	}
	wye_http_connection_read_body(request->connection);
	wye_chain_run(request);
	return wye_body_go_on(request, context);
}

enum MHD_Result wye_body_go_on(struct wye_request *request, void **context)
{
	request->at_head = request->suspended;
	if (request->state == WYE_REQUEST_READING)
		reserve(request);
	if (request->state != WYE_REQUEST_RESUMED)
		return request->state == WYE_REQUEST_CUT ? MHD_NO : MHD_YES;
	request->dropping = true;
	if (!request->head.expects && rest_is_short(request))
		return MHD_YES;
	return wye_reply_queue(request, context);
}

/* ---- pieces ---- */

enum MHD_Result wye_body_refuse(struct wye_request *request, struct wye_fault fault)
{
	request->ending = WYE_REQUEST_REFUSED;
	wye_reply_discard(request);
	wye_reply_plain(request, fault.status, fault.text);
	return wye_reply_say(request);
}

static void keep(struct wye_request *request, const char *data, size_t length)
{
	if (!wye_buffer_append(&request->body, data, length))
		return;
	wye_reply_plain(request, 503, "out of memory\n");
	request->state = WYE_REQUEST_RESUMED;
}

static void count(struct wye_request *request, size_t length)
{
	uint64_t before = request->body_received;

	request->body_received += length;
	if (before / STEP != request->body_received / STEP)
		wye_http_connection_progress(request->connection);
}

enum MHD_Result wye_body_piece(struct wye_request *request, const char *data, size_t *length)
{
	size_t taken = *length;

	*length = 0;
	count(request, taken);
	if (request->body_received > limit_of(request))
		return wye_body_refuse(request, (struct wye_fault) { 413, "body too large\n" });
	if (request->state == WYE_REQUEST_READING && request->route->handler->body)
		wye_chain_piece(request, data, taken);
	else if (request->state == WYE_REQUEST_READING)
		keep(request, data, taken);
	if (request->state == WYE_REQUEST_RESUMED && !request->dropping)
		return answered_early(request);
	return MHD_YES;
}

void wye_body_end(struct wye_request *request)
{
	request->reading = false;
	wye_http_connection_serve(request->connection);
	if (request->state == WYE_REQUEST_READING)
		wye_chain_run(request);
}
