/* SPDX-License-Identifier: MIT
 *
 * outbox.c - see outbox.h.
 */
#include <stdlib.h>

#include "stream/outbox.h"

enum {
	POOLED = 16384 - (int)sizeof(struct wye_chunk), /* capacity of a chunk in stock */
	STOCK = 64,                                     /* chunks kept by a loop */
};

struct wye_chunk *wye_chunk_alone(size_t capacity)
{
	struct wye_chunk *chunk;

	if (capacity > UINT32_MAX)
		return NULL;
	chunk = malloc(sizeof *chunk + capacity);
	if (chunk)
		*chunk = (struct wye_chunk) { .capacity = (uint32_t)capacity };
	return chunk;
}

void wye_chunk_free(struct wye_chunk *chunk)
{
	free(chunk);
}

void wye_chunks_fini(struct wye_chunks *chunks)
{
	while (chunks->free) {
		struct wye_chunk *next = chunks->free->next;

		free(chunks->free);
		chunks->free = next;
	}
	chunks->count = 0;
}

static struct wye_chunk *take_chunk(struct wye_chunks *chunks)
{
	struct wye_chunk *chunk = chunks->free;

	if (!chunk) {
		chunk = wye_chunk_alone(POOLED);
		if (chunk)
			chunk->pooled = true;
		return chunk;
	}
	chunks->free = chunk->next;
	chunks->count--;
	*chunk = (struct wye_chunk) { .capacity = POOLED, .pooled = true };
	return chunk;
}

static void give_chunk(struct wye_chunks *chunks, struct wye_chunk *chunk)
{
	if (!chunk->pooled || chunks->count >= STOCK) {
		free(chunk);
		return;
	}
	chunk->next = chunks->free;
	chunks->free = chunk;
	chunks->count++;
}

static void link_chunk(struct wye_outbox *outbox, struct wye_chunk *chunk)
{
	chunk->next = NULL;
	if (outbox->tail)
		outbox->tail->next = chunk;
	else
		outbox->head = chunk;
	outbox->tail = chunk;
}

uint8_t *wye_outbox_room(struct wye_outbox *outbox, struct wye_chunks *chunks, size_t length,
			 unsigned messages, size_t payload)
{
	struct wye_chunk *chunk = outbox->tail;
	uint8_t *room;

	if (!chunk || !chunk->pooled || chunk->capacity - chunk->end < length) {
		chunk = take_chunk(chunks);
		if (!chunk)
			return NULL;
		link_chunk(outbox, chunk);
	}
	room = chunk->data + chunk->end;
	chunk->end += (uint32_t)length;
	chunk->messages += messages;
	chunk->payload += (uint32_t)payload;
	outbox->bytes += length;
	return room;
}

void wye_outbox_append(struct wye_outbox *outbox, struct wye_chunk *chunk)
{
	link_chunk(outbox, chunk);
	outbox->bytes += chunk->end - chunk->start;
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
		vectors[used].iov_base = chunk->data + chunk->start;
		vectors[used++].iov_len = length;
	}
	return used;
}

static void drop_head(struct wye_outbox *outbox, struct wye_chunks *chunks,
		      struct wye_outbox_left *left)
{
	struct wye_chunk *chunk = outbox->head;

	left->messages += chunk->messages;
	left->payload += chunk->payload;
	outbox->head = chunk->next;
	if (!outbox->head)
		outbox->tail = NULL;
	give_chunk(chunks, chunk);
}

void wye_outbox_take(struct wye_outbox *outbox, struct wye_chunks *chunks, size_t length,
		     struct wye_outbox_left *left)
{
	outbox->bytes -= length;
	while (outbox->head) {
		struct wye_chunk *chunk = outbox->head;
		size_t rest = chunk->end - chunk->start;

		if (rest > length) {
			chunk->start += (uint32_t)length;
			return;
		}
		length -= rest;
		drop_head(outbox, chunks, left);
	}
}

void wye_outbox_clear(struct wye_outbox *outbox, struct wye_chunks *chunks)
{
	struct wye_outbox_left ignored = { 0, 0 };

	while (outbox->head)
		drop_head(outbox, chunks, &ignored);
	outbox->bytes = 0;
}
