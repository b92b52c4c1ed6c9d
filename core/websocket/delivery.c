/* SPDX-License-Identifier: MIT
 *
 * delivery.c - see <wye/delivery.h>.
 *
 * A list of messages that are not confirmed, and which of them is the first that was not sent
 * on the connection of now. They are sent under its lock and on that connection's loop only,
 * which others ask for it: what two threads send is in no order else. One that is refused stops
 * the rest until there is room.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <wye/delivery.h>

#include "stream/send.h"

enum {
	WRITE_EXTRA = 32, /* bytes that `write` may add */
};

struct kept {
	struct kept *next;
	uint64_t number;
	enum wye_ws_kind kind;
	size_t length;
	uint8_t data[];
};

struct wye_delivery {
	pthread_mutex_t lock;
	unsigned holders; /* its owner, calls that are under way, waits for room */
	struct kept *first, **last, *unsent;
	size_t count, most_messages, bytes, most_bytes;
	uint64_t number;     /* of the latest */
	uint64_t reached;    /* of the latest that was sent on any connection */
	wye_ws_id id;        /* 0: none is attached */
	wye_ws_id called_on; /* whose loop was asked to send; 0: none */
	wye_ws_id waited_on; /* whose room is waited for; 0: none */
};

int wye_delivery_create(struct wye_delivery **out, size_t messages, size_t bytes)
{
	struct wye_delivery *delivery = calloc(1, sizeof *delivery);

	if (!delivery)
		return -ENOMEM;
	pthread_mutex_init(&delivery->lock, NULL);
	delivery->holders = 1;
	delivery->last = &delivery->first;
	delivery->most_messages = messages;
	delivery->most_bytes = bytes;
	*out = delivery;
	return 0;
}

static void drop_first(struct wye_delivery *delivery)
{
	struct kept *kept = delivery->first;

	delivery->first = kept->next;
	if (delivery->unsent == kept)
		delivery->unsent = kept->next;
	if (!delivery->first)
		delivery->last = &delivery->first;
	delivery->count--;
	delivery->bytes -= kept->length;
	free(kept);
}

/* Gives the lock up, and the memory with the last holder. */
static void leave(struct wye_delivery *delivery, unsigned holders)
{
	bool last = !(delivery->holders -= holders);

	pthread_mutex_unlock(&delivery->lock);
	if (!last)
		return;
	while (delivery->first)
		drop_first(delivery);
	pthread_mutex_destroy(&delivery->lock);
	free(delivery);
}

void wye_delivery_destroy(struct wye_delivery *delivery)
{
	if (!delivery)
		return;
	pthread_mutex_lock(&delivery->lock);
	delivery->id = (wye_ws_id) { 0 };
	leave(delivery, 1);
}

/* ---- sending ---- */

/* A connection may be left while its room is waited for. */
struct wait {
	struct wye_delivery *delivery;
	wye_ws_id id;
};

static void has_room(void *argument, int status);

static int wait_for_room(struct wye_delivery *delivery)
{
	struct wait *wait;
	int error;

	if (delivery->waited_on.value == delivery->id.value)
		return 0;
	wait = malloc(sizeof *wait);
	if (!wait)
		return -ENOMEM;
	*wait = (struct wait) { delivery, delivery->id };
	error = wye_ws_when_room(delivery->id, has_room, wait);
	if (error) {
		free(wait);
		return error;
	}
	delivery->waited_on = delivery->id;
	delivery->holders++;
	return 0;
}

/* Sends what was not, in order, up to the first that is refused. On the connection's loop.
 * Returns its error, or 0; -EAGAIN only if it goes on by itself. */
static int send_on(struct wye_delivery *delivery)
{
	while (delivery->unsent) {
		const struct kept *kept = delivery->unsent;
		int error = wye_ws_send(delivery->id, kept->kind, kept->data, kept->length);

		if (error == -EAGAIN) {
			error = wait_for_room(delivery);
			return error ? error : -EAGAIN;
		}
		if (error < 0)
			return error;
		if (kept->number > delivery->reached)
			delivery->reached = kept->number;
		delivery->unsent = kept->next;
	}
	return 0;
}

/* Nothing would send the rest any more: the client is to come again. Without the lock, as the
 * handler's close() may detach. */
static void end_at_error(wye_ws_id id, int error)
{
	if (error == -ENOMEM)
		(void)wye_ws_close(id, 1013, "out of memory");
}

static void called(struct wye_ws *ws, void *argument)
{
	struct wye_delivery *delivery = argument;
	wye_ws_id id = { 0 };
	int error = 0;

	pthread_mutex_lock(&delivery->lock);
	if (ws && wye_ws_identity(ws).value == delivery->id.value) {
		id = delivery->id;
		delivery->called_on = (wye_ws_id) { 0 };
		error = send_on(delivery);
	}
	leave(delivery, 1);
	end_at_error(id, error);
}

/* Sends what was not, or has the connection's loop do it. Returns an error of wye_ws_send(), or
 * of wye_ws_post(). */
static int go_on(struct wye_delivery *delivery)
{
	struct wye_socket_place place =
		wye_socket_place(delivery->id.value, WYE_SOCKET_WEBSOCKET);
	int error;

	if (!place.loop)
		return -ENOENT;
	if (wye_loop_here(&place.loop->loop))
		return send_on(delivery);
	if (!delivery->unsent || delivery->called_on.value == delivery->id.value)
		return 0;
	error = wye_ws_post(delivery->id, called, delivery);
	if (error)
		return error;
	delivery->called_on = delivery->id;
	delivery->holders++;
	return 0;
}

/* On the loop of a connection that may have been left meanwhile. */
static void has_room(void *argument, int status)
{
	struct wait *wait = argument;
	struct wye_delivery *delivery = wait->delivery;
	wye_ws_id id;
	int error = 0;

	(void)status;
	pthread_mutex_lock(&delivery->lock);
	if (delivery->waited_on.value == wait->id.value)
		delivery->waited_on = (wye_ws_id) { 0 };
	free(wait);
	id = delivery->id;
	if (id.value)
		error = go_on(delivery);
	leave(delivery, 1);
	end_at_error(id, error);
}

static struct kept *make(struct wye_delivery *delivery, enum wye_ws_kind kind, const void *data,
			 size_t length,
			 size_t (*write)(void *out, const void *data, size_t length,
					 uint64_t number))
{
	struct kept *kept = malloc(sizeof *kept + length + WRITE_EXTRA);

	if (!kept)
		return NULL;
	kept->next = NULL;
	kept->number = delivery->number + 1;
	kept->kind = kind;
	kept->length = length;
	if (write)
		kept->length = write(kept->data, data, length, kept->number);
	else if (length)
		memcpy(kept->data, data, length);
	return kept;
}

static void append(struct wye_delivery *delivery, struct kept *kept)
{
	*delivery->last = kept;
	delivery->last = &kept->next;
	if (!delivery->unsent)
		delivery->unsent = kept;
	delivery->count++;
	delivery->bytes += kept->length;
	delivery->number = kept->number;
}

static bool fits(const struct wye_delivery *delivery, size_t length)
{
	return delivery->count < delivery->most_messages &&
	       length <= delivery->most_bytes - delivery->bytes;
}

static int64_t keep(struct wye_delivery *delivery, enum wye_ws_kind kind, const void *data,
		    size_t length,
		    size_t (*write)(void *out, const void *data, size_t length,
				    uint64_t number))
{
	struct kept *kept;

	if (!fits(delivery, length))
		return -ENOBUFS;
	kept = make(delivery, kind, data, length, write);
	if (!kept)
		return -ENOMEM;
	if (!fits(delivery, kept->length)) {
		free(kept);
		return -ENOBUFS;
	}
	append(delivery, kept);
	return (int64_t)kept->number;
}

int64_t wye_delivery_send(struct wye_delivery *delivery, enum wye_ws_kind kind,
			  const void *data, size_t length,
			  size_t (*write)(void *out, const void *data, size_t length,
					  uint64_t number))
{
	int64_t verdict;
	wye_ws_id id;
	int error = 0;

	pthread_mutex_lock(&delivery->lock);
	verdict = keep(delivery, kind, data, length, write);
	id = delivery->id;
	if (verdict > 0 && id.value)
		error = go_on(delivery);
	pthread_mutex_unlock(&delivery->lock);
	end_at_error(id, error);
	return verdict;
}

/* ---- the connection ---- */

static void confirm(struct wye_delivery *delivery, uint64_t number)
{
	if (number > delivery->reached)
		return;
	while (delivery->first && delivery->first->number <= number)
		drop_first(delivery);
}

int wye_delivery_attach(struct wye_delivery *delivery, wye_ws_id id, uint64_t number)
{
	int error;

	pthread_mutex_lock(&delivery->lock);
	confirm(delivery, number);
	delivery->id = id;
	delivery->unsent = delivery->first;
	error = go_on(delivery);
	if (error == -EAGAIN)
		error = 0; /* the rest follows */
	if (error)
		delivery->id = (wye_ws_id) { 0 };
	pthread_mutex_unlock(&delivery->lock);
	return error;
}

void wye_delivery_detach(struct wye_delivery *delivery, wye_ws_id id)
{
	pthread_mutex_lock(&delivery->lock);
	if (delivery->id.value == id.value)
		delivery->id = (wye_ws_id) { 0 };
	pthread_mutex_unlock(&delivery->lock);
}

void wye_delivery_confirm(struct wye_delivery *delivery, uint64_t number)
{
	pthread_mutex_lock(&delivery->lock);
	confirm(delivery, number);
	pthread_mutex_unlock(&delivery->lock);
}

size_t wye_delivery_waiting(struct wye_delivery *delivery)
{
	size_t count;

	pthread_mutex_lock(&delivery->lock);
	count = delivery->count;
	pthread_mutex_unlock(&delivery->lock);
	return count;
}
