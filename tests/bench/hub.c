/* SPDX-License-Identifier: MIT
 *
 * hub.c - a WebSocket handler for the benchmark, as a plugin: every connection is a member of
 * one group, and every message goes to all of it, its sender included.
 */
#include <wye/group.h>
#include <wye/plugin.h>

static const struct wye_text group = { "hub", 3 };

static int open(struct wye_ws *ws, const struct wye_mount *mount,
		const struct wye_handshake *handshake)
{
	(void)mount;
	(void)handshake;
	return wye_group_join(wye_ws_identity(ws), group);
}

static int message(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		   const void *data, size_t length)
{
	(void)ws;
	(void)mount;
	return wye_group_publish(group, kind, data, length);
}

static const struct wye_ws_handler hub = {
	.size = sizeof hub, .name = "hub", .open = open, .message = message
};

static const struct wye_ws_handler *const handlers[] = { &hub, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "hub",
	.version = "1.0",
	.sentence = "sends every message to everybody",
	.ws_handlers = handlers,
};
