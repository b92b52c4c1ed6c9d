/* SPDX-License-Identifier: MIT
 *
 * probe.c - a plugin for the tests: everything that a plugin may do with threads. Handlers:
 *   late     REST: deferred; a thread of its own finishes it after `delay` milliseconds, and
 *            tries a second time
 *   block    REST: blocks for `delay` milliseconds on the pool
 *   silent   REST: takes a ticket and never finishes it
 *   results  REST: what the second tries of `late` returned
 *   flood    WebSocket: a text "N SIZE" makes four threads send N messages of SIZE bytes each
 *   close    WebSocket: a text "CODE REASON" closes so; open() refuses the path parameter "no"
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wye/plugin.h>

static atomic_int finished, refused; /* counters of the process: it is only one test's */

static void wait_ms(long milliseconds)
{
	const struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* ---- REST ---- */

static const struct wye_setting delay_table[] = {
	{ .name = "delay",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "0",
	  .maximum = 60000,
	  .unit = "milliseconds" },
	{ .name = NULL },
};

static int read_delay(void *instance, const struct wye_settings *settings, void **route,
		      struct wye_error *why)
{
	(void)instance;
	(void)why;
	*route = (void *)(intptr_t)wye_setting_integer(settings, "delay");
	return 0;
}

struct late {
	wye_ticket ticket;
	long delay;
};

static void *finish(void *argument)
{
	struct late *late = argument;

	wait_ms(late->delay);
	if (!wye_ticket_reply(late->ticket, 200, "text/plain", "late\n", 5))
		atomic_fetch_add(&finished, 1);
	if (wye_ticket_reply(late->ticket, 200, "text/plain", "twice\n", 6) == -ENOENT)
		atomic_fetch_add(&refused, 1);
	free(late);
	return NULL;
}

static enum wye_verdict late(struct wye_request *request, const struct wye_mount *mount)
{
	struct late *late = malloc(sizeof *late);
	pthread_t thread;

	if (!late)
		return WYE_NEXT;
	late->delay = (long)(intptr_t)mount->route;
	if (wye_ticket_take(request, &late->ticket)) {
		free(late);
		wye_reply(request, 503, "text/plain", "busy\n", 5);
		return WYE_ANSWERED;
	}
	if (pthread_create(&thread, NULL, finish, late))
		abort();
	pthread_detach(thread);
	return WYE_DEFERRED;
}

static enum wye_verdict block(struct wye_request *request, const struct wye_mount *mount)
{
	wait_ms((long)(intptr_t)mount->route);
	wye_reply(request, 200, "text/plain", "blocked\n", 8);
	return WYE_ANSWERED;
}

static enum wye_verdict silent(struct wye_request *request, const struct wye_mount *mount)
{
	wye_ticket ticket;

	(void)mount;
	return wye_ticket_take(request, &ticket) ? WYE_NEXT : WYE_DEFERRED;
}

static enum wye_verdict results(struct wye_request *request, const struct wye_mount *mount)
{
	char text[64];
	int length = snprintf(text, sizeof text, "%d %d\n", atomic_load(&finished),
			      atomic_load(&refused));

	(void)mount;
	wye_reply(request, 200, "text/plain", text, (size_t)length);
	return WYE_ANSWERED;
}

static const struct wye_rest_handler late_handler = { .size = sizeof late_handler,
						      .name = "late",
						      .route_settings = delay_table,
						      .route = read_delay,
						      .handle = late };
static const struct wye_rest_handler block_handler = { .size = sizeof block_handler,
						       .name = "block",
						       .flags = WYE_BLOCKING,
						       .route_settings = delay_table,
						       .route = read_delay,
						       .handle = block };
static const struct wye_rest_handler silent_handler = { .size = sizeof silent_handler,
							.name = "silent",
							.handle = silent };
static const struct wye_rest_handler results_handler = { .size = sizeof results_handler,
							 .name = "results",
							 .handle = results };
static const struct wye_rest_handler *const rest_handlers[] = { &late_handler, &block_handler,
								&silent_handler,
								&results_handler, NULL };

/* ---- WebSocket ---- */

struct flood {
	wye_ws_id id;
	unsigned messages, size, number;
};

static void *send_all(void *argument)
{
	struct flood *flood = argument;
	char *text = malloc(flood->size + 32);

	for (unsigned i = 0; text && i < flood->messages; i++) {
		int length = snprintf(text, flood->size + 32, "%u %u ", flood->number, i);

		memset(text + length, '.', flood->size);
		if (wye_ws_send(flood->id, WYE_WS_TEXT, text, flood->size + (size_t)length))
			break; /* gone, or too slow */
	}
	free(text);
	free(flood);
	return NULL;
}

static int flood(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		 const void *data, size_t length)
{
	unsigned messages = 0, size = 0;
	char text[64] = "";

	(void)mount;
	(void)kind;
	memcpy(text, data, length < sizeof text ? length : sizeof text - 1);
	sscanf(text, "%u %u", &messages, &size);
	for (unsigned i = 0; i < 4; i++) {
		struct flood *flood = malloc(sizeof *flood);
		pthread_t thread;

		if (!flood)
			return -ENOMEM;
		*flood = (struct flood) { wye_ws_identity(ws), messages, size, i };
		if (pthread_create(&thread, NULL, send_all, flood))
			abort();
		pthread_detach(thread);
	}
	return 0;
}

static int refuse(struct wye_ws *ws, const struct wye_mount *mount,
		  const struct wye_handshake *handshake)
{
	struct wye_text name = wye_ws_parameter(ws, "name");

	(void)mount;
	(void)handshake;
	return name.length == 2 && !memcmp(name.data, "no", 2) ? -EPERM : 0;
}

static int close_as_told(struct wye_ws *ws, const struct wye_mount *mount,
			 enum wye_ws_kind kind, const void *data, size_t length)
{
	char text[128] = "", reason[100] = "";
	unsigned code = 0;

	(void)mount;
	(void)kind;
	memcpy(text, data, length < sizeof text ? length : sizeof text - 1);
	sscanf(text, "%u %99s", &code, reason);
	return wye_ws_close(wye_ws_identity(ws), code, reason);
}

static const struct wye_ws_handler flood_handler = { .size = sizeof flood_handler,
						     .name = "flood",
						     .message = flood };
static const struct wye_ws_handler close_handler = {
	.size = sizeof close_handler, .name = "close", .open = refuse, .message = close_as_told
};
static const struct wye_ws_handler *const ws_handlers[] = { &flood_handler, &close_handler,
							    NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "probe",
	.sentence = "for tests",
	.rest_handlers = rest_handlers,
	.ws_handlers = ws_handlers,
};
