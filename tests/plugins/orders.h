/* SPDX-License-Identifier: MIT
 *
 * orders.h - for plugins of the tests that are driven from outside: an order is a text like
 * "send to=a count=5", in a request's body or in a message; its answer is a text. And a table
 * of connections by the name that they give themselves (?name=a).
 */
#ifndef TESTS_ORDERS_H
#define TESTS_ORDERS_H

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/plugin.h>

struct order {
	char text[1024]; /* cut into words */
	size_t length;
};

struct answer {
	char text[65536];
	size_t length;
};

static inline void order_read(struct order *order, const void *data, size_t length)
{
	order->length = length < sizeof order->text - 1 ? length : sizeof order->text - 1;
	if (order->length)
		memcpy(order->text, data, order->length);
	order->text[order->length] = '\0';
	for (size_t i = 0; i < order->length; i++)
		if (order->text[i] == ' ')
			order->text[i] = '\0';
}

static inline bool order_is(const struct order *order, const char *name)
{
	return !strcmp(order->text, name);
}

/* The value of "key=value", or NULL. */
static inline const char *order_text(const struct order *order, const char *key)
{
	size_t length = strlen(key);

	for (size_t at = 0; at < order->length; at += strlen(order->text + at) + 1)
		if (!strncmp(order->text + at, key, length) && order->text[at + length] == '=')
			return order->text + at + length + 1;
	return NULL;
}

static inline struct wye_text order_name(const struct order *order, const char *key)
{
	const char *value = order_text(order, key);

	return (struct wye_text) { value, value ? strlen(value) : 0 };
}

static inline long order_number(const struct order *order, const char *key, long fallback)
{
	const char *value = order_text(order, key);

	return value ? atol(value) : fallback;
}

WYE_PRINTF(2, 3) static inline void say(struct answer *answer, const char *format, ...)
{
	size_t left = sizeof answer->text - answer->length;
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf(answer->text + answer->length, left, format, values);
	va_end(values);
	if (length > 0)
		answer->length += (size_t)length < left ? (size_t)length : left - 1;
}

/* ---- connections by name ---- */

enum { PEERS = 16384 };

struct peer {
	char name[16];
	wye_ws_id id;
};

struct peers {
	pthread_mutex_t lock;
	size_t count;
	struct peer list[PEERS];
};

static inline struct peer *peer_find(struct peers *peers, const char *name)
{
	for (size_t i = peers->count; i-- > 0;)
		if (!strcmp(peers->list[i].name, name))
			return &peers->list[i];
	return NULL;
}

/* A name that is there already stands for the new connection. */
static inline void peer_add(struct peers *peers, struct wye_text name, wye_ws_id id)
{
	char text[sizeof peers->list[0].name] = "";
	struct peer *peer;

	memcpy(text, name.data, name.length < sizeof text - 1 ? name.length : sizeof text - 1);
	pthread_mutex_lock(&peers->lock);
	peer = peer_find(peers, text);
	if (!peer && peers->count < PEERS)
		peer = &peers->list[peers->count++];
	if (peer) {
		memcpy(peer->name, text, sizeof text);
		peer->id = id;
	}
	pthread_mutex_unlock(&peers->lock);
}

static inline wye_ws_id peer_id(struct peers *peers, const char *name)
{
	wye_ws_id id = { 0 };
	const struct peer *peer;

	pthread_mutex_lock(&peers->lock);
	peer = name ? peer_find(peers, name) : NULL;
	if (peer)
		id = peer->id;
	pthread_mutex_unlock(&peers->lock);
	return id;
}

/* The name that an id was given last. */
static inline void peer_name(struct peers *peers, wye_ws_id id, char out[16])
{
	memcpy(out, "?", 2);
	pthread_mutex_lock(&peers->lock);
	for (size_t i = 0; i < peers->count; i++)
		if (peers->list[i].id.value == id.value)
			memcpy(out, peers->list[i].name, 16);
	pthread_mutex_unlock(&peers->lock);
}

/* ---- waiting for what another thread does ---- */

struct latch {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open;
};

static inline void latch_init(struct latch *latch)
{
	pthread_mutex_init(&latch->lock, NULL);
	pthread_cond_init(&latch->changed, NULL);
	latch->open = false;
}

static inline void latch_open(struct latch *latch)
{
	pthread_mutex_lock(&latch->lock);
	latch->open = true;
	pthread_cond_signal(&latch->changed);
	pthread_mutex_unlock(&latch->lock);
}

static inline void latch_wait(struct latch *latch)
{
	pthread_mutex_lock(&latch->lock);
	while (!latch->open)
		pthread_cond_wait(&latch->changed, &latch->lock);
	pthread_mutex_unlock(&latch->lock);
	pthread_cond_destroy(&latch->changed);
	pthread_mutex_destroy(&latch->lock);
}

#endif
