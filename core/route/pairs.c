/* SPDX-License-Identifier: MIT
 *
 * pairs.c - see pairs.h.
 */
#include <string.h>

#include "base/field.h"
#include "route/pairs.h"
#include "route/target.h"

static size_t count_bytes(struct wye_text text, char byte)
{
	size_t count = 0;

	for (size_t i = 0; i < text.length; i++)
		count += text.data[i] == byte;
	return count;
}

/* Room for `more` items behind those that are there. */
static bool make_room(struct wye_pairs *pairs, struct wye_arena *arena, size_t more)
{
	struct wye_field *items =
		wye_arena_allocate(arena, (pairs->count + more) * sizeof *items);

	if (!items)
		return false;
	if (pairs->count)
		memcpy(items, pairs->items, pairs->count * sizeof *items);
	pairs->items = items;
	return true;
}

/* Takes what stands before the next separator off the front. */
static struct wye_text take(struct wye_text *text, char separator)
{
	const char *mark = memchr(text->data, separator, text->length);
	struct wye_text piece = { text->data,
				  mark ? (size_t)(mark - text->data) : text->length };
	size_t skip = mark ? piece.length + 1 : piece.length;

	text->data += skip;
	text->length -= skip;
	return piece;
}

static struct wye_field split_at_equals(struct wye_text piece)
{
	struct wye_field pair = { .name = piece, .value = { "", 0 } };
	const char *equals = piece.length ? memchr(piece.data, '=', piece.length) : NULL;

	if (!equals)
		return pair;
	pair.name.length = (size_t)(equals - piece.data);
	pair.value = (struct wye_text) { equals + 1, piece.length - pair.name.length - 1 };
	return pair;
}

static bool decode(struct wye_text *text, struct wye_arena *arena)
{
	struct wye_text copy;

	if (!text->length ||
	    (!memchr(text->data, '%', text->length) && !memchr(text->data, '+', text->length)))
		return true;
	copy = wye_arena_copy(arena, text->data, text->length);
	if (!copy.data)
		return false;
	copy.length = wye_percent_decode(copy, true, (char *)copy.data);
	*text = copy;
	return true;
}

void wye_pairs_parse_form(struct wye_pairs *pairs, struct wye_arena *arena,
			  struct wye_text text)
{
	pairs->parsed = true;
	if (!text.length)
		return;
	pairs->incomplete = !make_room(pairs, arena, count_bytes(text, '&') + 1);
	while (text.length && !pairs->incomplete) {
		struct wye_field pair = split_at_equals(take(&text, '&'));

		if (!pair.name.length && !pair.value.length)
			continue;
		pairs->incomplete = !decode(&pair.name, arena) || !decode(&pair.value, arena);
		if (!pairs->incomplete)
			pairs->items[pairs->count++] = pair;
	}
}

static struct wye_text unquoted(struct wye_text value)
{
	if (value.length < 2 || value.data[0] != '"' || value.data[value.length - 1] != '"')
		return value;
	return (struct wye_text) { value.data + 1, value.length - 2 };
}

void wye_pairs_parse_cookies(struct wye_pairs *pairs, struct wye_arena *arena,
			     struct wye_text text)
{
	pairs->parsed = true;
	if (!text.length)
		return;
	if (!make_room(pairs, arena, count_bytes(text, ';') + 1)) {
		pairs->incomplete = true;
		return;
	}
	while (text.length) {
		struct wye_field pair = split_at_equals(wye_text_trim(take(&text, ';')));

		if (!pair.name.length)
			continue;
		pair.value = unquoted(pair.value);
		pairs->items[pairs->count++] = pair;
	}
}

struct wye_text wye_pairs_find(const struct wye_pairs *pairs, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < pairs->count; i++)
		if (pairs->items[i].name.length == length &&
		    !memcmp(pairs->items[i].name.data, name, length))
			return pairs->items[i].value;
	return (struct wye_text) { NULL, 0 };
}
