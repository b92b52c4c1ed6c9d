/* SPDX-License-Identifier: MIT
 *
 * respond.c - answers with what the config says: { path = "/hello"; handler = "respond";
 * status = 200; type = "text/plain"; body = "hello, world\n"; }. Nothing is computed or
 * allocated per request.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wye/plugin.h>

struct answer {
	unsigned status;
	const char *type, *body; /* live as long as the route's settings */
	size_t length;
};

static const struct wye_setting ROUTE[] = {
	{ .name = "status",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "200",
	  .minimum = 200,
	  .maximum = 599,
	  .sentence = "the answer's status" },
	{ .name = "type",
	  .type = WYE_SETTING_STRING,
	  .fallback = "text/plain",
	  .sentence = "its Content-Type" },
	{ .name = "body", .type = WYE_SETTING_STRING, .fallback = "", .sentence = "its body" },
	{ .name = NULL },
};

static int route(void *instance, const struct wye_settings *settings, void **out,
		 struct wye_error *why)
{
	struct answer *answer = malloc(sizeof *answer);

	(void)instance;
	if (!answer) {
		wye_error_set(why, "out of memory");
		return -ENOMEM;
	}
	answer->status = (unsigned)wye_setting_integer(settings, "status");
	answer->type = wye_setting_string(settings, "type");
	answer->body = wye_setting_string(settings, "body");
	answer->length = strlen(answer->body);
	*out = answer;
	return 0;
}

static void route_close(void *instance, void *answer)
{
	(void)instance;
	free(answer);
}

static enum wye_verdict handle(struct wye_request *request, const struct wye_mount *mount)
{
	const struct answer *answer = mount->route;

	wye_reply_static(request, answer->status, answer->type, answer->body, answer->length);
	return WYE_ANSWERED;
}

static const struct wye_rest_handler respond = {
	.size = sizeof respond,
	.name = "respond",
	.route_settings = ROUTE,
	.route = route,
	.route_close = route_close,
	.handle = handle,
};

static const struct wye_rest_handler *const handlers[] = { &respond, NULL };

extern const struct wye_plugin wye_builtin_respond;

const struct wye_plugin wye_builtin_respond = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_respond,
	.name = "respond",
	.sentence = "answers with what the config says",
	.rest_handlers = handlers,
};
