/* SPDX-License-Identifier: MIT
 *
 * event.c - one server-sent event as text (WHATWG HTML, 9.2.6), and its sending. Any thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/stream.h>

enum {
	IN_PLACE = 2048, /* bytes of an event that is put together without an allocation */
	RETRY = 24,      /* of the field, at most */
};

static bool is_line(const char *text)
{
	return !text || !strpbrk(text, "\r\n");
}

static struct wye_text text_of(const char *text)
{
	return (struct wye_text) { text, text ? strlen(text) : 0 };
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
static char *put_lines(char *at, const char *name, struct wye_text text)
{
	const char *from = text.data, *end;
	size_t length = strlen(name);

	if (!from)
		return at;
	end = from + text.length;
	do {
		const char *stop = from;

		while (stop < end && *stop != '\n' && *stop != '\r')
			stop++;
		at = put(at, name, length);
		at = put(at, from, (size_t)(stop - from));
		*at++ = '\n';
		if (stop < end && *stop == '\r' && stop + 1 < end && stop[1] == '\n')
			stop++;
		from = stop + 1;
	} while (from <= end);
	return at;
}

static size_t most_of_lines(size_t name, struct wye_text text)
{
	size_t lines = 1;

	for (size_t i = 0; i < text.length; i++)
		lines += text.data[i] == '\n' || text.data[i] == '\r';
	return text.length + lines * (name + 1);
}

static size_t most_bytes(const struct wye_event *event)
{
	return most_of_lines(2, text_of(event->comment)) + most_of_lines(6, event->data) +
	       text_of(event->type).length + text_of(event->id).length + RETRY +
	       sizeof "event: \nid: \n\n";
}

static char *put_event(char *at, const struct wye_event *event)
{
	at = put_lines(at, ": ", text_of(event->comment));
	at = put_field(at, "event: ", event->type);
	at = put_field(at, "id: ", event->id);
	if (event->retry)
		at += sprintf(at, "retry: %u\n", event->retry);
	at = put_lines(at, "data: ", event->data);
	*at++ = '\n';
	return at;
}

int wye_event_send_with(wye_stream_id id, const struct wye_event *event)
{
	size_t most = most_bytes(event);
	char in_place[IN_PLACE], *out = in_place;
	int error;

	if (!is_line(event->type) || !is_line(event->id))
		return -EINVAL;
	if (most > sizeof in_place)
		out = malloc(most);
	if (!out)
		return -ENOMEM;
	error = wye_stream_send(id, out, (size_t)(put_event(out, event) - out));
	if (out != in_place)
		free(out);
	return error;
}

/* An event without data is one with an empty line. */
int wye_event_send(wye_stream_id id, const char *event, const char *event_id, const char *data,
		   size_t length)
{
	return wye_event_send_with(
		id, &(struct wye_event) { .size = sizeof(struct wye_event),
					  .type = event,
					  .id = event_id,
					  .data = { length ? data : "", length } });
}

struct wye_text wye_last_event_id(const struct wye_request *request)
{
	return wye_request_header(request, "Last-Event-ID");
}
