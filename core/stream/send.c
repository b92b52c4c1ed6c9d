/* SPDX-License-Identifier: MIT
 *
 * send.c - see send.h.
 *
 * A send reserves its room in the slot's word by one compare-and-swap, which also tells whether
 * the connection still is the one that the id names: so the verdict is there at once on any
 * thread. On the connection's own loop the bytes are then written into the outbox; from
 * elsewhere they travel as a chunk that carries its own mail.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream/send.h"

enum {
	BOUND_BYTES, /* indexes of the slot's spare words */
	BOUND_MESSAGES,
	KIND,
	PAYLOAD_BITS = 28,
};

static size_t queued_bytes(uint64_t word)
{
	return word & WYE_SEND_MAX;
}

static unsigned queued_messages(uint64_t word)
{
	return (unsigned)((word & WYE_ID_STATE_MASK) >> PAYLOAD_BITS);
}

static uint64_t spare(const struct wye_slot *slot, unsigned index)
{
	return atomic_load_explicit(&slot->spare[index], memory_order_relaxed);
}

/* ---- names ---- */

void wye_slot_mark(struct wye_slot *slot, enum wye_socket_kind kind)
{
	atomic_store_explicit(&slot->spare[KIND], kind, memory_order_relaxed);
}

bool wye_slot_is(const struct wye_slot *slot, enum wye_socket_kind kind)
{
	return spare(slot, KIND) == kind;
}

int wye_socket_name(struct wye_socket *socket, enum wye_socket_kind kind, size_t bytes,
		    unsigned messages)
{
	const uint64_t values[] = { bytes, messages, kind };
	int error = wye_id_acquire(socket->loop->ids, socket, &socket->slot, &socket->id);

	for (unsigned i = 0; !error && i < 3; i++)
		atomic_store_explicit(&socket->slot->spare[i], values[i], memory_order_relaxed);
	return error;
}

void wye_socket_unname(struct wye_socket *socket)
{
	if (socket->slot)
		wye_id_release(socket->loop->ids, socket->slot);
	socket->slot = NULL;
}

static struct wye_slot *find_slot(uint64_t id, enum wye_socket_kind kind,
				  struct wye_stream_loop **loop)
{
	struct wye_slot *slot;

	*loop = wye_stream_of(wye_id_loop(id));
	slot = *loop ? wye_id_find((*loop)->ids, id) : NULL;
	return slot && wye_slot_is(slot, kind) ? slot : NULL;
}

struct wye_socket *wye_socket_find(uint64_t id, enum wye_socket_kind kind)
{
	struct wye_stream_loop *loop;
	struct wye_slot *slot = find_slot(id, kind, &loop);

	return slot ? atomic_load_explicit(&slot->object, memory_order_relaxed) : NULL;
}

/* ---- room ---- */

static int reserve(struct wye_slot *slot, uint64_t id, size_t length)
{
	uint64_t bytes = spare(slot, BOUND_BYTES), messages = spare(slot, BOUND_MESSAGES);
	uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);

	do {
		if (!wye_id_matches(id, word))
			return -ENOENT;
		if (length > bytes)
			return -EMSGSIZE;
		if (length > bytes - queued_bytes(word) || queued_messages(word) >= messages)
			return -ENOBUFS;
	} while (!atomic_compare_exchange_weak_explicit(
		&slot->word, &word, word + (UINT64_C(1) << PAYLOAD_BITS) + length,
		memory_order_relaxed, memory_order_relaxed));
	return 0;
}

void wye_socket_unreserve(struct wye_socket *socket, unsigned messages, size_t payload)
{
	if (socket->slot)
		atomic_fetch_sub_explicit(&socket->slot->word,
					  ((uint64_t)messages << PAYLOAD_BITS) + payload,
					  memory_order_relaxed);
}

size_t wye_socket_waiting(const struct wye_socket *socket)
{
	return socket->slot ? queued_bytes(atomic_load_explicit(&socket->slot->word,
								memory_order_relaxed))
			    : 0;
}

size_t wye_socket_room(const struct wye_socket *socket)
{
	uint64_t word;

	if (!socket->slot)
		return 0;
	word = atomic_load_explicit(&socket->slot->word, memory_order_relaxed);
	if (queued_messages(word) >= spare(socket->slot, BOUND_MESSAGES))
		return 0;
	return spare(socket->slot, BOUND_BYTES) - queued_bytes(word);
}

/* ---- on the socket's loop ---- */

static void write_parts(uint8_t *at, const void *head, size_t head_length, const void *data,
			size_t length)
{
	if (head_length)
		memcpy(at, head, head_length);
	if (length)
		memcpy(at + head_length, data, length);
}

static int queue(struct wye_socket *socket, const void *head, size_t head_length,
		 const void *data, size_t length, unsigned messages)
{
	size_t size = head_length + length;

	if (size <= WYE_OUTBOX_SMALL) {
		uint8_t *at = wye_outbox_room(&socket->outbox, &socket->loop->chunks, size,
					      messages, messages ? length : 0);

		if (!at)
			return -ENOMEM;
		write_parts(at, head, head_length, data, length);
	} else {
		struct wye_chunk *chunk = wye_chunk_alone(size);

		if (!chunk)
			return -ENOMEM;
		write_parts(chunk->data, head, head_length, data, length);
		chunk->end = (uint32_t)size;
		chunk->messages = messages;
		chunk->payload = messages ? (uint32_t)length : 0;
		wye_outbox_append(&socket->outbox, chunk);
	}
	wye_socket_touch(socket);
	return 0;
}

int wye_socket_queue(struct wye_socket *socket, const void *head, size_t head_length,
		     const void *data, size_t length)
{
	return queue(socket, head, head_length, data, length, 0);
}

static void note_crowd(struct wye_socket *socket, const struct wye_slot *slot)
{
	uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);

	if (queued_bytes(word) > spare(slot, BOUND_BYTES) / 2)
		socket->crowded = true;
}

static int send_here(struct wye_slot *slot, uint64_t id, const void *head, size_t head_length,
		     const void *data, size_t length)
{
	struct wye_socket *socket;
	int error = reserve(slot, id, length);

	if (error)
		return error;
	socket = atomic_load_explicit(&slot->object, memory_order_relaxed);
	error = queue(socket, head, head_length, data, length, 1);
	if (error)
		wye_socket_unreserve(socket, 1, length);
	else
		note_crowd(socket, slot);
	return error;
}

/* ---- from other threads ---- */

/* Stands at the start of its own chunk's data; the message follows. */
struct posted {
	struct wye_mail mail;
	struct wye_chunk *chunk;
	uint64_t id;
};

/* A small message is copied, so that a stream of them leaves in few vectors. */
static void arrive(struct wye_mail *mail)
{
	struct posted *posted = (struct posted *)mail;
	struct wye_chunk *chunk = posted->chunk;
	struct wye_stream_loop *loop = wye_stream_of(wye_id_loop(posted->id));
	struct wye_slot *slot = wye_id_find(loop->ids, posted->id);
	size_t size = chunk->end - chunk->start;
	struct wye_socket *socket;
	uint8_t *at = NULL;

	if (!slot) { /* closed meanwhile; its reservation went with the slot's use */
		wye_chunk_free(chunk);
		return;
	}
	socket = atomic_load_explicit(&slot->object, memory_order_relaxed);
	if (size <= WYE_OUTBOX_SMALL)
		at = wye_outbox_room(&socket->outbox, &loop->chunks, size, chunk->messages,
				     chunk->payload);
	if (at) {
		memcpy(at, chunk->data + chunk->start, size);
		wye_chunk_free(chunk);
	} else {
		wye_outbox_append(&socket->outbox, chunk);
	}
	note_crowd(socket, slot);
	wye_socket_touch(socket);
}

static int send_there(struct wye_stream_loop *loop, struct wye_slot *slot, uint64_t id,
		      const void *head, size_t head_length, const void *data, size_t length)
{
	size_t size = head_length + length;
	struct wye_chunk *chunk = wye_chunk_alone(sizeof(struct posted) + size);
	struct posted *posted;
	int error;

	if (!chunk)
		return -ENOMEM;
	posted = (struct posted *)chunk->data;
	posted->chunk = chunk;
	posted->id = id;
	chunk->start = sizeof *posted;
	chunk->end = chunk->start + (uint32_t)size;
	chunk->messages = 1;
	chunk->payload = (uint32_t)length;
	write_parts(chunk->data + chunk->start, head, head_length, data, length);
	error = reserve(slot, id, length);
	if (!error && wye_loop_mail(&loop->loop, &posted->mail, arrive))
		error = -ENOENT;
	if (error)
		wye_chunk_free(chunk);
	return error;
}

int wye_socket_send(uint64_t id, enum wye_socket_kind kind, const void *head,
		    size_t head_length, const void *data, size_t length)
{
	struct wye_stream_loop *loop;
	struct wye_slot *slot = find_slot(id, kind, &loop);

	if (!slot)
		return -ENOENT;
	if (length > WYE_SEND_MAX)
		return -EMSGSIZE;
	if (wye_loop_here(&loop->loop))
		return send_here(slot, id, head, head_length, data, length);
	return send_there(loop, slot, id, head, head_length, data, length);
}

/* ---- orders ---- */

struct posted_order {
	uint64_t id;
	enum wye_socket_kind kind;
	struct wye_order order;
	void (*run)(struct wye_socket *socket, const struct wye_order *order);
};

static void carry_out(void *argument)
{
	struct posted_order *posted = argument;
	struct wye_socket *socket = wye_socket_find(posted->id, posted->kind);

	if (socket)
		posted->run(socket, &posted->order);
	free(posted);
}

int wye_socket_order(uint64_t id, enum wye_socket_kind kind, const struct wye_order *order,
		     void (*run)(struct wye_socket *socket, const struct wye_order *order))
{
	struct wye_stream_loop *loop;
	struct wye_slot *slot = find_slot(id, kind, &loop);
	struct posted_order *posted;
	int error;

	if (!slot)
		return -ENOENT;
	if (wye_loop_here(&loop->loop)) {
		run(atomic_load_explicit(&slot->object, memory_order_relaxed), order);
		return 0;
	}
	posted = malloc(sizeof *posted);
	if (!posted)
		return -ENOMEM;
	*posted = (struct posted_order) { id, kind, *order, run };
	error = wye_loop_post(&loop->loop, carry_out, posted);
	if (error)
		free(posted);
	return error == -ESHUTDOWN ? -ENOENT : error;
}
