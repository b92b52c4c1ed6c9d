/* SPDX-License-Identifier: MIT
 *
 * runtime.c - a plugin for the tests: sends, groups, waits for room and acknowledgements,
 * driven by orders (orders.h) from each kind of thread: do, wait   REST: an order on an http
 * thread, on the blocking pool peer       WebSocket: a message "!order" is one on its loop,
 * answered by "=..."; one that begins with '>' goes on to the connection "?next=NAME", any
 * other comes back acks       the same; it says which messages the client has confirmed user
 * middleware: the user is ?user=NAME
 */
#include <errno.h>

#include "runtime.h"

static enum wye_verdict take_order(struct wye_request *request, const struct wye_mount *mount)
{
	struct answer *answer = calloc(1, sizeof *answer);
	struct wye_text body = wye_request_body(request);
	struct order order;

	if (!answer)
		return WYE_NEXT;
	order_read(&order, body.data, body.length);
	obey(mount->instance, &order, NULL, answer);
	wye_reply(request, 200, "text/plain", answer->text, answer->length);
	free(answer);
	return WYE_ANSWERED;
}

/* ---- connections ---- */

static int open_peer(struct wye_ws *ws, const struct wye_mount *mount,
		     const struct wye_handshake *handshake)
{
	struct runtime *runtime = mount->instance;
	struct wye_text name = wye_handshake_query_value(handshake, "name"),
			next = wye_handshake_query_value(handshake, "next");

	if (name.data)
		peer_add(&runtime->peers, name, wye_ws_identity(ws));
	if (next.data)
		wye_ws_set_data(ws, strndup(next.data, next.length));
	return 0;
}

static int obey_message(struct wye_ws *ws, struct runtime *runtime, const char *text,
			size_t length)
{
	struct answer *answer = calloc(1, sizeof *answer);
	struct order order;
	int verdict;

	if (!answer)
		return -ENOMEM;
	order_read(&order, text, length);
	say(answer, "=");
	obey(runtime, &order, ws, answer);
	verdict = wye_ws_send(wye_ws_identity(ws), WYE_WS_TEXT, answer->text, answer->length);
	free(answer);
	return verdict == -EAGAIN ? 0 : verdict;
}

static int message(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		   const void *data, size_t length)
{
	struct runtime *runtime = mount->instance;
	const char *text = data;

	if (length && text[0] == '!')
		return obey_message(ws, runtime, text + 1, length - 1);
	if (length && text[0] == '>')
		return wye_ws_send(peer_id(&runtime->peers, wye_ws_data(ws)), kind, data,
				   length);
	return wye_ws_send(wye_ws_identity(ws), kind, data, length);
}

static void drained(struct wye_ws *ws, const struct wye_mount *mount)
{
	struct runtime *runtime = mount->instance;

	atomic_fetch_add(&runtime->drains, 1);
	wye_ws_resume(ws);
}

static void close_peer(struct wye_ws *ws, const struct wye_mount *mount,
		       const struct wye_ws_ending *ending)
{
	struct runtime *runtime = mount->instance;
	size_t left;
	char name[16];

	peer_name(&runtime->peers, wye_ws_identity(ws), name);
	if (wye_ws_send(wye_ws_identity(ws), WYE_WS_TEXT, "x", 1) != -ENOENT)
		abort();
	pthread_mutex_lock(&runtime->lock);
	left = sizeof runtime->closes - runtime->closes_length;
	if (left > 100)
		runtime->closes_length += (size_t)snprintf(
			runtime->closes + runtime->closes_length, left, "%s %d %u %lu\n", name,
			ending->cause, ending->code, ending->messages_out);
	pthread_mutex_unlock(&runtime->lock);
	free(wye_ws_data(ws));
}

/* ---- the plugin ---- */

static enum wye_verdict set_user(struct wye_handshake *handshake, void *instance, void **state)
{
	struct wye_text user = wye_handshake_query_value(handshake, "user");

	(void)instance;
	(void)state;
	if (!user.data || !wye_handshake_set_user(handshake, user))
		return WYE_NEXT;
	(void)wye_handshake_refuse(handshake, 503, "out of memory\n");
	return WYE_ANSWERED;
}

static int open_runtime(const struct wye_settings *settings, void **instance,
			struct wye_error *why)
{
	struct runtime *runtime = calloc(1, sizeof *runtime);

	(void)settings;
	(void)why;
	if (!runtime)
		return -ENOMEM;
	pthread_mutex_init(&runtime->lock, NULL);
	pthread_mutex_init(&runtime->peers.lock, NULL);
	*instance = runtime;
	return 0;
}

static void close_runtime(void *instance)
{
	struct runtime *runtime = instance;

	pthread_mutex_destroy(&runtime->lock);
	pthread_mutex_destroy(&runtime->peers.lock);
	free(runtime);
}

static const char *const methods[] = { "POST", NULL };
static const struct wye_rest_handler do_handler = {
	.size = sizeof do_handler, .name = "do", .methods = methods, .handle = take_order
};
static const struct wye_rest_handler wait_handler = { .size = sizeof wait_handler,
						      .name = "wait",
						      .flags = WYE_BLOCKING,
						      .methods = methods,
						      .handle = take_order };
static const struct wye_rest_handler *const rest_handlers[] = { &do_handler, &wait_handler,
								NULL };
static const struct wye_ws_handler peer_handler = { .size = sizeof peer_handler,
						    .name = "peer",
						    .open = open_peer,
						    .message = message,
						    .drained = drained,
						    .close = close_peer };
static const struct wye_ws_handler acks_handler = { .size = sizeof acks_handler,
						    .name = "acks",
						    .flags = WYE_WS_ACKS,
						    .open = open_peer,
						    .message = message,
						    .drained = drained,
						    .close = close_peer };
static const struct wye_ws_handler *const ws_handlers[] = { &peer_handler, &acks_handler,
							    NULL };
static const struct wye_ws_middleware user_step = { .size = sizeof user_step,
						    .name = "user",
						    .handshake = set_user };
static const struct wye_ws_middleware *const steps[] = { &user_step, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "runtime",
	.sentence = "for tests",
	.open = open_runtime,
	.close = close_runtime,
	.rest_handlers = rest_handlers,
	.ws_handlers = ws_handlers,
	.ws_middleware = steps,
};
