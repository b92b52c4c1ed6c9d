/* SPDX-License-Identifier: MIT
 *
 * parameters.c - see parameters.h.
 */
#include <errno.h>
#include <string.h>

#include "base/field.h"
#include "base/parameters.h"

static void skip(struct wye_text *text, size_t count)
{
	text->data += count;
	text->length -= count;
}

static void skip_blanks(struct wye_text *text)
{
	while (text->length && (*text->data == ' ' || *text->data == '\t'))
		skip(text, 1);
}

struct wye_text wye_parameters_begin(struct wye_text *text)
{
	const char *mark = text->length ? memchr(text->data, ';', text->length) : NULL;
	size_t length = mark ? (size_t)(mark - text->data) : text->length;
	struct wye_text word = { text->data, length };

	skip(text, length);
	return wye_text_trim(word);
}

static struct wye_text take_token(struct wye_text *text)
{
	struct wye_text token = { text->data, 0 };

	while (token.length < text->length &&
	       wye_byte_is(text->data[token.length], WYE_BYTE_TOKEN))
		token.length++;
	skip(text, token.length);
	return token;
}

/* A backslash counts in front of a quote or another one only: some clients send paths as they
 * are. False if it has no end. */
static bool take_quoted(struct wye_text *text, struct wye_text *value)
{
	char *out = (char *)text->data;

	skip(text, 1);
	value->data = out;
	while (text->length && *text->data != '"') {
		if (*text->data == '\\' && text->length > 1 &&
		    (text->data[1] == '"' || text->data[1] == '\\'))
			skip(text, 1);
		*out++ = *text->data;
		skip(text, 1);
	}
	value->length = (size_t)(out - value->data);
	if (!text->length)
		return false;
	skip(text, 1);
	return true;
}

static bool take_value(struct wye_text *text, struct wye_text *value)
{
	if (text->length && *text->data == '"')
		return take_quoted(text, value);
	*value = take_token(text);
	return value->length;
}

int wye_parameters_next(struct wye_text *text, struct wye_field *out)
{
	skip_blanks(text);
	while (text->length && *text->data == ';') {
		skip(text, 1);
		skip_blanks(text);
		if (!text->length || *text->data == ';')
			continue; /* an empty one */
		out->name = take_token(text);
		if (!out->name.length || !text->length || *text->data != '=')
			return -EBADMSG;
		skip(text, 1);
		return take_value(text, &out->value) ? 1 : -EBADMSG;
	}
	return text->length ? -EBADMSG : 0;
}
