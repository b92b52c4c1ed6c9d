/* SPDX-License-Identifier: MIT
 *
 * origin.c - refuses handshakes that a foreign page started (RFC 6455, 10.2): browsers send
 * cookies with them, and the same-origin policy does not hold for WebSocket.
 *
 * Without settings a handshake without Origin passes (no browser), else its host must equal
 * Host. With `allow` the Origin must be one of the list (origins.h).
 */
#include <stdlib.h>

#include <wye/plugin.h>

#include "origins.h"

static const struct wye_setting settings[] = {
	{ .name = "allow",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "origins that pass; default: the page's own host" },
	{ .name = NULL },
};

static int open_origin(const struct wye_settings *values, void **instance,
		       struct wye_error *why)
{
	struct origins *origins;
	int error = origins_open(&origins, values, "allow", why);

	if (!error)
		*instance = origins;
	return error;
}

static bool allowed(const struct origins *origins, struct wye_text origin, struct wye_text host)
{
	return origins->count ? origins_have(origins, origin) : origin_is_host(origin, host);
}

static enum wye_verdict check(struct wye_handshake *handshake, void *instance, void **state)
{
	struct wye_text origin = wye_handshake_header(handshake, "Origin");

	(void)state;
	if (!origin.data || allowed(instance, origin, wye_handshake_header(handshake, "Host")))
		return WYE_NEXT;
	wye_handshake_refuse(handshake, 403, "origin not allowed\n");
	return WYE_ANSWERED;
}

static const struct wye_ws_middleware ws = { .size = sizeof ws,
					     .name = "origin",
					     .handshake = check };
static const struct wye_ws_middleware *const ws_list[] = { &ws, NULL };

extern const struct wye_plugin wye_builtin_origin;

const struct wye_plugin wye_builtin_origin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_origin,
	.name = "origin",
	.sentence = "refuses handshakes of foreign pages",
	.settings = settings,
	.open = open_origin,
	.close = free,
	.ws_middleware = ws_list,
};
