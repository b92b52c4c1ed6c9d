/* SPDX-License-Identifier: MIT
 *
 * multipart.c - see <wye/multipart.h>.
 *
 * A delimiter is CR LF "--" and the boundary (RFC 2046, 5.1.1). It has one CR, its first byte:
 * so when a byte does not go on with it, what was matched is data, and only that byte itself
 * can begin another.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wye/multipart.h>

#include "base/buffer.h"
#include "base/field.h"
#include "base/parameters.h"

enum {
	BOUNDARY = 70, /* bytes, at most */
	FRONT = 4,     /* CR LF "--" */
	HEADER = 4096,
	PARTS = 128,
};

enum state {
	PREAMBLE, /* before the first delimiter: dropped */
	DATA,
	BEHIND,   /* a delimiter: blanks and CR LF, or "--" */
	LAST,     /* a "-" of it */
	LINE_END, /* its CR */
	HEAD,
	EPILOGUE, /* behind the last delimiter: dropped */
};

struct wye_multipart {
	enum state state;
	int error;
	const struct wye_multipart_handler *handler;
	void *argument;
	size_t header_limit;
	unsigned parts_left;
	size_t matched;  /* bytes of the delimiter that have come */
	size_t borrowed; /* of those: a CR LF that was no data, in front of all or of a part's
			  */
	size_t delimiter_length;
	char delimiter[FRONT + BOUNDARY];
	struct wye_buffer header; /* of the part */
};

/* ---- the boundary ---- */

static bool is_boundary(struct wye_text text)
{
	static const char others[] = "'()+_,-./:=? ";

	if (!text.length || text.length > BOUNDARY || text.data[text.length - 1] == ' ')
		return false;
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.data[i], lower = byte | 0x20;

		if (!(lower >= 'a' && lower <= 'z') && !(byte >= '0' && byte <= '9') &&
		    !(byte && strchr(others, byte)))
			return false;
	}
	return true;
}

/* Cuts what can't be the type of a form off before it is copied to be unquoted. */
static int read_boundary(struct wye_multipart *parser, struct wye_text type)
{
	char copy[512];
	struct wye_text rest = { copy, type.length };
	struct wye_field field;
	int more;

	if (!type.data || type.length > sizeof copy)
		return -EINVAL;
	memcpy(copy, type.data, type.length);
	if (!wye_text_is(wye_parameters_begin(&rest), "multipart/form-data"))
		return -EINVAL;
	while ((more = wye_parameters_next(&rest, &field)) > 0) {
		if (!wye_text_is(field.name, "boundary"))
			continue;
		if (parser->delimiter_length || !is_boundary(field.value))
			return -EINVAL;
		memcpy(parser->delimiter, "\r\n--", FRONT);
		memcpy(parser->delimiter + FRONT, field.value.data, field.value.length);
		parser->delimiter_length = FRONT + field.value.length;
	}
	return more || !parser->delimiter_length ? -EINVAL : 0;
}

int wye_multipart_create(struct wye_multipart **out, struct wye_text content_type,
			 const struct wye_multipart_limits *limits,
			 const struct wye_multipart_handler *handler, void *argument)
{
	struct wye_multipart *parser = calloc(1, sizeof *parser);
	int error = parser ? read_boundary(parser, content_type) : -ENOMEM;

	if (error) {
		free(parser);
		return error;
	}
	parser->handler = handler;
	parser->argument = argument;
	parser->header_limit = limits && limits->header ? limits->header : HEADER;
	parser->parts_left = limits && limits->parts ? limits->parts : PARTS;
	parser->matched = parser->borrowed = 2; /* a delimiter may stand at the very front */
	*out = parser;
	return 0;
}

void wye_multipart_destroy(struct wye_multipart *parser)
{
	if (!parser)
		return;
	wye_buffer_fini(&parser->header);
	free(parser);
}

/* ---- a part's header ---- */

static int set_once(struct wye_text *place, struct wye_text value)
{
	if (place->data)
		return -EBADMSG;
	*place = value;
	return 0;
}

static int read_disposition(struct wye_form_part *part, struct wye_text value)
{
	struct wye_field field;
	int more, error = 0;

	if (!wye_text_is(wye_parameters_begin(&value), "form-data"))
		return -EBADMSG;
	while (!error && (more = wye_parameters_next(&value, &field)) != 0) {
		if (more < 0)
			error = more;
		else if (wye_text_is(field.name, "name"))
			error = set_once(&part->name, field.value);
		else if (wye_text_is(field.name, "filename"))
			error = set_once(&part->filename, field.value);
	}
	return error ? error : part->name.data ? 0 : -EBADMSG;
}

/* What is encoded would have to be decoded: senders must not (RFC 7578, 4.7). */
static bool is_plain_encoding(struct wye_text value)
{
	return wye_text_is(value, "7bit") || wye_text_is(value, "8bit") ||
	       wye_text_is(value, "binary");
}

static int read_field(struct wye_form_part *part, struct wye_text name, struct wye_text value)
{
	if (wye_text_is(name, "Content-Disposition"))
		return part->name.data ? -EBADMSG : read_disposition(part, value);
	if (wye_text_is(name, "Content-Type"))
		return set_once(&part->type, value);
	if (wye_text_is(name, "Content-Transfer-Encoding") && !is_plain_encoding(value))
		return -EBADMSG;
	return 0;
}

static int read_line(struct wye_form_part *part, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);
	struct wye_text name = { line, colon ? (size_t)(colon - line) : 0 }, value;

	for (size_t i = 0; i < name.length; i++)
		if (!wye_byte_is(line[i], WYE_BYTE_TOKEN))
			return -EBADMSG;
	for (size_t i = 0; i < length; i++)
		if (!wye_byte_is(line[i], WYE_BYTE_TEXT))
			return -EBADMSG;
	if (!name.length)
		return -EBADMSG;
	value = (struct wye_text) { colon + 1, length - name.length - 1 };
	return read_field(part, name, wye_text_trim(value));
}

/* Every line of it ends with CR LF, the last one is empty. */
static int read_header(struct wye_multipart *parser, struct wye_form_part *part)
{
	const char *at = parser->header.data, *end = at + parser->header.length - 2;
	int error = 0;

	while (at < end && !error) {
		const char *stop = memmem(at, (size_t)(end + 2 - at), "\r\n", 2);

		error = read_line(part, at, (size_t)(stop - at));
		at = stop + 2;
	}
	return error ? error : part->name.data ? 0 : -EBADMSG;
}

static bool header_is_whole(const struct wye_buffer *header)
{
	size_t length = header->length;

	return (length == 2 && !memcmp(header->data, "\r\n", 2)) ||
	       (length >= 4 && !memcmp(header->data + length - 4, "\r\n\r\n", 4));
}

static int begin_part(struct wye_multipart *parser)
{
	struct wye_form_part part = { .name = { NULL, 0 } };
	int error = read_header(parser, &part);

	if (error)
		return error;
	if (!parser->parts_left--)
		return -E2BIG;
	parser->state = DATA;
	parser->matched = parser->borrowed = 2; /* an empty part's shares the header's CR LF */
	return parser->handler->begin ? parser->handler->begin(parser->argument, &part) : 0;
}

static int take_head(struct wye_multipart *parser, char byte)
{
	int error;

	if (parser->header.length == parser->header_limit)
		return -E2BIG;
	error = wye_buffer_append(&parser->header, &byte, 1);
	if (!error && byte == '\n' && header_is_whole(&parser->header))
		error = begin_part(parser);
	return error;
}

/* ---- data ---- */

static int give(struct wye_multipart *parser, const char *data, size_t length)
{
	if (parser->state == PREAMBLE || !length || !parser->handler->data)
		return 0;
	return parser->handler->data(parser->argument, data, length);
}

static int end_part(struct wye_multipart *parser)
{
	bool any = parser->state == DATA;

	parser->state = BEHIND;
	parser->matched = parser->borrowed = 0;
	return any && parser->handler->end ? parser->handler->end(parser->argument) : 0;
}

/* What was matched is data after all. */
static int take_back(struct wye_multipart *parser)
{
	size_t borrowed = parser->borrowed, length = parser->matched - borrowed;

	parser->matched = parser->borrowed = 0;
	return give(parser, parser->delimiter + borrowed, length);
}

/* Data up to a delimiter, or to the piece's end. `*at` moves behind what was taken. */
static int take_data(struct wye_multipart *parser, const char **at, const char *end)
{
	const char *from = *at, *mark;
	int error;

	if (!parser->matched) {
		mark = memchr(from, '\r', (size_t)(end - from));
		*at = mark ? mark : end;
		error = give(parser, from, (size_t)(*at - from));
		if (error || !mark)
			return error;
	}
	while (*at < end && **at == parser->delimiter[parser->matched]) {
		(*at)++;
		if (++parser->matched == parser->delimiter_length)
			return end_part(parser);
	}
	return *at < end ? take_back(parser) : 0;
}

/* ---- behind a delimiter ---- */

static int take_behind(struct wye_multipart *parser, char byte)
{
	if (byte == '-')
		parser->state = LAST;
	else if (byte == '\r')
		parser->state = LINE_END;
	else if (byte != ' ' && byte != '\t')
		return -EBADMSG;
	return 0;
}

static int take_byte(struct wye_multipart *parser, char byte)
{
	switch (parser->state) {
	case BEHIND:
		return take_behind(parser, byte);
	case LAST:
		parser->state = EPILOGUE;
		return byte == '-' ? 0 : -EBADMSG;
	case LINE_END:
		parser->state = HEAD;
		parser->header.length = 0;
		return byte == '\n' ? 0 : -EBADMSG;
	default:
		return take_head(parser, byte);
	}
}

int wye_multipart_feed(struct wye_multipart *parser, const void *data, size_t length)
{
	const char *at = data, *end = at + length;

	while (at < end && !parser->error && parser->state != EPILOGUE)
		if (parser->state == PREAMBLE || parser->state == DATA)
			parser->error = take_data(parser, &at, end);
		else
			parser->error = take_byte(parser, *at++);
	return parser->error;
}

int wye_multipart_finish(struct wye_multipart *parser)
{
	if (!parser->error && parser->state != EPILOGUE)
		parser->error = -EBADMSG;
	return parser->error;
}
