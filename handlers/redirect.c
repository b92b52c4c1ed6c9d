/* SPDX-License-Identifier: MIT
 *
 * redirect.c - leads somewhere else: a route with handler = "redirect", a path like "/u/:id"
 * and to = "https://example.org/users/{id}".
 */
#include <errno.h>
#include <stdlib.h>

#include <wye/plugin.h>

#include "redirect-target.h"

static const struct wye_setting ROUTE[] = {
	{ .name = "to",
	  .type = WYE_SETTING_STRING,
	  .flags = WYE_SETTING_REQUIRED,
	  .sentence = "where to: a path or a URL, with \"{name}\" for the route's parameters" },
	{ .name = "status",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "307",
	  .minimum = 301,
	  .maximum = 308,
	  .sentence =
		  "301 or 308 (for ever; browsers keep it), 302 or 307 (for now), 303; with "
		  "308 and 307 the method stays" },
	{ .name = "query",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "true",
	  .sentence = "append the request's query" },
	{ .name = NULL },
};

struct redirect {
	unsigned status;
	bool query;
	struct redirect_target *target;
};

static bool is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308;
}

static void route_close(void *instance, void *route)
{
	struct redirect *redirect = route;

	(void)instance;
	redirect_target_destroy(redirect->target);
	free(redirect);
}

static int read_settings(struct redirect *redirect, const struct wye_settings *settings,
			 struct wye_error *why)
{
	struct wye_error said = { "" };
	int error;

	redirect->status = (unsigned)wye_setting_integer(settings, "status");
	redirect->query = wye_setting_boolean(settings, "query");
	if (!is_redirect(redirect->status)) {
		wye_setting_error(settings, "status", why,
				  "%u does not redirect: 301, 302, 303, 307 or 308",
				  redirect->status);
		return -EINVAL;
	}
	error = redirect_target_create(&redirect->target, wye_setting_string(settings, "to"),
				       wye_setting_pattern(settings), &said);
	if (error)
		wye_setting_error(settings, "to", why, "%s", said.text);
	return error;
}

static int route(void *instance, const struct wye_settings *settings, void **out,
		 struct wye_error *why)
{
	struct redirect *redirect = calloc(1, sizeof *redirect);
	int error;

	if (!redirect) {
		wye_error_set(why, "out of memory");
		return -ENOMEM;
	}
	error = read_settings(redirect, settings, why);
	if (error)
		route_close(instance, redirect);
	else
		*out = redirect;
	return error;
}

static enum wye_verdict handle(struct wye_request *request, const struct wye_mount *mount)
{
	static const char text[] = "moved\n";
	const struct redirect *redirect = mount->route;
	const struct redirect_target *target = redirect->target;
	size_t count = redirect_target_count(target);
	struct wye_text values[16], query = { NULL, 0 };
	char *out;

	for (size_t i = 0; i < count; i++)
		values[i] = wye_request_parameter(request, redirect_target_name(target, i));
	if (redirect->query)
		query = wye_request_query(request);
	out = wye_request_allocate(request, redirect_target_room(target, values, query));
	if (!out)
		return WYE_NEXT; /* no answer: 500 */
	(void)wye_reply_header(
		request, "Location",
		(struct wye_text) { out, redirect_target_write(target, values, query, out) });
	wye_reply_static(request, redirect->status, "text/plain", text, sizeof text - 1);
	return WYE_ANSWERED;
}

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", NULL };

static const struct wye_rest_handler redirect_handler = {
	.size = sizeof redirect_handler,
	.name = "redirect",
	.methods = methods,
	.route_settings = ROUTE,
	.route = route,
	.route_close = route_close,
	.handle = handle,
};

static const struct wye_rest_handler *const handlers[] = { &redirect_handler, NULL };

extern const struct wye_plugin wye_builtin_redirect;

const struct wye_plugin wye_builtin_redirect = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_redirect,
	.name = "redirect",
	.sentence = "leads somewhere else",
	.rest_handlers = handlers,
};
