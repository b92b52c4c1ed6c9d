/* SPDX-License-Identifier: MIT
 *
 * chunks.h - the framing of a body in chunks (RFC 9112, 7.1), read as strictly as it is
 * written: CRLF and nothing else ends a line, sizes are digits, extensions and trailers keep to
 * their grammar. Where two readers could find different ends of a body, it is no body. Pure;
 * takes the bytes in pieces of any size. Any thread, one at a time.
 */
#ifndef WYE_CORE_HTTP_CHUNKS_H
#define WYE_CORE_HTTP_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

struct wye_chunking {
	uint64_t left; /* bytes of this chunk that are to come; while it is read, its size */
	uint8_t state;
	uint8_t digits; /* of the size, so far */
	uint32_t room;  /* bytes that extensions and trailers may still have */
};

enum wye_chunking_answer {
	WYE_CHUNKING_MORE,
	WYE_CHUNKING_DONE, /* the body has ended */
	WYE_CHUNKING_BAD,
	WYE_CHUNKING_LARGE, /* extensions and trailers have more than `room` bytes */
};

/* `room` is for the extensions and trailers of the body, all together. */
void wye_chunking_begin(struct wye_chunking *chunks, uint32_t room);

/* Reads on; `*used` is how many of the bytes belong to the body. What was answered but "more"
 * is answered for ever. */
enum wye_chunking_answer wye_chunking_read(struct wye_chunking *chunks, const char *data,
					   size_t length, size_t *used);

#endif
