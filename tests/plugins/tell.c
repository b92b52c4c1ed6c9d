/* SPDX-License-Identifier: MIT
 *
 * tell.c - a plugin for the tests of routes:
 *   tell  REST: the route's `text`, each parameter of the list `names`, and each attribute of
 * the list `attributes`, a line each; WebSocket: a text "NAME" is answered with the parameter
 * of that name, "NAME=value";
 *         "@NAME" with the attribute
 *   mark  REST middleware: puts the instance's name into a field X-Mark of each reply
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/plugin.h>

static const struct wye_setting instance_table[] = {
	{ .name = "mark",
	  .type = WYE_SETTING_STRING,
	  .fallback = "",
	  .sentence = "for X-Mark" },
	{ .name = NULL },
};

static const struct wye_setting route_table[] = {
	{ .name = "text",
	  .type = WYE_SETTING_STRING,
	  .fallback = "",
	  .sentence = "first line" },
	{ .name = "names", .type = WYE_SETTING_STRINGS, .sentence = "parameters" },
	{ .name = "attributes", .type = WYE_SETTING_STRINGS, .sentence = "attributes" },
	{ .name = NULL },
};

static int open_tell(const struct wye_settings *settings, void **instance,
		     struct wye_error *why)
{
	(void)why;
	*instance = (void *)wye_setting_string(settings, "mark");
	return 0;
}

static int keep(void *instance, const struct wye_settings *settings, void **route,
		struct wye_error *why)
{
	(void)instance;
	(void)why;
	*route = (void *)settings;
	return 0;
}

static struct wye_text or_null(struct wye_text value)
{
	return value.data ? value : (struct wye_text) { "NULL", 4 };
}

/* Appends what `find` says of each name of a list. */
static int put(char text[2048], int length, const struct wye_request *request,
	       const struct wye_settings *settings, const char *list,
	       struct wye_text (*find)(const struct wye_request *request, const char *name))
{
	for (size_t i = 0; i < wye_setting_count(settings, list); i++) {
		const char *name = wye_setting_item(settings, list, i);
		struct wye_text value = or_null(find(request, name));

		length += snprintf(text + length, 2048 - (size_t)length, "%s=%.*s\n", name,
				   (int)value.length, value.data);
	}
	return length;
}

static enum wye_verdict tell(struct wye_request *request, const struct wye_mount *mount)
{
	const struct wye_settings *settings = mount->route;
	char text[2048];
	int length = snprintf(text, sizeof text, "%s\n", wye_setting_string(settings, "text"));

	length = put(text, length, request, settings, "names", wye_request_parameter);
	length = put(text, length, request, settings, "attributes", wye_request_attribute);
	wye_reply(request, 200, "text/plain", text, (size_t)length);
	return WYE_ANSWERED;
}

static void mark(struct wye_request *request, void *instance, void *state)
{
	const char *text = instance;

	(void)state;
	(void)wye_reply_header(request, "X-Mark", (struct wye_text) { text, strlen(text) });
}

static int answer(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		  const void *data, size_t length)
{
	struct wye_text value;
	char name[32] = "", text[1024];
	int size;

	(void)mount;
	memcpy(name, data, length < sizeof name ? length : sizeof name - 1);
	value = or_null(*name == '@' ? wye_ws_attribute(ws, name + 1)
				     : wye_ws_parameter(ws, name));
	size = snprintf(text, sizeof text, "%s=%.*s", name, (int)value.length, value.data);
	return wye_ws_send(wye_ws_identity(ws), kind, text, (size_t)size);
}

static const struct wye_rest_handler rest_tell = { .size = sizeof rest_tell,
						   .name = "tell",
						   .route_settings = route_table,
						   .route = keep,
						   .handle = tell };
static const struct wye_rest_middleware rest_mark = { .size = sizeof rest_mark,
						      .name = "mark",
						      .response = mark };
static const struct wye_ws_handler ws_tell = { .size = sizeof ws_tell,
					       .name = "tell",
					       .message = answer };
static const struct wye_rest_handler *const rest_handlers[] = { &rest_tell, NULL };
static const struct wye_rest_middleware *const rest_middleware[] = { &rest_mark, NULL };
static const struct wye_ws_handler *const ws_handlers[] = { &ws_tell, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "tell",
	.sentence = "for tests",
	.settings = instance_table,
	.open = open_tell,
	.rest_handlers = rest_handlers,
	.rest_middleware = rest_middleware,
	.ws_handlers = ws_handlers,
};
