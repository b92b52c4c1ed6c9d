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
#include <string.h>

#include "stream/run.h"
#include "stream/send.h"

enum {
	COPIED = 256, /* bytes of a shared frame */
};

/* ---- on the socket's loop ---- */

static inline void write_parcel(uint8_t *at, const struct wye_parcel *parcel)
{
	if (parcel->head_length)
		memcpy(at, parcel->head, parcel->head_length);
	if (parcel->length)
		memcpy(at + parcel->head_length, parcel->data, parcel->length);
}

/* Into room that may be overwritten behind: a head of few bytes goes over in one move. */
static inline void write_small(uint8_t *at, const struct wye_parcel *parcel)
{
	if (parcel->head_length)
		memcpy(at, parcel->head, WYE_OUTBOX_SLACK);
	memcpy(at + parcel->head_length, parcel->data ? parcel->data : "", parcel->length);
}

static struct wye_chunk *make_chunk(const struct wye_parcel *parcel)
{
	size_t size = parcel->head_length + parcel->length;
	struct wye_chunk *chunk = wye_chunk_alone(size);

	if (!chunk)
		return NULL;
	write_parcel(chunk->data, parcel);
	chunk->end = (uint32_t)size;
	return chunk;
}

static bool matters(const struct wye_socket *socket, const uint64_t *key)
{
	return key && socket->policy == WYE_SLOW_KEEP_LATEST;
}

/* Takes back the oldest message, or the oldest with this key. */
static bool drop_one(struct wye_socket *socket, const uint64_t *key)
{
	struct wye_outbox_left left = { 0 };
	struct wye_chunks *chunks = &socket->loop->chunks;

	if (!(key ? wye_outbox_drop_key(&socket->outbox, chunks, *key, &left)
		  : wye_outbox_drop_oldest(&socket->outbox, chunks, &left)))
		return false;
	wye_socket_unreserve(socket, left.messages, left.payload);
	socket->ops->dropped(socket, &left);
	return true;
}

/* On the socket's loop: what would be refused for want of room gets some by a write, first. Old
 * messages that a policy drops give way also where twice the bound would not do. */
static int reserve_here(struct wye_socket *socket, size_t length, const uint64_t *key)
{
	int verdict = wye_room_reserve(socket->slot, socket->id, length);

	if ((verdict == 1 || verdict == -EAGAIN || verdict == -ENOBUFS) && !socket->blocked) {
		if (verdict == 1)
			wye_socket_unreserve(socket, 1, length);
		wye_socket_write(socket);
		verdict = wye_room_reserve(socket->slot, socket->id, length);
	}
	while (verdict == -EAGAIN && wye_policy_drops((enum wye_slow_consumer)socket->policy) &&
	       ((matters(socket, key) && drop_one(socket, key)) || drop_one(socket, NULL)))
		if (wye_room_reserve(socket->slot, socket->id, length) >= 0)
			verdict = 1;
	if (verdict == -EAGAIN)
		wye_socket_crowd(socket);
	return verdict;
}

static bool too_full(const struct wye_socket *socket)
{
	uint64_t word;

	if (!socket->slot)
		return false;
	word = atomic_load_explicit(&socket->slot->word, memory_order_relaxed);
	return wye_room_is_over(socket->slot, wye_word_bytes(word), wye_word_messages(word),
				wye_word_bytes(word));
}

/* The reservation of the message that is to go in is made already. */
static void make_room(struct wye_socket *socket, const uint64_t *key)
{
	if (too_full(socket) && !socket->blocked)
		wye_socket_write(socket);
	if (matters(socket, key) && too_full(socket))
		(void)drop_one(socket, key);
	while (too_full(socket) && drop_one(socket, NULL))
		;
}

/* Puts a whole message in, for which room is reserved. */
static void put(struct wye_socket *socket, struct wye_chunk *chunk, const uint64_t *key)
{
	if (wye_policy_drops((enum wye_slow_consumer)socket->policy)) {
		make_room(socket, key);
		chunk->droppable = true;
		chunk->keyed = matters(socket, key);
		chunk->key = key ? *key : 0;
	}
	wye_outbox_append(&socket->outbox, chunk);
	wye_socket_touch(socket);
}

static bool may_join(const struct wye_socket *socket, size_t size)
{
	return size <= WYE_OUTBOX_SMALL &&
	       !wye_policy_drops((enum wye_slow_consumer)socket->policy);
}

/* Small ones lie one behind the other in a chunk of the stock. */
static inline int put_small(struct wye_socket *socket, const struct wye_parcel *parcel,
			    unsigned messages)
{
	uint8_t *at = wye_outbox_room(&socket->outbox, &socket->loop->chunks,
				      parcel->head_length + parcel->length, messages,
				      messages ? parcel->length : 0);

	if (!at)
		return -ENOMEM;
	write_small(at, parcel);
	return 0;
}

static int put_parcel(struct wye_socket *socket, const struct wye_parcel *parcel)
{
	struct wye_chunk *chunk;

	if (may_join(socket, parcel->head_length + parcel->length)) {
		int error = put_small(socket, parcel, 1);

		wye_socket_touch(socket);
		return error;
	}
	chunk = make_chunk(parcel);
	if (!chunk)
		return -ENOMEM;
	chunk->messages = 1;
	chunk->payload = (uint32_t)parcel->length;
	put(socket, chunk, parcel->key);
	return 0;
}

int wye_socket_queue(struct wye_socket *socket, const void *head, size_t head_length,
		     const void *data, size_t length)
{
	const struct wye_parcel parcel = { head, head_length, data, length, NULL };
	struct wye_chunk *chunk;

	if (socket->slot && !wye_socket_caught_up(socket))
		return -ENOENT;
	wye_socket_touch(socket);
	if (may_join(socket, head_length + length))
		return put_small(socket, &parcel, 0);
	chunk = make_chunk(&parcel);
	if (!chunk)
		return -ENOMEM;
	wye_outbox_append(&socket->outbox, chunk);
	return 0;
}

int wye_socket_overtake(struct wye_socket *socket, const void *head, size_t head_length,
			const void *data, size_t length)
{
	const struct wye_parcel parcel = { head, head_length, data, length, NULL };
	struct wye_chunk *chunk = make_chunk(&parcel);

	if (!chunk)
		return -ENOMEM;
	wye_outbox_overtake(&socket->outbox, chunk);
	wye_socket_touch(socket);
	return 0;
}

int wye_socket_send_here(struct wye_socket *socket, const struct wye_parcel *parcel)
{
	int verdict, error;

	if (parcel->length > WYE_SEND_MAX)
		return -EMSGSIZE;
	if (!wye_socket_caught_up(socket))
		return -ENOENT;
	verdict = reserve_here(socket, parcel->length, parcel->key);
	if (verdict < 0)
		return verdict;
	error = put_parcel(socket, parcel);
	if (error)
		wye_socket_unreserve(socket, 1, parcel->length);
	return error ? error : verdict;
}

/* A short frame is cheaper to copy than to point to: several leave as one. */
static int put_frame(struct wye_socket *socket, struct wye_frame *frame, const uint64_t *key)
{
	struct wye_chunk *chunk;

	if (frame->length <= COPIED && may_join(socket, frame->length)) {
		uint8_t *at = wye_outbox_room(&socket->outbox, &socket->loop->chunks,
					      frame->length, 1, frame->payload);

		if (!at)
			return -ENOMEM;
		memcpy(at, frame->data, frame->length);
		wye_socket_touch(socket);
		return 0;
	}
	chunk = wye_outbox_refer(&socket->loop->chunks, frame);
	if (!chunk)
		return -ENOMEM;
	put(socket, chunk, key);
	return 0;
}

int wye_socket_share(struct wye_socket *socket, struct wye_frame *frame, const uint64_t *key)
{
	int verdict, error;

	if (!socket->slot)
		return -ENOENT;
	if (frame->payload > WYE_SEND_MAX)
		return -EMSGSIZE;
	verdict = reserve_here(socket, frame->payload, key);
	if (verdict < 0)
		return verdict;
	error = put_frame(socket, frame, key);
	if (error)
		wye_socket_unreserve(socket, 1, frame->payload);
	return error ? error : verdict;
}

/* ---- from other threads ---- */

/* Stands at the start of its own chunk's data; the message follows. */
struct posted {
	struct wye_mail mail;
	struct wye_chunk *chunk;
	uint64_t id, key;
	bool keyed;
};

/* A small message is copied, so that a stream of them leaves in few vectors. */
static void arrive(struct wye_mail *mail)
{
	struct posted *posted = (struct posted *)mail;
	struct wye_chunk *chunk = posted->chunk;
	struct wye_stream_loop *loop = wye_stream_of(wye_id_loop(posted->id));
	struct wye_slot *slot = wye_id_find(loop->ids, posted->id);
	size_t size = chunk->end - chunk->start;
	struct wye_socket *socket =
		slot ? atomic_load_explicit(&slot->object, memory_order_relaxed) : NULL;
	uint8_t *at = NULL;

	/* Closed meanwhile; its reservation went with the slot's use. */
	if (!socket || !wye_socket_caught_up(socket)) {
		wye_chunk_free(chunk);
		return;
	}
	if (may_join(socket, size))
		at = wye_outbox_room(&socket->outbox, &loop->chunks, size, chunk->messages,
				     chunk->payload);
	if (at) {
		memcpy(at, chunk->data + chunk->start, size);
		wye_chunk_free(chunk);
		wye_socket_touch(socket);
	} else {
		put(socket, chunk, posted->keyed ? &posted->key : NULL);
	}
}

static int send_there(struct wye_stream_loop *loop, struct wye_slot *slot, uint64_t id,
		      const struct wye_parcel *parcel)
{
	size_t size = parcel->head_length + parcel->length;
	struct wye_chunk *chunk = wye_chunk_alone(sizeof(struct posted) + size);
	struct posted *posted;
	int verdict;

	if (!chunk)
		return -ENOMEM;
	posted = (struct posted *)chunk->data;
	posted->chunk = chunk;
	posted->id = id;
	posted->keyed = parcel->key;
	posted->key = parcel->key ? *parcel->key : 0;
	chunk->start = sizeof *posted;
	chunk->end = chunk->start + (uint32_t)size;
	chunk->messages = 1;
	chunk->payload = (uint32_t)parcel->length;
	write_parcel(chunk->data + chunk->start, parcel);
	verdict = wye_room_reserve(slot, id, parcel->length);
	if (verdict == -EAGAIN)
		wye_room_note_refusal(slot);
	if (verdict >= 0 && wye_loop_mail(&loop->loop, &posted->mail, arrive))
		verdict = -ENOENT;
	if (verdict < 0)
		wye_chunk_free(chunk);
	return verdict;
}

int wye_socket_send(uint64_t id, enum wye_socket_kind kind, const struct wye_parcel *parcel)
{
	struct wye_stream_loop *loop;
	struct wye_slot *slot = wye_slot_find(id, kind, &loop);

	if (!slot)
		return -ENOENT;
	if (wye_loop_here(&loop->loop))
		return wye_socket_send_here(
			atomic_load_explicit(&slot->object, memory_order_relaxed), parcel);
	if (parcel->length > WYE_SEND_MAX)
		return -EMSGSIZE;
	return send_there(loop, slot, id, parcel);
}
