/* SPDX-License-Identifier: MIT
 *
 * json.c - see json.h.
 */
#include "jwt/json.h"

static size_t count_openings(struct wye_text text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.length; i++)
		count += text.data[i] == '[' || text.data[i] == '{';
	return count;
}

/* Brackets in strings do not count. */
static size_t depth_of(struct wye_text text)
{
	size_t depth = 0, deepest = 0;
	bool quoted = false;

	for (size_t i = 0; i < text.length; i++) {
		char byte = text.data[i];

		if (quoted && byte == '\\')
			i++;
		else if (byte == '"')
			quoted = !quoted;
		else if (!quoted && (byte == '[' || byte == '{'))
			deepest = ++depth > deepest ? depth : deepest;
		else if (!quoted && (byte == ']' || byte == '}') && depth)
			depth--;
	}
	return deepest;
}

/* The library would recurse 2048 deep. Few objects have so many brackets at all. */
static bool is_deep(struct wye_text text)
{
	return count_openings(text) > WYE_JSON_DEPTH && depth_of(text) > WYE_JSON_DEPTH;
}

json_t *wye_json_object(struct wye_text text)
{
	json_t *json;

	if (is_deep(text))
		return NULL;
	json = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL);
	if (json && !json_is_object(json)) {
		json_decref(json);
		return NULL;
	}
	return json;
}

struct wye_text wye_json_string(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value))
		return (struct wye_text) { NULL, 0 };
	return (struct wye_text) { json_string_value(value), json_string_length(value) };
}
