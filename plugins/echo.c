/* SPDX-License-Identifier: MIT
 *
 * echo.c - a WebSocket handler as a plugin: every message goes back to its sender. It loses
 * nothing, however slow the peer reads: while there is no room in the outbox it takes no
 * message, and TCP slows the peer down.
 */
#include <errno.h>

#include <wye/plugin.h>

static int message(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		   const void *data, size_t length)
{
	size_t room = wye_ws_room(ws);

	(void)mount;
	if (!room || (room < length && room < wye_ws_capacity(ws)))
		return -EAGAIN; /* paused: it comes again after wye_ws_resume() */
	return wye_ws_send(wye_ws_identity(ws), kind, data, length);
}

static void drained(struct wye_ws *ws, const struct wye_mount *mount)
{
	(void)mount;
	wye_ws_resume(ws);
}

static const struct wye_ws_handler echo = {
	.size = sizeof echo, .name = "echo", .message = message, .drained = drained
};

static const struct wye_ws_handler *const handlers[] = { &echo, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "echo",
	.version = "1.0",
	.sentence = "sends every message back",
	.ws_handlers = handlers,
};
