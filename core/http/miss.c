/* SPDX-License-Identifier: MIT
 *
 * miss.c - see miss.h.
 */
#include <string.h>

#include "http/miss.h"

static void reply_field(struct wye_request *request, const char *name, const char *value)
{
	(void)wye_reply_header(request, name, (struct wye_text) { value, strlen(value) });
}

static void allow(struct wye_request *request, unsigned methods)
{
	char list[64];

	(void)wye_method_list(methods | WYE_METHOD_OPTIONS, list);
	reply_field(request, "Allow", list);
}

/* RFC 9110, 9.3.7. */
static void answer_options(struct wye_request *request, unsigned methods)
{
	allow(request, methods);
	(void)wye_reply_static(request, 204, NULL, "", 0);
}

/* The path as it came, with a slash more or less at its end, and the query. */
static struct wye_text other_target(struct wye_request *request)
{
	struct wye_text path = request->parts.path, query = request->parts.query;
	bool slash = path.data[path.length - 1] == '/';
	char *out = wye_arena_allocate(&request->arena, path.length + query.length + 2);
	size_t length = slash ? path.length - 1 : path.length;

	if (!out)
		return (struct wye_text) { NULL, 0 };
	memcpy(out, path.data, length);
	if (!slash)
		out[length++] = '/';
	if (query.data) {
		out[length++] = '?';
		memcpy(out + length, query.data, query.length);
		length += query.length;
	}
	return (struct wye_text) { out, length };
}

/* The route of the other form of the path, if it wants such redirects. */
static bool other_form_is_served(struct wye_request *request)
{
	struct wye_text path = request->path;
	bool slash = path.length > 1 && path.data[path.length - 1] == '/';
	char *other = wye_arena_allocate(&request->arena, path.length + 1);
	struct wye_match match;

	if (!other)
		return false;
	memcpy(other, path.data, path.length);
	other[path.length] = '/';
	path = (struct wye_text) { other, slash ? path.length - 1 : path.length + 1 };
	return wye_hosts_find(request->lanes->rest.routes, request->head.host,
			      request->method_bit, path, &match) &&
	       ((const struct wye_rest_route *)match.value)->redirect_slash;
}

/* A path that begins with two slashes would lead to another host (RFC 3986, 4.2). */
static bool redirect(struct wye_request *request)
{
	struct wye_text path = request->parts.path, target;
	bool safe = request->method_bit & (WYE_METHOD_GET | WYE_METHOD_HEAD);

	if (path.length < 2 || path.data[1] == '/' || path.data[1] == '\\' ||
	    !other_form_is_served(request))
		return false;
	target = other_target(request);
	if (!target.data || wye_reply_header(request, "Location", target))
		return false;
	wye_reply_plain(request, safe ? 301 : 308, "moved\n");
	return true;
}

/* RFC 9110, 15.5.5, 15.5.6, 15.5.22. */
void wye_miss_answer(struct wye_request *request)
{
	unsigned allowed = request->allowed;
	struct wye_match socket;

	if (request->parts.form == WYE_TARGET_ASTERISK) {
		answer_options(request, 2 * WYE_METHOD_OPTIONS - 1);
		return;
	}
	(void)wye_hosts_find(request->lanes->websocket.routes, request->head.host,
			     WYE_METHOD_GET, request->path, &socket);
	if (!allowed && !socket.allowed) {
		if (!redirect(request))
			wye_reply_plain(request, 404, "not found\n");
	} else if (request->method_bit == WYE_METHOD_OPTIONS) {
		answer_options(request, allowed | socket.allowed);
	} else if (!allowed && (request->method_bit & (WYE_METHOD_GET | WYE_METHOD_HEAD))) {
		reply_field(request, "Upgrade", "websocket");
		wye_reply_plain(request, 426, "this path speaks WebSocket only\n");
	} else {
		allow(request, allowed | socket.allowed);
		wye_reply_plain(request, 405, "method not allowed\n");
	}
}
