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

static const struct wye_http_limits *limits_of(const struct wye_request *request)
{
	return request->connection->thread->http;
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

bool wye_room_holds_request(const struct wye_request *request)
{
	const struct wye_http_limits *limits = limits_of(request);
	size_t size = wye_room_head(request);

	if (size > limits->max_header)
		return false;
	if (size < limits->max_header / 40) /* even if there were a parameter per two bytes */
		return true;
	return used(request) + REPLY_ROOM <= wye_room_size(limits);
}

/* What the engine has received of requests that come next. */
static size_t behind(const struct wye_request *request)
{
	const struct wye_intake *intake = &request->connection->intake;

	return intake->received > intake->next ? (size_t)(intake->received - intake->next) : 0;
}

bool wye_room_holds_reply(const struct wye_request *request)
{
	const struct wye_reply *reply = &request->reply;
	size_t size = reply->bytes + REPLY_OWN;

	if (reply->type)
		size += sizeof "Content-Type: \r\n" + strlen(reply->type);
	if (size <= REPLY_ROOM)
		return true;
	return used(request) + behind(request) + size <= wye_room_size(limits_of(request));
}
