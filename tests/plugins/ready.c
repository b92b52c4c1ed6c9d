/* SPDX-License-Identifier: MIT
 *
 * ready.c - a plugin for the tests: a check named as in the config; /set?reason=X has it fail,
 * /set has it hold, from a thread of the pool.
 */
#include <string.h>

#include <wye/plugin.h>

static const struct wye_setting settings[] = {
	{ .name = "check", .type = WYE_SETTING_STRING, .sentence = "the name of the check" },
	{ .name = NULL },
};

static int open_check(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	const char *name = wye_setting_string(values, "check");
	struct wye_ready_check *check;
	int error = wye_ready_check_create(&check, name);

	if (error)
		wye_setting_error(values, "check", why, "\"%s\" is no name of a check", name);
	else
		*instance = check;
	return error;
}

static enum wye_verdict set(struct wye_request *request, const struct wye_mount *mount)
{
	struct wye_text reason = wye_request_query_value(request, "reason");
	char copy[512] = "";

	memcpy(copy, reason.data ? reason.data : "", reason.length < 511 ? reason.length : 511);
	wye_ready_check_set(mount->instance, reason.data ? copy : NULL);
	wye_reply(request, 200, "text/plain", wye_is_ready() ? "yes" : "no ", 3);
	return WYE_ANSWERED;
}

static const struct wye_rest_handler handler = {
	.size = sizeof handler, .name = "set", .flags = WYE_BLOCKING, .handle = set
};
static const struct wye_rest_handler *const handlers[] = { &handler, NULL };

static void close_check(void *instance)
{
	wye_ready_check_destroy(instance);
}

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "ready-test",
	.settings = settings,
	.open = open_check,
	.close = close_check,
	.rest_handlers = handlers,
};
