/* SPDX-License-Identifier: MIT
 *
 * miss.c - see miss.h.
 */
#include <string.h>

#include "http/miss.h"
#include "route/target.h"

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

/* ---- redirects ---- */

/* What may stand in a path (RFC 3986, 3.3). */
static bool is_plain(char byte)
{
	unsigned char lower = (unsigned char)byte | 0x20;

	return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') ||
	       (byte && strchr("/-._~!$&'()*+,;=:@", byte));
}

/* `out` holds three times the path. */
static size_t encode(struct wye_text path, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t length = 0;

	for (size_t i = 0; i < path.length; i++) {
		char byte = path.data[i] == WYE_PATH_SLASH ? '/' : path.data[i];

		if (is_plain(path.data[i])) {
			out[length++] = byte;
		} else {
			out[length++] = '%';
			out[length++] = digits[(unsigned char)byte >> 4];
			out[length++] = digits[(unsigned char)byte & 0xf];
		}
	}
	return length;
}

/* With a slash more or less at its end; data NULL without memory. */
static struct wye_text other_form(struct wye_request *request)
{
	struct wye_text path = request->path;
	bool slash = path.data[path.length - 1] == '/';
	char *out = wye_arena_allocate(&request->arena, path.length + 1);

	if (!out)
		return (struct wye_text) { NULL, 0 };
	memcpy(out, path.data, path.length);
	out[path.length] = '/';
	return (struct wye_text) { out, slash ? path.length - 1 : path.length + 1 };
}

static bool wants_redirect(const struct wye_request *request, struct wye_text path)
{
	struct wye_match match;

	return wye_hosts_find(request->lanes->rest.routes, request->head.host,
			      request->method_bit, path, &match) &&
	       ((const struct wye_rest_route *)match.value)->redirect_slash;
}

/* Made from the path as it was routed: the one that came may end in dot segments, to which a
 * slash more or less means nothing, and would lead in a circle. */
static struct wye_text location(struct wye_request *request, struct wye_text path)
{
	struct wye_text query = request->parts.query;
	char *out = wye_arena_allocate(&request->arena, 3 * path.length + query.length + 1);
	size_t length;

	if (!out)
		return (struct wye_text) { NULL, 0 };
	length = encode(path, out);
	if (query.data) {
		out[length++] = '?';
		memcpy(out + length, query.data, query.length);
		length += query.length;
	}
	return (struct wye_text) { out, length };
}

/* A path that begins with two slashes would lead to another host (RFC 3986, 4.2). */
static bool redirect(struct wye_request *request)
{
	bool safe = request->method_bit & (WYE_METHOD_GET | WYE_METHOD_HEAD);
	struct wye_text path = request->path, target;

	if (path.length < 2 || path.data[1] == '/')
		return false;
	path = other_form(request);
	if (!path.data || !wants_redirect(request, path))
		return false;
	target = location(request, path);
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
		wye_reply_plain(request, 426, "this path speaks WebSocket only\n");
	} else {
		allow(request, allowed | socket.allowed);
		wye_reply_plain(request, 405, "method not allowed\n");
	}
}
