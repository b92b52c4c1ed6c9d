/* SPDX-License-Identifier: MIT
 *
 * room.c - see room.h.
 */
#include <string.h>

#include "http/connection.h"
#include "http/room.h"
#include "http/thread.h"

enum {
	FIELD_ENTRY = 80,  /* bytes of the engine's index per field, at most */
	REPLY_ROOM = 1024, /* bytes for the head of an answer that is common */
	REPLY_OWN = 320,   /* of them for what the engine and wye put into each */
};

size_t wye_room_size(const struct wye_http_limits *limits)
{
	return limits->max_header + limits->max_header / 4;
}

size_t wye_room_head(const struct wye_request *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		request->connection->engine, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return info ? info->header_size : 0;
}

static size_t used(const struct wye_request *request)
{
	const enum MHD_ValueKind all =
		MHD_HEADER_KIND | MHD_COOKIE_KIND | MHD_GET_ARGUMENT_KIND;
	struct MHD_Connection *engine = request->connection->engine;
	int entries = MHD_get_connection_values_n(engine, all, NULL, NULL);
	size_t cookies = 0;
	const char *text;

	(void)MHD_lookup_connection_value_n(engine, MHD_HEADER_KIND, "Cookie", 6, &text,
					    &cookies);
	return wye_room_head(request) + cookies + (size_t)entries * FIELD_ENTRY;
}

static bool holds(struct wye_request *request, size_t more)
{
	size_t room = wye_room_size(request->connection->thread->http);

	/* Even if each byte of the head were a parameter, and all of it a cookie. */
	if (wye_room_head(request) * (2 + FIELD_ENTRY) + more <= room)
		return true;
	if (!request->room)
		request->room = used(request);
	return request->room + more <= room;
}

bool wye_room_holds_request(struct wye_request *request)
{
	return wye_room_head(request) <= request->connection->thread->http->max_header &&
	       holds(request, REPLY_ROOM);
}

/* What lies in the engine's buffer: of requests that come next, or of a body that nobody has
 * read, which began to come with the head. */
static size_t behind(const struct wye_request *request)
{
	const struct wye_intake *intake = &request->connection->intake;
	uint64_t from = request->reading ? intake->body : intake->next;
	uint64_t buffer = wye_room_size(request->connection->thread->http) / 2;
	uint64_t length = intake->received > from ? intake->received - from : 0;

	return (size_t)(length < buffer ? length : buffer);
}

bool wye_room_holds_reply(struct wye_request *request)
{
	const struct wye_reply *reply = &request->reply;
	size_t size = reply->bytes + REPLY_OWN;

	if (reply->type)
		size += sizeof "Content-Type: \r\n" + strlen(reply->type);
	return holds(request, behind(request) + size);
}
