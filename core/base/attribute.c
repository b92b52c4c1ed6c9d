/* SPDX-License-Identifier: MIT
 *
 * attribute.c - see attribute.h.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/attribute.h"

static struct wye_attribute *find(const struct wye_attribute *list, const char *name)
{
	size_t length = strlen(name);

	while (list && (list->name.length != length || memcmp(list->name.data, name, length)))
		list = list->next;
	return (struct wye_attribute *)list;
}

static struct wye_attribute *add(struct wye_attribute **list, struct wye_arena *arena,
				 const char *name)
{
	struct wye_attribute *one = wye_arena_allocate(arena, sizeof *one);

	if (!one)
		return NULL;
	one->name = wye_arena_copy(arena, name, strlen(name));
	if (!one->name.data)
		return NULL;
	one->next = *list;
	*list = one;
	return one;
}

int wye_attribute_set(struct wye_attribute **list, struct wye_arena *arena, const char *name,
		      struct wye_text value)
{
	struct wye_attribute *one = find(*list, name);
	struct wye_text copy =
		wye_arena_copy(arena, value.data ? value.data : "", value.length);

	if (!one && copy.data)
		one = add(list, arena, name);
	if (!one || !copy.data)
		return -ENOMEM;
	one->value = copy;
	return 0;
}

struct wye_text wye_attribute_find(const struct wye_attribute *list, const char *name)
{
	const struct wye_attribute *one = find(list, name);

	return one ? one->value : (struct wye_text) { NULL, 0 };
}

/* ---- a copy ---- */

size_t wye_attributes_size(const struct wye_attribute *list)
{
	size_t size = 0;

	for (; list; list = list->next)
		size += sizeof *list + list->name.length + list->value.length;
	return size;
}

static size_t count(const struct wye_attribute *list)
{
	size_t number = 0;

	for (; list; list = list->next)
		number++;
	return number;
}

static char *put(char *at, struct wye_text *out, struct wye_text text)
{
	memcpy(at, text.data, text.length);
	*out = (struct wye_text) { at, text.length };
	return at + text.length;
}

struct wye_attribute *wye_attributes_copy(const struct wye_attribute *list, void *memory)
{
	struct wye_attribute *copies = memory;
	char *at = (char *)(copies + count(list));

	if (!list)
		return NULL;
	for (struct wye_attribute *copy = copies; list; list = list->next, copy++) {
		copy->next = list->next ? copy + 1 : NULL;
		at = put(at, &copy->name, list->name);
		at = put(at, &copy->value, list->value);
	}
	return copies;
}
