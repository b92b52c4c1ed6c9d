/* SPDX-License-Identifier: MIT
 *
 * body-limit.c - a limit of the body for all requests through a chain, below max_body of their
 * routes: a larger one is refused with 413, at once by its Content-Length, else when too much
 * has come.
 */
#include <errno.h>
#include <stdlib.h>

#include <wye/plugin.h>

static const struct wye_setting settings[] = {
	{ .name = "bytes",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "65536",
	  .maximum = 1e15,
	  .unit = "bytes",
	  .sentence = "of a request's body; beyond: 413" },
	{ .name = NULL },
};

static int open_limit(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	uint64_t *bytes = malloc(sizeof *bytes);

	(void)why;
	if (!bytes)
		return -ENOMEM;
	*bytes = (uint64_t)wye_setting_integer(values, "bytes");
	*instance = bytes;
	return 0;
}

static enum wye_verdict on_request(struct wye_request *request, void *instance, void **state)
{
	const uint64_t *bytes = instance;

	(void)state;
	return wye_request_limit_body(request, *bytes) ? WYE_ANSWERED : WYE_NEXT;
}

static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "body-limit",
						 .request = on_request };
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };

extern const struct wye_plugin wye_builtin_body_limit;

const struct wye_plugin wye_builtin_body_limit = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_body_limit,
	.name = "body-limit",
	.sentence = "limits the body of requests",
	.settings = settings,
	.open = open_limit,
	.close = free,
	.rest_middleware = rest_list,
};
