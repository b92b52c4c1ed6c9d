/* SPDX-License-Identifier: MIT
 *
 * outbox.h - what waits to be written to one socket: a queue of chunks. Small messages are
 * copied into chunks that the loop keeps in stock; a large one comes in a chunk of its own; one
 * that several outboxes share is a chunk that points to its frame. A chunk ends where a message
 * does, so that control frames can be put between any two. An empty outbox holds no memory.
 * Owned by its socket, used on the loop's thread; only wye_chunk_alone() and wye_chunk_free()
 * may be called elsewhere.
 */
#ifndef WYE_CORE_STREAM_OUTBOX_H
#define WYE_CORE_STREAM_OUTBOX_H

#include <sys/uio.h>

#include "stream/frame.h"

enum wye_chunk_kind {
	WYE_CHUNK_ALONE,  /* bytes of its own */
	WYE_CHUNK_POOLED, /* likewise, from the loop's stock: many messages */
	WYE_CHUNK_SHARED, /* those of a frame */
};

/* A chunk and the messages whose last byte lies in it. */
struct wye_chunk {
	struct wye_chunk *next, *previous;
	const uint8_t *bytes; /* `start` and `end` count from here */
	struct wye_frame *frame;
	uint32_t begin, start, end; /* `start` moves from `begin` as bytes are written */
	uint32_t capacity;
	uint32_t messages; /* in it */
	uint32_t payload;  /* their bytes, frames not counted */
	uint32_t place;    /* in the order of all chunks that were appended to its outbox */
	uint8_t kind;      /* enum wye_chunk_kind */
	bool droppable;    /* one whole message that a policy may take back */
	bool first;        /* may not be overtaken */
	bool keyed;
	uint64_t key;
	struct wye_chunk *next_key; /* in its bucket */
	_Alignas(max_align_t) uint8_t data[];
};

/* Stock of a loop. */
struct wye_chunks {
	struct wye_stock {
		struct wye_chunk *free;
		unsigned count;
	} small, large, shared;
};

void wye_chunks_fini(struct wye_chunks *chunks);

struct wye_outbox_keys;

struct wye_outbox {
	struct wye_chunk *head, *tail;
	size_t bytes;      /* frames included */
	uint32_t messages; /* that wait, those included that are written in part */
	uint32_t payload;
	uint32_t place;               /* of the chunk that was appended last */
	struct wye_outbox_keys *keys; /* of droppable chunks that have one */
};

/* What has left an outbox. */
struct wye_outbox_left {
	unsigned messages;
	size_t payload;
	uint32_t place; /* of a dropped one */
};

/* A chunk for one large message, to be filled and appended. Any thread; NULL without memory. */
struct wye_chunk *wye_chunk_alone(size_t capacity);
void wye_chunk_free(struct wye_chunk *chunk);

/* Messages up to this size are copied into chunks of the stock. */
#define WYE_OUTBOX_SMALL 4096

/* Bytes behind the room that may be overwritten, so that a short head is copied in one go. */
#define WYE_OUTBOX_SLACK 16

/* Room for `length` bytes (at most WYE_OUTBOX_SMALL) at the end, which the caller fills at
 * once; counts one message of `payload` bytes if `messages` is 1. NULL without memory. */
static inline uint8_t *wye_outbox_room(struct wye_outbox *outbox, struct wye_chunks *chunks,
				       size_t length, unsigned messages, size_t payload);
/* Appends a filled chunk, which belongs to the outbox from now on. */
void wye_outbox_append(struct wye_outbox *outbox, struct wye_chunk *chunk);
/* The same, of bytes that are no message: in front of all that nothing is written of yet. */
void wye_outbox_overtake(struct wye_outbox *outbox, struct wye_chunk *chunk);
/* A chunk that points to a frame, which it holds; NULL without memory. */
struct wye_chunk *wye_outbox_refer(struct wye_chunks *chunks, struct wye_frame *frame);

/* Points `vectors` at the first bytes, at most `limit`; returns how many vectors. */
int wye_outbox_peek(const struct wye_outbox *outbox, struct iovec *vectors, int count,
		    size_t limit);
/* Takes `length` written bytes off; what was completed is added to `left`. */
void wye_outbox_take(struct wye_outbox *outbox, struct wye_chunks *chunks, size_t length,
		     struct wye_outbox_left *left);
void wye_outbox_clear(struct wye_outbox *outbox, struct wye_chunks *chunks);

/* A new chunk of the loop's stock at the end, with room for so many bytes. */
struct wye_chunk *wye_outbox_extend(struct wye_outbox *outbox, struct wye_chunks *chunks,
				    size_t length);

static inline uint8_t *wye_outbox_room(struct wye_outbox *outbox, struct wye_chunks *chunks,
				       size_t length, unsigned messages, size_t payload)
{
	struct wye_chunk *chunk = outbox->tail;
	uint8_t *room;

	if (!chunk || chunk->kind != WYE_CHUNK_POOLED || chunk->capacity - chunk->end < length)
		chunk = wye_outbox_extend(outbox, chunks, length);
	if (!chunk)
		return NULL;
	room = chunk->data + chunk->end;
	chunk->end += (uint32_t)length;
	chunk->messages += messages;
	chunk->payload += (uint32_t)payload;
	outbox->bytes += length;
	outbox->messages += messages;
	outbox->payload += (uint32_t)payload;
	return room;
}

/* Drops the oldest message that may be, and of which nothing is written: of all, or of those
 * with a key. False: there is none. */
bool wye_outbox_drop_oldest(struct wye_outbox *outbox, struct wye_chunks *chunks,
			    struct wye_outbox_left *left);
bool wye_outbox_drop_key(struct wye_outbox *outbox, struct wye_chunks *chunks, uint64_t key,
			 struct wye_outbox_left *left);

#endif
