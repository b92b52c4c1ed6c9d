/* SPDX-License-Identifier: MIT
 *
 * event.c - one server-sent event as text (WHATWG HTML, 9.2.6), and its sending. Any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wye/stream.h>

enum {
	IN_PLACE = 2048, /* bytes of an event that is put together without an allocation */
};

static bool is_line(const char *text)
{
	return !text || !strpbrk(text, "\r\n");
}

static char *put(char *at, const char *text, size_t length)
{
	memcpy(at, text, length);
	return at + length;
}

static char *put_field(char *at, const char *name, const char *value)
{
	if (!value)
		return at;
	at = put(at, name, strlen(name));
	at = put(at, value, strlen(value));
	*at++ = '\n';
	return at;
}

/* A line end is CR, LF or both; each line gets its field. */
static char *put_data(char *at, const char *data, size_t length)
{
	const char *end;

	if (!length)
		data = ""; /* it may be NULL */
	end = data + length;
	do {
		const char *stop = data;

		while (stop < end && *stop != '\n' && *stop != '\r')
			stop++;
		at = put(at, "data: ", 6);
		at = put(at, data, (size_t)(stop - data));
		*at++ = '\n';
		if (stop < end && *stop == '\r' && stop + 1 < end && stop[1] == '\n')
			stop++;
		data = stop + 1;
	} while (data <= end);
	return at;
}

static size_t most_bytes(const char *event, const char *event_id, const char *data,
			 size_t length)
{
	size_t lines = 1;

	for (size_t i = 0; i < length; i++)
		lines += data[i] == '\n' || data[i] == '\r';
	return length + lines * 7 + (event ? strlen(event) : 0) +
	       (event_id ? strlen(event_id) : 0) + sizeof "event: \nid: \n\n";
}

int wye_event_send(wye_stream_id id, const char *event, const char *event_id, const char *data,
		   size_t length)
{
	size_t most = most_bytes(event, event_id, data, length);
	char in_place[IN_PLACE], *out = in_place, *at;
	int error;

	if (!is_line(event) || !is_line(event_id))
		return -EINVAL;
	if (most > sizeof in_place)
		out = malloc(most);
	if (!out)
		return -ENOMEM;
	at = put_field(out, "event: ", event);
	at = put_field(at, "id: ", event_id);
	at = put_data(at, data, length);
	*at++ = '\n';
	error = wye_stream_send(id, out, (size_t)(at - out));
	if (out != in_place)
		free(out);
	return error;
}
