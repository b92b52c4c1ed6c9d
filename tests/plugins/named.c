/* SPDX-License-Identifier: MIT
 *
 * named.c - a middleware for the tests that believes whatever a client says of itself: X-User
 * becomes the user, X-Sub the attribute claim.sub.
 */
#include <wye/plugin.h>

static enum wye_verdict on_request(struct wye_request *request, void *instance, void **state)
{
	struct wye_text user = wye_request_header(request, "X-User"),
			sub = wye_request_header(request, "X-Sub");

	(void)instance;
	(void)state;
	if (user.data)
		(void)!wye_request_set_user(request, user);
	if (sub.data)
		(void)!wye_request_set_attribute(request, "claim.sub", sub);
	return WYE_NEXT;
}

static enum wye_verdict on_handshake(struct wye_handshake *handshake, void *instance,
				     void **state)
{
	struct wye_text user = wye_handshake_header(handshake, "X-User");

	(void)instance;
	(void)state;
	if (user.data)
		(void)!wye_handshake_set_user(handshake, user);
	return WYE_NEXT;
}

static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "named",
						 .request = on_request };
static const struct wye_ws_middleware ws = { .size = sizeof ws,
					     .name = "named",
					     .handshake = on_handshake };
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };
static const struct wye_ws_middleware *const ws_list[] = { &ws, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "named",
	.rest_middleware = rest_list,
	.ws_middleware = ws_list,
};
