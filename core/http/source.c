/* SPDX-License-Identifier: MIT
 *
 * source.c - bodies of replies that are read as the client takes them: from a file, from a
 * plugin's source, from a source that wraps another body. Http thread.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/calls.h"
#include "http/connection.h"
#include "http/request.h"
#include "http/thread.h"
#include "http/wait.h"

enum {
	BLOCK = 32768, /* bytes that the engine asks for at a time */
};

/* The body that was there before it was wrapped; in the request's arena. */
struct wye_inner {
	struct wye_inner *next; /* what that one wraps */
	enum wye_reply_kind kind;
	const char *bytes;
	uint64_t left, offset;
	int file;
	const struct wye_source *source;
	void *argument;
};

static void close_body(int *file, const struct wye_source *source, void *argument)
{
	if (*file >= 0)
		close(*file);
	*file = -1;
	if (source && source->close)
		source->close(argument);
}

void wye_reply_release(struct wye_reply *reply)
{
	close_body(&reply->file, reply->kind == WYE_REPLY_SOURCE ? reply->source : NULL,
		   reply->argument);
	for (struct wye_inner *inner = reply->inner; inner; inner = inner->next)
		close_body(&inner->file, inner->kind == WYE_REPLY_SOURCE ? inner->source : NULL,
			   inner->argument);
	if (reply->kind == WYE_REPLY_EVENTS && reply->events && reply->events->close)
		reply->events->close(NULL, reply->argument, WYE_STREAM_PEER);
	reply->kind = WYE_REPLY_NONE;
	reply->inner = NULL;
}

/* ---- wrapping ---- */

int wye_reply_wrap(struct wye_request *request, uint64_t length,
		   const struct wye_source *source, void *argument, struct wye_inner **inner)
{
	struct wye_reply *reply = &request->reply;
	struct wye_inner *wrapped;

	if (reply->sealed)
		return -EALREADY;
	if (reply->kind == WYE_REPLY_NONE || reply->kind == WYE_REPLY_EVENTS ||
	    reply->status == 204 || reply->status == 304 || request->said)
		return -EINVAL;
	wrapped = wye_arena_allocate(&request->arena, sizeof *wrapped);
	if (!wrapped)
		return -ENOMEM;
	*wrapped = (struct wye_inner) { reply->inner,  reply->kind,    reply->body,
					reply->length, reply->offset,  reply->file,
					reply->source, reply->argument };
	reply->inner = wrapped;
	reply->kind = WYE_REPLY_SOURCE;
	reply->length = length;
	reply->file = -1;
	reply->source = source;
	reply->argument = argument;
	*inner = wrapped;
	return 0;
}

static ssize_t read_bytes(struct wye_inner *inner, void *buffer, size_t size)
{
	if (size > inner->left)
		size = (size_t)inner->left;
	memcpy(buffer, inner->bytes, size);
	inner->bytes += size;
	inner->left -= size;
	return (ssize_t)size;
}

static ssize_t read_file(struct wye_inner *inner, void *buffer, size_t size)
{
	ssize_t got;

	if (size > inner->left)
		size = (size_t)inner->left;
	got = size ? pread(inner->file, buffer, size, (off_t)inner->offset) : 0;
	if (got < 0)
		return -errno;
	if (!got && size)
		return -EIO; /* it has been truncated */
	inner->offset += (uint64_t)got;
	inner->left -= (uint64_t)got;
	return got;
}

ssize_t wye_inner_read(struct wye_request *request, struct wye_inner *inner, void *buffer,
		       size_t size)
{
	if (inner->kind == WYE_REPLY_BYTES)
		return read_bytes(inner, buffer, size);
	if (inner->kind == WYE_REPLY_FILE)
		return read_file(inner, buffer, size);
	return inner->source->read(request, inner->argument, buffer, size);
}

/* ---- for the engine ---- */

static ssize_t call_source(struct wye_request *request, char *buffer, size_t size)
{
	struct wye_reply *reply = &request->reply;
	struct wye_call before = wye_call_enter(reply->culprit, wye_request_pattern(request));
	ssize_t got = reply->source->read(request, reply->argument, buffer, size);

	wye_call_leave(before);
	return got;
}

/* A ticket that nothing waits for would outlive the request. */
static void check_ticket(struct wye_request *request, ssize_t got)
{
	if (got == -EAGAIN || !request->ticket)
		return;
	wye_log(WYE_LOG_ERROR, "the source of %s took a ticket and did not wait",
		request->reply.culprit);
	wye_wait_end(request);
}

static ssize_t read_source(void *cls, uint64_t position, char *buffer, size_t size)
{
	struct wye_request *request = cls;
	ssize_t got;

	(void)position;
	if (request->connection->phase == WYE_HTTP_ENDING) /* cut: it might wait once more */
		return MHD_CONTENT_READER_END_WITH_ERROR;
	wye_loop_wake_up(&request->connection->thread->loop);
	wye_http_connection_progress(request->connection);
	got = call_source(request, buffer, size);
	check_ticket(request, got);
	if (got > 0) {
		request->reply.sent += (uint64_t)got;
		return got;
	}
	if (got == -EAGAIN && request->ticket)
		return 0; /* suspended */
	request->connection->thread->unfinished = true;
	if (!got)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (got == -EAGAIN)
		wye_log(WYE_LOG_ERROR, "the source of %s waits without a ticket",
			request->reply.culprit);
	wye_http_connection_cut_short(request->connection);
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

bool wye_source_paced(const struct wye_request *request)
{
	const struct wye_reply *reply = &request->reply;

	return request->connection->listener->address.any.sa_family == AF_UNIX &&
	       (reply->kind == WYE_REPLY_FILE ||
		(reply->kind == WYE_REPLY_BYTES && reply->length > BLOCK));
}

static ssize_t read_piece(void *cls, uint64_t position, char *buffer, size_t size)
{
	struct wye_request *request = cls;
	const struct wye_reply *reply = &request->reply;
	ssize_t got;

	wye_loop_wake_up(&request->connection->thread->loop);
	wye_http_connection_progress(request->connection);
	if (size > reply->length - position)
		size = (size_t)(reply->length - position);
	if (reply->kind == WYE_REPLY_BYTES) {
		memcpy(buffer, (const char *)reply->body + position, size);
		return (ssize_t)size;
	}
	got = pread(reply->file, buffer, size, (off_t)(reply->offset + position));
	if (got > 0)
		return got;
	request->connection->thread->unfinished = true;
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static ssize_t read_nothing(void *cls, uint64_t position, char *buffer, size_t size)
{
	(void)cls;
	(void)position;
	(void)buffer;
	(void)size;
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

struct MHD_Response *wye_source_unread(uint64_t length)
{
	return MHD_create_response_from_callback(length == WYE_LENGTH_UNKNOWN ? MHD_SIZE_UNKNOWN
									      : length,
						 BLOCK, read_nothing, NULL, NULL);
}

struct MHD_Response *wye_source_response(struct wye_request *request)
{
	struct wye_reply *reply = &request->reply;
	struct MHD_Response *response;

	if (wye_source_paced(request))
		return MHD_create_response_from_callback(reply->length, BLOCK, read_piece,
							 request, NULL);
	if (reply->kind == WYE_REPLY_FILE) {
		response = MHD_create_response_from_fd_at_offset64(reply->length, reply->file,
								   reply->offset);
		if (response)
			reply->file = -1; /* the engine's now */
		return response;
	}
	return MHD_create_response_from_callback(
		reply->length == WYE_LENGTH_UNKNOWN ? MHD_SIZE_UNKNOWN : reply->length, BLOCK,
		read_source, request, NULL);
}
