/* SPDX-License-Identifier: MIT
 *
 * outbox.h - bytes that wait to be written to one socket: a queue of chunks. Small messages are
 * copied into chunks that the loop keeps in stock; a large one comes in a chunk of its own. An
 * empty outbox holds no memory. Owned by its socket, used on the loop's thread; only
 * wye_chunk_alone() and wye_chunk_free() may be called elsewhere.
 */
#ifndef WYE_CORE_STREAM_OUTBOX_H
#define WYE_CORE_STREAM_OUTBOX_H

#include <sys/uio.h>

#include <wye/types.h>

/* A chunk and the messages whose last byte lies in it. */
struct wye_chunk {
	struct wye_chunk *next;
	uint32_t start, end, capacity;
	uint32_t messages; /* in it */
	uint32_t payload;  /* their bytes, frames not counted */
	bool pooled;
	_Alignas(max_align_t) uint8_t data[];
};

/* Stock of a loop. */
struct wye_chunks {
	struct wye_chunk *free;
	unsigned count;
};

void wye_chunks_fini(struct wye_chunks *chunks);

struct wye_outbox {
	struct wye_chunk *head, *tail;
	size_t bytes; /* frames included */
};

/* What has left an outbox. */
struct wye_outbox_left {
	unsigned messages;
	size_t payload;
};

/* A chunk for one large message, to be filled and appended. Any thread; NULL without memory. */
struct wye_chunk *wye_chunk_alone(size_t capacity);
void wye_chunk_free(struct wye_chunk *chunk);

/* Messages up to this size are copied into shared chunks. */
#define WYE_OUTBOX_SMALL 4096

/* Room for `length` bytes (at most WYE_OUTBOX_SMALL) at the end, which the caller fills at
 * once; counts one message of `payload` bytes if `messages` is 1. NULL without memory. */
uint8_t *wye_outbox_room(struct wye_outbox *outbox, struct wye_chunks *chunks, size_t length,
			 unsigned messages, size_t payload);
/* Appends a filled chunk, which belongs to the outbox from now on. */
void wye_outbox_append(struct wye_outbox *outbox, struct wye_chunk *chunk);

/* Points `vectors` at the first bytes, at most `limit`; returns how many vectors. */
int wye_outbox_peek(const struct wye_outbox *outbox, struct iovec *vectors, int count,
		    size_t limit);
/* Takes `length` written bytes off; what was completed is added to `left`. */
void wye_outbox_take(struct wye_outbox *outbox, struct wye_chunks *chunks, size_t length,
		     struct wye_outbox_left *left);
void wye_outbox_clear(struct wye_outbox *outbox, struct wye_chunks *chunks);

#endif
