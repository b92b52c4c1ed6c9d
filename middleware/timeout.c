/* SPDX-License-Identifier: MIT
 *
 * timeout.c - a time in which a request must be over: the deadline of its context
 * (wye/context.h). Who still waits for the answer then gets 503.
 */
#include <errno.h>
#include <stdlib.h>

#include <wye/plugin.h>

static const struct wye_setting settings[] = {
	{ .name = "seconds",
	  .type = WYE_SETTING_NUMBER,
	  .fallback = "30",
	  .minimum = 0.01,
	  .maximum = 86400,
	  .unit = "seconds",
	  .sentence = "for a request in all, from here on; then 503" },
	{ .name = NULL },
};

static int open_timeout(const struct wye_settings *values, void **instance,
			struct wye_error *why)
{
	uint64_t *milliseconds = malloc(sizeof *milliseconds);

	(void)why;
	if (!milliseconds)
		return -ENOMEM;
	*milliseconds = (uint64_t)(wye_setting_number(values, "seconds") * 1000);
	*instance = milliseconds;
	return 0;
}

static enum wye_verdict on_request(struct wye_request *request, void *instance, void **state)
{
	static const char sorry[] = "out of memory\n";
	const uint64_t *milliseconds = instance;

	(void)state;
	if (!wye_context_set_deadline(wye_request_context(request), *milliseconds))
		return WYE_NEXT;
	wye_reply_static(request, 503, "text/plain", sorry, sizeof sorry - 1);
	return WYE_ANSWERED;
}

static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "timeout",
						 .request = on_request };
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };

extern const struct wye_plugin wye_builtin_timeout;

const struct wye_plugin wye_builtin_timeout = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_timeout,
	.name = "timeout",
	.sentence = "sets a time in which requests must be over",
	.settings = settings,
	.open = open_timeout,
	.close = free,
	.rest_middleware = rest_list,
};
