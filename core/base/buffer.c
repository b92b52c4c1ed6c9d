/* SPDX-License-Identifier: MIT
 *
 * buffer.c - see buffer.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

enum {
	FIRST = 256,
};

void wye_buffer_fini(struct wye_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct wye_buffer) { NULL, 0, 0 };
}

void wye_buffer_wipe(struct wye_buffer *buffer)
{
	if (buffer->data)
		explicit_bzero(buffer->data, buffer->capacity);
	wye_buffer_fini(buffer);
}

int wye_buffer_reserve(struct wye_buffer *buffer, size_t extra)
{
	size_t needed = buffer->length + extra, capacity = buffer->capacity;
	char *data;

	if (needed < extra)
		return -ENOMEM;
	if (needed <= capacity)
		return 0;
	capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
	if (capacity < needed)
		capacity = needed;
	if (capacity < FIRST)
		capacity = FIRST;
	data = realloc(buffer->data, capacity);
	if (!data)
		return -ENOMEM;
	buffer->data = data;
	buffer->capacity = capacity;
	return 0;
}

int wye_buffer_reserve_secret(struct wye_buffer *buffer, size_t extra)
{
	struct wye_buffer larger = { NULL, 0, 0 };
	size_t needed = buffer->capacity + extra;

	if (extra <= buffer->capacity - buffer->length)
		return 0;
	if (needed < extra || wye_buffer_reserve(&larger, needed))
		return -ENOMEM;
	if (buffer->length)
		memcpy(larger.data, buffer->data, buffer->length);
	larger.length = buffer->length;
	wye_buffer_wipe(buffer);
	*buffer = larger;
	return 0;
}

int wye_buffer_append(struct wye_buffer *buffer, const void *data, size_t length)
{
	int error = wye_buffer_reserve(buffer, length);

	if (error)
		return error;
	if (length)
		memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	return 0;
}

int wye_buffer_printf(struct wye_buffer *buffer, const char *format, ...)
{
	va_list arguments, again;
	int length, error;

	va_start(arguments, format);
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	error = length < 0 ? -EINVAL : wye_buffer_reserve(buffer, (size_t)length + 1);
	if (!error) {
		vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
		buffer->length += (size_t)length;
	}
	va_end(again);
	return error;
}

/* Length of the well-formed UTF-8 character at `text` (RFC 3629, 4); 0 if there is none. */
static size_t character(const unsigned char *text, size_t left)
{
	unsigned low = 0x80, high = 0xbf;
	size_t length;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if (text[0] == 0xe0)
		low = 0xa0;
	else if (text[0] == 0xed)
		high = 0x9f;
	else if (text[0] == 0xf0)
		low = 0x90;
	else if (text[0] == 0xf4)
		high = 0x8f;
	if (left < length || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

static int append_character(struct wye_buffer *buffer, const char *text, size_t length)
{
	if (!length)
		return wye_buffer_append(buffer, "\xef\xbf\xbd", 3);
	if (*text == '"' || *text == '\\')
		return wye_buffer_printf(buffer, "\\%c", *text);
	if ((unsigned char)*text < 0x20)
		return wye_buffer_printf(buffer, "\\u%04x", (unsigned)*text);
	return wye_buffer_append(buffer, text, length);
}

int wye_buffer_json(struct wye_buffer *buffer, struct wye_text text)
{
	int error = wye_buffer_append(buffer, "\"", 1);

	for (size_t i = 0; i < text.length && !error;) {
		size_t length =
			character((const unsigned char *)text.data + i, text.length - i);

		error = append_character(buffer, text.data + i, length);
		i += length ? length : 1;
	}
	return error ? error : wye_buffer_append(buffer, "\"", 1);
}
