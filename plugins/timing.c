/* SPDX-License-Identifier: MIT
 *
 * timing.c - a REST middleware as a plugin: says in a Server-Timing field how long the answer
 * took, which a browser's developer tools show, and counts and logs slow ones.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <wye/plugin.h>

static const struct wye_setting settings[] = {
	{ .name = "slow",
	  .type = WYE_SETTING_NUMBER,
	  .fallback = "1",
	  .minimum = 0,
	  .maximum = 3600,
	  .unit = "seconds",
	  .sentence = "a request that takes longer is logged and counted" },
	{ .name = NULL },
};

struct timing {
	uint64_t slow; /* microseconds */
	wye_metric slow_total;
};

static int open_timing(const struct wye_settings *values, void **instance,
		       struct wye_error *why)
{
	struct timing *timing = malloc(sizeof *timing);

	if (!timing) {
		wye_error_set(why, "out of memory");
		return -ENOMEM;
	}
	timing->slow = (uint64_t)(wye_setting_number(values, "slow") * 1e6);
	timing->slow_total = wye_metric_register("timing_slow_total", WYE_COUNTER);
	*instance = timing;
	return 0;
}

static void response(struct wye_request *request, void *instance, void *state)
{
	char value[48];
	int length = snprintf(value, sizeof value, "total;dur=%.3f",
			      (double)wye_request_age(request) / 1000);

	(void)instance;
	(void)state;
	wye_reply_header(request, "Server-Timing", (struct wye_text) { value, (size_t)length });
}

static void done(struct wye_request *request, void *instance, void *state)
{
	const struct timing *timing = instance;
	char memory[1024];
	struct wye_text target =
		wye_log_url(wye_request_target(request), memory, sizeof memory);
	uint64_t age = wye_request_age(request);

	(void)state;
	if (age <= timing->slow)
		return;
	wye_metric_add(timing->slow_total, 1);
	wye_log(WYE_LOG_WARNING, "slow: %.*s took %.3f s", (int)target.length, target.data,
		(double)age / 1e6);
}

static const struct wye_rest_middleware timing_middleware = {
	.size = sizeof timing_middleware, .name = "timing", .response = response, .done = done
};

static const struct wye_rest_middleware *const middleware[] = { &timing_middleware, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "timing",
	.version = "1.0",
	.sentence = "measures how long answers take",
	.settings = settings,
	.open = open_timing,
	.close = free,
	.rest_middleware = middleware,
};
