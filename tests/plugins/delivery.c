/* SPDX-License-Identifier: MIT
 *
 * delivery.c - a plugin for the tests: one delivery (wye/delivery.h), which lives across
 * connections. Its messages are "NUMBER TEXT". By orders (orders.h), on an http thread (`do`),
 * or as a message "!order" on a connection's loop: create messages= bytes=   attach to= number=
 * detach to=   confirm number=   waiting send count= size=         from one thread: how many
 * were taken, the latest number or error storm count=              the same from eight threads
 * at once destroy
 */
#include <errno.h>

#include "orders.h"

struct deliveries {
	struct peers peers;
	pthread_mutex_t lock; /* for the pointer; connections end while it is destroyed */
	struct wye_delivery *delivery;
};

/* Makes one, or ends it. */
static int change(struct deliveries *all, const struct order *order)
{
	int error = 0;

	pthread_mutex_lock(&all->lock);
	if (order_is(order, "create")) {
		error = wye_delivery_create(&all->delivery,
					    (size_t)order_number(order, "messages", 1000),
					    (size_t)order_number(order, "bytes", 10000000));
	} else {
		wye_delivery_destroy(all->delivery);
		all->delivery = NULL;
	}
	pthread_mutex_unlock(&all->lock);
	return error;
}

static struct wye_delivery *delivery_of(struct deliveries *all)
{
	struct wye_delivery *delivery;

	pthread_mutex_lock(&all->lock);
	delivery = all->delivery;
	pthread_mutex_unlock(&all->lock);
	return delivery;
}

static size_t write_number(void *out, const void *data, size_t length, uint64_t number)
{
	int size = snprintf(out, length + 32, "%lu ", (unsigned long)number);

	memcpy((char *)out + size, data, length);
	return length + (size_t)size;
}

static void send_some(struct wye_delivery *delivery, const struct order *order,
		      struct answer *answer)
{
	size_t size = (size_t)order_number(order, "size", 10);
	long count = order_number(order, "count", 1), taken = 0;
	int64_t verdict = 0;
	char *text = malloc(size + 1);

	if (!text)
		return;
	memset(text, '.', size);
	for (long i = 0; i < count; i++) {
		verdict = wye_delivery_send(delivery, WYE_WS_TEXT, text, size, write_number);
		taken += verdict > 0;
	}
	free(text);
	say(answer, "%ld %ld", taken, (long)verdict);
}

struct burst {
	pthread_t thread;
	struct wye_delivery *delivery;
	const struct order *order;
	struct answer *answer;
};

static void *run_burst(void *argument)
{
	struct burst *burst = argument;

	send_some(burst->delivery, burst->order, burst->answer);
	return NULL;
}

static void storm(struct wye_delivery *delivery, const struct order *order,
		  struct answer *answer)
{
	struct burst bursts[8];
	long taken = 0;

	for (int i = 0; i < 8; i++) {
		bursts[i] = (struct burst) { .delivery = delivery,
					     .order = order,
					     .answer = calloc(1, sizeof *answer) };
		if (!bursts[i].answer ||
		    pthread_create(&bursts[i].thread, NULL, run_burst, &bursts[i]))
			abort();
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(bursts[i].thread, NULL);
		taken += atol(bursts[i].answer->text);
		free(bursts[i].answer);
	}
	say(answer, "%ld", taken);
}

static void obey(struct deliveries *all, const struct order *order, struct wye_ws *ws,
		 struct answer *answer)
{
	const char *to = order_text(order, "to");
	wye_ws_id id = to || !ws ? peer_id(&all->peers, to) : wye_ws_identity(ws);
	uint64_t number = (uint64_t)order_number(order, "number", 0);

	struct wye_delivery *delivery = delivery_of(all);

	if (order_is(order, "create") || order_is(order, "destroy")) {
		say(answer, "%d", change(all, order));
	} else if (order_is(order, "attach")) {
		say(answer, "%d", wye_delivery_attach(delivery, id, number));
	} else if (order_is(order, "detach")) {
		wye_delivery_detach(delivery, id);
	} else if (order_is(order, "confirm")) {
		wye_delivery_confirm(delivery, number);
	} else if (order_is(order, "waiting")) {
		say(answer, "%zu", wye_delivery_waiting(delivery));
	} else if (order_is(order, "storm")) {
		storm(delivery, order, answer);
	} else {
		send_some(delivery, order, answer);
	}
}

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

static int open_client(struct wye_ws *ws, const struct wye_mount *mount,
		       const struct wye_handshake *handshake)
{
	struct wye_text name = wye_handshake_query_value(handshake, "name");
	struct deliveries *all = mount->instance;

	if (!name.data)
		return -EINVAL;
	peer_add(&all->peers, name, wye_ws_identity(ws));
	return 0;
}

/* No answer: it would stand between the messages. */
static int message(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		   const void *data, size_t length)
{
	struct answer *answer = calloc(1, sizeof *answer);
	struct order order;

	(void)kind;
	if (!answer)
		return -ENOMEM;
	order_read(&order, data, length);
	obey(mount->instance, &order, ws, answer);
	free(answer);
	return 0;
}

static void close_client(struct wye_ws *ws, const struct wye_mount *mount,
			 const struct wye_ws_ending *ending)
{
	struct deliveries *all = mount->instance;

	(void)ending;
	pthread_mutex_lock(&all->lock);
	if (all->delivery)
		wye_delivery_detach(all->delivery, wye_ws_identity(ws));
	pthread_mutex_unlock(&all->lock);
}

/* ---- the plugin ---- */

static int open_deliveries(const struct wye_settings *settings, void **instance,
			   struct wye_error *why)
{
	struct deliveries *all = calloc(1, sizeof *all);

	(void)settings;
	(void)why;
	if (!all)
		return -ENOMEM;
	pthread_mutex_init(&all->peers.lock, NULL);
	pthread_mutex_init(&all->lock, NULL);
	*instance = all;
	return 0;
}

static void close_deliveries(void *instance)
{
	struct deliveries *all = instance;

	wye_delivery_destroy(all->delivery);
	pthread_mutex_destroy(&all->peers.lock);
	pthread_mutex_destroy(&all->lock);
	free(all);
}

static const char *const methods[] = { "POST", NULL };
static const struct wye_rest_handler do_handler = {
	.size = sizeof do_handler, .name = "do", .methods = methods, .handle = take_order
};
static const struct wye_rest_handler *const rest_handlers[] = { &do_handler, NULL };
static const struct wye_ws_handler client_handler = { .size = sizeof client_handler,
						      .name = "client",
						      .open = open_client,
						      .message = message,
						      .close = close_client };
static const struct wye_ws_handler *const ws_handlers[] = { &client_handler, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "delivery",
	.sentence = "for tests",
	.open = open_deliveries,
	.close = close_deliveries,
	.rest_handlers = rest_handlers,
	.ws_handlers = ws_handlers,
};
