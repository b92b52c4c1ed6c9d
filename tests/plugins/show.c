/* SPDX-License-Identifier: MIT
 *
 * show.c - a plugin for the tests: says what middleware has found out. "user", a field
 * ("header:X-Role") or an attribute ("attribute:x-role"), one for each `show` in the query; on
 * the WebSocket lane for each message, without fields.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wye/plugin.h>

enum {
	ROOM = 1024,
};

static void put(char out[ROOM], struct wye_text value)
{
	size_t length = strlen(out), room = ROOM - length - 2;

	if (!value.data)
		value = (struct wye_text) { "-", 1 };
	if (value.length > room)
		value.length = room;
	memcpy(out + length, value.data, value.length);
	memcpy(out + length + value.length, "\n", 2);
}

static const char *behind(const char *text, const char *start)
{
	size_t length = strlen(start);

	return strncmp(text, start, length) ? NULL : text + length;
}

static void put_fields(char out[ROOM], struct wye_request *request, const char *name)
{
	struct wye_field field;
	bool found = false;

	for (size_t i = 0; wye_request_header_at(request, i, &field); i++)
		if (field.name.length == strlen(name) &&
		    !strncasecmp(field.name.data, name, field.name.length)) {
			put(out, field.value);
			found = true;
		}
	if (!found)
		put(out, (struct wye_text) { NULL, 0 });
}

static enum wye_verdict show(struct wye_request *request, const struct wye_mount *mount)
{
	char out[ROOM] = "", name[64];
	struct wye_field field;

	(void)mount;
	for (size_t i = 0; wye_request_query_at(request, i, &field); i++) {
		memset(name, 0, sizeof name);
		memcpy(name, field.value.data,
		       field.value.length < sizeof name ? field.value.length : 0);
		if (!strcmp(name, "user"))
			put(out, wye_request_user(request));
		else if (behind(name, "header:"))
			put_fields(out, request, behind(name, "header:"));
		else if (behind(name, "attribute:"))
			put(out, wye_request_attribute(request, behind(name, "attribute:")));
	}
	wye_reply(request, 200, "text/plain", out, strlen(out));
	return WYE_ANSWERED;
}

static int message(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		   const void *data, size_t length)
{
	char out[ROOM] = "", name[64] = "";

	(void)mount;
	memcpy(name, data, length < sizeof name ? length : 0);
	if (!strcmp(name, "user"))
		put(out, wye_ws_user(ws));
	else if (behind(name, "attribute:"))
		put(out, wye_ws_attribute(ws, behind(name, "attribute:")));
	return wye_ws_send(wye_ws_identity(ws), kind, out, strlen(out));
}

static const char *const methods[] = { "GET", "POST", NULL };
static const struct wye_rest_handler rest = {
	.size = sizeof rest, .name = "show", .methods = methods, .handle = show
};
static const struct wye_ws_handler ws = { .size = sizeof ws,
					  .name = "show",
					  .message = message };
static const struct wye_rest_handler *const rest_list[] = { &rest, NULL };
static const struct wye_ws_handler *const ws_list[] = { &ws, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "show",
	.rest_handlers = rest_list,
	.ws_handlers = ws_list,
};
