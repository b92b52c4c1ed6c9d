/* SPDX-License-Identifier: MIT
 *
 * buffer.h - bytes that grow at the end. Owned by whoever declares it.
 */
#ifndef WYE_CORE_BASE_BUFFER_H
#define WYE_CORE_BASE_BUFFER_H

#include <wye/types.h>

struct wye_buffer {
	char *data;
	size_t length, capacity;
};

/* An empty buffer is all zero and holds no memory. */
void wye_buffer_fini(struct wye_buffer *buffer);
/* The same for secrets: all that it held is overwritten first. */
void wye_buffer_wipe(struct wye_buffer *buffer);

/* Makes room for `extra` bytes behind the end. Returns 0 or -ENOMEM (nothing changed). */
int wye_buffer_reserve(struct wye_buffer *buffer, size_t extra) WYE_MUST_CHECK;
/* The same for secrets: memory that it outgrows is overwritten. */
int wye_buffer_reserve_secret(struct wye_buffer *buffer, size_t extra) WYE_MUST_CHECK;
int wye_buffer_append(struct wye_buffer *buffer, const void *data,
		      size_t length) WYE_MUST_CHECK;
int wye_buffer_printf(struct wye_buffer *buffer, const char *format, ...) WYE_MUST_CHECK
	WYE_PRINTF(2, 3);
/* Appends a JSON string with its quotes (RFC 8259, 7); bytes that are no UTF-8 become U+FFFD.
 */
int wye_buffer_json(struct wye_buffer *buffer, struct wye_text text) WYE_MUST_CHECK;

#endif
