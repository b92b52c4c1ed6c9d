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

#include "stream/pressure.h"
#include "stream/send.h"

enum {
	BOUND_BYTES, /* indexes of the slot's spare words */
	BOUND_MESSAGES,
	NATURE, /* kind, policy and flags, a byte each; and STARVED */
	TAG,
	PAYLOAD_BITS = 28,
	MOST_MESSAGES = 65535,
	COPIED = 256, /* bytes of a shared frame */
};

/* A message was refused although less than a quarter waits: there is no room for it before all
 * has left. */
#define STARVED (UINT64_C(1) << 32)

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
	atomic_store_explicit(&slot->spare[NATURE], kind, memory_order_release);
}

bool wye_slot_is(const struct wye_slot *slot, enum wye_socket_kind kind)
{
	return (spare(slot, NATURE) & 0xff) == kind;
}

static enum wye_slow_consumer policy_of(const struct wye_slot *slot)
{
	return (enum wye_slow_consumer)(spare(slot, NATURE) >> 8 & 0xff);
}

int wye_socket_name(struct wye_socket *socket, enum wye_socket_kind kind,
		    const struct wye_send_bounds *bounds)
{
	const uint64_t values[] = {
		[BOUND_BYTES] = bounds->bytes,
		[BOUND_MESSAGES] = bounds->messages,
		[NATURE] = kind | (uint64_t)bounds->policy << 8 | (uint64_t)bounds->flags << 16,
		[TAG] = (uintptr_t)bounds->tag,
	};
	int error = wye_id_acquire(socket->loop->ids, socket, &socket->slot, &socket->id);

	for (unsigned i = 0; !error && i < 4; i++)
		atomic_store_explicit(&socket->slot->spare[i], values[i], memory_order_release);
	socket->policy = (uint8_t)bounds->policy;
	return error;
}

/* Takes the list, which has the latest in front, turned round: who waits for long comes first.
 */
static struct wye_room_wait *take_waits(struct wye_socket *socket)
{
	struct wye_room_wait *oldest = NULL;

	while (socket->waits) {
		struct wye_room_wait *wait = socket->waits;

		socket->waits = wait->next;
		wait->next = oldest;
		oldest = wait;
	}
	return oldest;
}

static void end_waits(struct wye_socket *socket, int status)
{
	struct wye_room_wait *wait = take_waits(socket); /* they may wait again */

	while (wait) {
		struct wye_room_wait *next = wait->next;

		wait->run(wait, status);
		wait = next;
	}
}

void wye_socket_unname(struct wye_socket *socket)
{
	if (!socket->slot)
		return;
	wye_id_release(socket->loop->ids, socket->slot);
	socket->slot = NULL;
	if (socket->wsi) /* else it was never adopted, and its memory may go at once */
		wye_socket_touch(socket); /* who waits for room is told at the turn's end */
}

void wye_socket_relieve(struct wye_socket *socket)
{
	socket->crowded = false;
	if (socket->slot)
		atomic_fetch_and_explicit(&socket->slot->spare[NATURE], ~STARVED,
					  memory_order_relaxed);
	end_waits(socket, socket->slot ? 0 : -ENOENT);
	if (socket->ops->relieved && !socket->killed)
		socket->ops->relieved(socket);
}

void wye_socket_wait(struct wye_socket *socket, struct wye_room_wait *wait)
{
	wait->next = socket->waits;
	socket->waits = wait;
	socket->crowded = true;
	wye_socket_touch(socket); /* if it has room already, the turn's end tells */
}

static struct wye_slot *find_slot(uint64_t id, enum wye_socket_kind kind,
				  struct wye_stream_loop **loop)
{
	struct wye_slot *slot;

	*loop = wye_stream_of(wye_id_loop(id));
	slot = *loop ? wye_id_find((*loop)->ids, id) : NULL;
	return slot && wye_slot_is(slot, kind) ? slot : NULL;
}

struct wye_socket_place wye_socket_place(uint64_t id, enum wye_socket_kind kind)
{
	struct wye_socket_place place;
	const struct wye_slot *slot = find_slot(id, kind, &place.loop);

	if (!slot)
		return (struct wye_socket_place) { .loop = NULL };
	place.tag = (const void *)(uintptr_t)atomic_load_explicit(&slot->spare[TAG],
								  memory_order_acquire);
	place.flags =
		(uint8_t)(atomic_load_explicit(&slot->spare[NATURE], memory_order_acquire) >>
			  16);
	/* Has the next use of the slot put its own in meanwhile? Then its word is there, too.
	 */
	if (!wye_id_matches(id, atomic_load_explicit(&slot->word, memory_order_acquire)))
		return (struct wye_socket_place) { .loop = NULL };
	return place;
}

struct wye_socket *wye_socket_find(uint64_t id, enum wye_socket_kind kind)
{
	struct wye_stream_loop *loop;
	struct wye_slot *slot = find_slot(id, kind, &loop);

	return slot ? atomic_load_explicit(&slot->object, memory_order_relaxed) : NULL;
}

/* ---- room ---- */

static bool drops(enum wye_slow_consumer policy)
{
	return policy == WYE_SLOW_DROP_OLDEST || policy == WYE_SLOW_KEEP_LATEST;
}

/* With `bytes` and `messages` waiting, and `pressed` bytes of them before this one. */
static inline bool is_over(const struct wye_slot *slot, size_t bytes, size_t messages,
			   size_t before)
{
	return bytes > spare(slot, BOUND_BYTES) || messages > spare(slot, BOUND_MESSAGES) ||
	       (before > WYE_PRESSED && wye_pressure_high());
}

/* What to do with a message that makes an outbox fuller than it may be: 1: it goes in, older
 * ones go; they wait at their loop, and until then there is a limit to that, too. */
static int judge_over(const struct wye_slot *slot, size_t bytes, size_t messages)
{
	enum wye_slow_consumer policy = policy_of(slot);

	if (drops(policy) && bytes <= 2 * spare(slot, BOUND_BYTES) &&
	    messages <= 2 * spare(slot, BOUND_MESSAGES) && messages <= MOST_MESSAGES)
		return 1;
	return policy == WYE_SLOW_DISCONNECT ? -ENOBUFS : -EAGAIN;
}

/* Whether `word` is at most so full: a half, a quarter. */
static bool is_within(const struct wye_slot *slot, uint64_t word, unsigned part)
{
	return queued_bytes(word) <= spare(slot, BOUND_BYTES) / part &&
	       queued_messages(word) <= spare(slot, BOUND_MESSAGES) / part;
}

static void note_refusal(struct wye_slot *slot)
{
	if (is_within(slot, atomic_load_explicit(&slot->word, memory_order_relaxed), 4))
		atomic_fetch_or_explicit(&slot->spare[NATURE], STARVED, memory_order_relaxed);
}

static inline int reserve(struct wye_slot *slot, uint64_t id, size_t length)
{
	uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
	int verdict;

	do {
		size_t before = queued_bytes(word), messages = queued_messages(word) + 1;

		if (!wye_id_matches(id, word))
			return -ENOENT;
		if (length > spare(slot, BOUND_BYTES))
			return -EMSGSIZE;
		verdict = is_over(slot, before + length, messages, before)
				  ? judge_over(slot, before + length, messages)
				  : 0;
		if (verdict < 0)
			return verdict;
	} while (!atomic_compare_exchange_weak_explicit(
		&slot->word, &word, word + (UINT64_C(1) << PAYLOAD_BITS) + length,
		memory_order_relaxed, memory_order_relaxed));
	return verdict;
}

void wye_socket_unreserve(struct wye_socket *socket, unsigned messages, size_t payload)
{
	if (socket->slot)
		atomic_fetch_sub_explicit(&socket->slot->word,
					  ((uint64_t)messages << PAYLOAD_BITS) + payload,
					  memory_order_relaxed);
}

void wye_socket_crowd(struct wye_socket *socket)
{
	socket->crowded = true;
	if (socket->slot)
		note_refusal(socket->slot);
	wye_socket_touch(socket);
}

bool wye_socket_half_full(const struct wye_socket *socket)
{
	return socket->slot &&
	       !is_within(socket->slot,
			  atomic_load_explicit(&socket->slot->word, memory_order_relaxed), 2);
}

bool wye_socket_is_relieved(const struct wye_socket *socket)
{
	uint64_t word = atomic_load_explicit(&socket->slot->word, memory_order_relaxed);

	if (spare(socket->slot, NATURE) & STARVED)
		return !(word & WYE_ID_STATE_MASK);
	return is_within(socket->slot, word, 4) &&
	       !(queued_bytes(word) > WYE_PRESSED && wye_pressure_high());
}

size_t wye_socket_room(const struct wye_socket *socket)
{
	uint64_t word, bytes;

	if (!socket->slot)
		return 0;
	word = atomic_load_explicit(&socket->slot->word, memory_order_relaxed);
	bytes = queued_bytes(word);
	if (queued_messages(word) >= spare(socket->slot, BOUND_MESSAGES) ||
	    bytes >= spare(socket->slot, BOUND_BYTES) ||
	    (bytes > WYE_PRESSED && wye_pressure_high()))
		return 0;
	return spare(socket->slot, BOUND_BYTES) - bytes;
}

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
	int verdict = reserve(socket->slot, socket->id, length);

	if ((verdict == 1 || verdict == -EAGAIN || verdict == -ENOBUFS) && !socket->blocked) {
		if (verdict == 1)
			wye_socket_unreserve(socket, 1, length);
		wye_socket_write(socket);
		verdict = reserve(socket->slot, socket->id, length);
	}
	while (verdict == -EAGAIN && drops((enum wye_slow_consumer)socket->policy) &&
	       ((matters(socket, key) && drop_one(socket, key)) || drop_one(socket, NULL)))
		if (reserve(socket->slot, socket->id, length) >= 0)
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
	return is_over(socket->slot, queued_bytes(word), queued_messages(word),
		       queued_bytes(word));
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
	if (drops((enum wye_slow_consumer)socket->policy)) {
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
	return size <= WYE_OUTBOX_SMALL && !drops((enum wye_slow_consumer)socket->policy);
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
	struct wye_socket *socket;
	uint8_t *at = NULL;

	if (!slot) { /* closed meanwhile; its reservation went with the slot's use */
		wye_chunk_free(chunk);
		return;
	}
	socket = atomic_load_explicit(&slot->object, memory_order_relaxed);
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
	verdict = reserve(slot, id, parcel->length);
	if (verdict == -EAGAIN)
		note_refusal(slot);
	if (verdict >= 0 && wye_loop_mail(&loop->loop, &posted->mail, arrive))
		verdict = -ENOENT;
	if (verdict < 0)
		wye_chunk_free(chunk);
	return verdict;
}

int wye_socket_send(uint64_t id, enum wye_socket_kind kind, const struct wye_parcel *parcel)
{
	struct wye_stream_loop *loop;
	struct wye_slot *slot = find_slot(id, kind, &loop);

	if (!slot)
		return -ENOENT;
	if (wye_loop_here(&loop->loop))
		return wye_socket_send_here(
			atomic_load_explicit(&slot->object, memory_order_relaxed), parcel);
	if (parcel->length > WYE_SEND_MAX)
		return -EMSGSIZE;
	return send_there(loop, slot, id, parcel);
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
