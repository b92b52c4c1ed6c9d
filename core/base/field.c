/* SPDX-License-Identifier: MIT
 *
 * field.c - see field.h.
 */
#include <string.h>
#include <strings.h>

#include <wye/http.h>

#include "base/field.h"

/* RFC 9110, 8.6, 6.6.1; RFC 9112, 6.1, 9.6. */
static const char *const RESERVED[] = { "Content-Length", "Transfer-Encoding", "Connection",
					"Date",           "Content-Type",      NULL };
/* RFC 9110, 7.2, 7.6.1, 7.8, 8.6, 10.1.1; RFC 9112, 6.1. */
static const char *const READ[] = { "Host",       "Content-Length", "Transfer-Encoding",
				    "Connection", "Upgrade",        "Expect",
				    NULL };

/* clang-format off */
const uint8_t wye_byte_classes[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, /* 00 */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 10 */
	4, 7, 4, 5, 7, 5, 7, 7, 6, 6, 7, 7, 6, 7, 7, 4, /* 20 */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 4, 6, 4, 6, 4, 4, /* 30 */
	4, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, /* 40 */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 4, 4, 4, 5, 7, /* 50 */
	5, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, /* 60 */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 4, 5, 4, 7, 0, /* 70 */
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, /* 80 */
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, /* 90 */
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, /* a0 */
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, /* b0 */
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, /* c0 */
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, /* d0 */
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, /* e0 */
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, /* f0 */
};
/* clang-format on */

static bool is_token(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++)
		if (!wye_byte_is(*name, WYE_BYTE_TOKEN))
			return false;
	return true;
}

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if ((*name | 0x20) == (**list | 0x20) && !strcasecmp(name, *list))
			return true;
	return false;
}

static bool is_text(struct wye_text value)
{
	for (size_t i = 0; i < value.length; i++)
		if (!wye_byte_is(value.data[i], WYE_BYTE_TEXT))
			return false;
	return true;
}

bool wye_field_valid(const char *name, struct wye_text value)
{
	return is_text(value) && !is_one_of(name, RESERVED) && is_token(name);
}

bool wye_request_field_valid(const char *name, struct wye_text value)
{
	return is_text(value) && !is_one_of(name, READ) && is_token(name);
}

bool wye_http_field_valid(const char *name, struct wye_text value)
{
	return wye_field_valid(name, value);
}

bool wye_type_valid(const char *type)
{
	while (wye_byte_is(*type, WYE_BYTE_TEXT))
		type++;
	return !*type;
}

bool wye_text_is(struct wye_text text, const char *name)
{
	size_t length = strlen(name);

	return text.length == length && !strncasecmp(text.data, name, length);
}

struct wye_text wye_field_find(const struct wye_field *fields, size_t count, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < count; i++)
		if (fields[i].name.length == length &&
		    !strncasecmp(fields[i].name.data, name, length))
			return fields[i].value;
	return (struct wye_text) { NULL, 0 };
}

/* ---- lists ---- */

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

struct wye_text wye_text_trim(struct wye_text text)
{
	while (text.length && is_blank(text.data[0]))
		text.data++, text.length--;
	while (text.length && is_blank(text.data[text.length - 1]))
		text.length--;
	return text;
}

bool wye_list_next(struct wye_text *list, struct wye_text *element)
{
	while (list->length) {
		const char *comma = memchr(list->data, ',', list->length);
		size_t length = comma ? (size_t)(comma - list->data) : list->length;
		size_t skip = comma ? length + 1 : length;

		*element = wye_text_trim((struct wye_text) { list->data, length });
		list->data += skip;
		list->length -= skip;
		if (element->length)
			return true;
	}
	return false;
}

bool wye_list_last(struct wye_text *list, struct wye_text *element)
{
	while (list->length) {
		const char *comma = memrchr(list->data, ',', list->length);
		const char *start = comma ? comma + 1 : list->data;
		size_t length = (size_t)(list->data + list->length - start);

		*element = wye_text_trim((struct wye_text) { start, length });
		list->length = comma ? (size_t)(comma - list->data) : 0;
		if (element->length)
			return true;
	}
	return false;
}

bool wye_list_has(struct wye_text list, const char *token)
{
	struct wye_text element;

	while (wye_list_next(&list, &element))
		if (wye_text_is(element, token))
			return true;
	return false;
}
