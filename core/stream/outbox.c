/* SPDX-License-Identifier: MIT
 *
 * outbox.c - see outbox.h.
 */
#include <stdlib.h>

#include "stream/outbox.h"

/* Most outboxes hold a few short messages for a moment: these lie close together, and leave no
 * large holes between what stays. */
enum {
	OVERHEAD = (int)sizeof(struct wye_chunk) + WYE_OUTBOX_SLACK,
	SMALL = 512 - OVERHEAD, /* capacities of chunks in stock */
	LARGE = 16384 - OVERHEAD,
	STOCK_SMALL = 4096, /* how many are kept by a loop */
	STOCK_LARGE = 64,
	STOCK_SHARED = 16384,
	BUCKET_BITS = 7,
};

/* Chunks by key, the oldest first, as they leave and are dropped in that order. Made for the
 * first that has one, gone with the last. */
struct wye_outbox_keys {
	unsigned count;
	struct bucket {
		struct wye_chunk *first, *last;
	} buckets[1 << BUCKET_BITS];
};

/* ---- chunks ---- */

struct wye_chunk *wye_chunk_alone(size_t capacity)
{
	struct wye_chunk *chunk;

	if (capacity > UINT32_MAX)
		return NULL;
	chunk = malloc(sizeof *chunk + capacity);
	if (chunk)
		*chunk = (struct wye_chunk) { .bytes = chunk->data,
					      .capacity = (uint32_t)capacity };
	return chunk;
}

void wye_chunk_free(struct wye_chunk *chunk)
{
	free(chunk);
}

static void free_list(struct wye_chunk *chunk)
{
	while (chunk) {
		struct wye_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

void wye_chunks_fini(struct wye_chunks *chunks)
{
	free_list(chunks->small.free);
	free_list(chunks->large.free);
	free_list(chunks->shared.free);
	*chunks = (struct wye_chunks) { .small.free = NULL };
}

static struct wye_chunk *take_stock(struct wye_stock *stock)
{
	struct wye_chunk *chunk = stock->free;

	if (!chunk)
		return NULL;
	stock->free = chunk->next;
	stock->count--;
	return chunk;
}

static bool put_stock(struct wye_stock *stock, unsigned most, struct wye_chunk *chunk)
{
	if (stock->count >= most)
		return false;
	chunk->next = stock->free;
	stock->free = chunk;
	stock->count++;
	return true;
}

static struct wye_chunk *take_pooled(struct wye_chunks *chunks, uint32_t capacity)
{
	struct wye_chunk *chunk =
		take_stock(capacity == SMALL ? &chunks->small : &chunks->large);

	if (!chunk)
		chunk = malloc(sizeof *chunk + capacity + WYE_OUTBOX_SLACK);
	if (chunk)
		*chunk = (struct wye_chunk) { .bytes = chunk->data,
					      .capacity = capacity,
					      .kind = WYE_CHUNK_POOLED };
	return chunk;
}

struct wye_chunk *wye_outbox_refer(struct wye_chunks *chunks, struct wye_frame *frame)
{
	struct wye_chunk *chunk = take_stock(&chunks->shared);

	if (!chunk)
		chunk = malloc(sizeof *chunk);
	if (!chunk)
		return NULL;
	wye_frame_hold(frame);
	*chunk = (struct wye_chunk) { .bytes = frame->data,
				      .frame = frame,
				      .end = frame->length,
				      .messages = 1,
				      .payload = frame->payload,
				      .kind = WYE_CHUNK_SHARED };
	return chunk;
}

static void give_back(struct wye_chunks *chunks, struct wye_chunk *chunk)
{
	bool kept = false;

	wye_frame_drop(chunk->frame);
	if (chunk->kind == WYE_CHUNK_SHARED)
		kept = put_stock(&chunks->shared, STOCK_SHARED, chunk);
	else if (chunk->kind == WYE_CHUNK_POOLED && chunk->capacity == SMALL)
		kept = put_stock(&chunks->small, STOCK_SMALL, chunk);
	else if (chunk->kind == WYE_CHUNK_POOLED)
		kept = put_stock(&chunks->large, STOCK_LARGE, chunk);
	if (!kept)
		free(chunk);
}

/* ---- keys ---- */

static struct bucket *bucket_of(struct wye_outbox_keys *keys, uint64_t key)
{
	return &keys->buckets[(key * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - BUCKET_BITS)];
}

/* Without memory it is not found by its key later, and goes when it is the oldest. */
static void key_add(struct wye_outbox *outbox, struct wye_chunk *chunk)
{
	struct bucket *bucket;

	if (!outbox->keys)
		outbox->keys = calloc(1, sizeof *outbox->keys);
	if (!outbox->keys) {
		chunk->keyed = false;
		return;
	}
	bucket = bucket_of(outbox->keys, chunk->key);
	chunk->next_key = NULL;
	*(bucket->first ? &bucket->last->next_key : &bucket->first) = chunk;
	bucket->last = chunk;
	outbox->keys->count++;
}

static void key_remove(struct wye_outbox *outbox, struct wye_chunk *chunk)
{
	struct bucket *bucket = bucket_of(outbox->keys, chunk->key);
	struct wye_chunk **link = &bucket->first, *before = NULL;

	while (*link != chunk) {
		before = *link;
		link = &before->next_key;
	}
	*link = chunk->next_key;
	if (bucket->last == chunk)
		bucket->last = before;
	if (--outbox->keys->count)
		return;
	free(outbox->keys);
	outbox->keys = NULL;
}

/* ---- the queue ---- */

static void insert_after(struct wye_outbox *outbox, struct wye_chunk *previous,
			 struct wye_chunk *chunk)
{
	struct wye_chunk **next = previous ? &previous->next : &outbox->head;

	chunk->previous = previous;
	chunk->next = *next;
	*(chunk->next ? &chunk->next->previous : &outbox->tail) = chunk;
	*next = chunk;
	outbox->bytes += chunk->end - chunk->start;
	outbox->messages += chunk->messages;
	outbox->payload += chunk->payload;
}

static void remove_chunk(struct wye_outbox *outbox, struct wye_chunk *chunk)
{
	*(chunk->previous ? &chunk->previous->next : &outbox->head) = chunk->next;
	*(chunk->next ? &chunk->next->previous : &outbox->tail) = chunk->previous;
	outbox->bytes -= chunk->end - chunk->start;
	outbox->messages -= chunk->messages;
	outbox->payload -= chunk->payload;
	if (chunk->keyed)
		key_remove(outbox, chunk);
}

struct wye_chunk *wye_outbox_extend(struct wye_outbox *outbox, struct wye_chunks *chunks,
				    size_t length)
{
	bool small = length <= SMALL / 2 && outbox->bytes < 2 * SMALL;
	struct wye_chunk *chunk = take_pooled(chunks, small ? SMALL : LARGE);

	if (chunk)
		wye_outbox_append(outbox, chunk);
	return chunk;
}

void wye_outbox_append(struct wye_outbox *outbox, struct wye_chunk *chunk)
{
	chunk->begin = chunk->start;
	chunk->place = ++outbox->place;
	insert_after(outbox, outbox->tail, chunk);
	if (chunk->keyed)
		key_add(outbox, chunk);
}

static bool untouched(const struct wye_chunk *chunk)
{
	return chunk->start == chunk->begin;
}

void wye_outbox_overtake(struct wye_outbox *outbox, struct wye_chunk *chunk)
{
	struct wye_chunk *previous = NULL, *next = outbox->head;

	while (next && (!untouched(next) || next->first)) {
		previous = next;
		next = next->next;
	}
	chunk->begin = chunk->start;
	chunk->first = true; /* of two that overtake, the earlier stays in front */
	chunk->place = outbox->place;
	insert_after(outbox, previous, chunk);
}

int wye_outbox_peek(const struct wye_outbox *outbox, struct iovec *vectors, int count,
		    size_t limit)
{
	int used = 0;

	for (struct wye_chunk *chunk = outbox->head; chunk && used < count && limit;
	     chunk = chunk->next) {
		size_t length = chunk->end - chunk->start;

		if (length > limit)
			length = limit;
		limit -= length;
		vectors[used].iov_base = (uint8_t *)chunk->bytes + chunk->start;
		vectors[used++].iov_len = length;
	}
	return used;
}

static void drop(struct wye_outbox *outbox, struct wye_chunks *chunks, struct wye_chunk *chunk,
		 struct wye_outbox_left *left)
{
	left->messages += chunk->messages;
	left->payload += chunk->payload;
	left->place = chunk->place;
	remove_chunk(outbox, chunk);
	give_back(chunks, chunk);
}

void wye_outbox_take(struct wye_outbox *outbox, struct wye_chunks *chunks, size_t length,
		     struct wye_outbox_left *left)
{
	while (outbox->head) {
		struct wye_chunk *chunk = outbox->head;
		size_t rest = chunk->end - chunk->start;

		if (rest > length) {
			chunk->start += (uint32_t)length;
			outbox->bytes -= length;
			return;
		}
		length -= rest;
		drop(outbox, chunks, chunk, left);
	}
}

void wye_outbox_clear(struct wye_outbox *outbox, struct wye_chunks *chunks)
{
	struct wye_outbox_left ignored = { 0 };

	while (outbox->head)
		drop(outbox, chunks, outbox->head, &ignored);
}

bool wye_outbox_drop_oldest(struct wye_outbox *outbox, struct wye_chunks *chunks,
			    struct wye_outbox_left *left)
{
	struct wye_chunk *chunk = outbox->head;

	while (chunk && !(chunk->droppable && untouched(chunk)))
		chunk = chunk->next;
	if (!chunk)
		return false;
	drop(outbox, chunks, chunk, left);
	return true;
}

bool wye_outbox_drop_key(struct wye_outbox *outbox, struct wye_chunks *chunks, uint64_t key,
			 struct wye_outbox_left *left)
{
	struct wye_chunk *chunk = outbox->keys ? bucket_of(outbox->keys, key)->first : NULL;

	while (chunk && !(chunk->key == key && chunk->droppable && untouched(chunk)))
		chunk = chunk->next_key;
	if (!chunk)
		return false;
	drop(outbox, chunks, chunk, left);
	return true;
}
