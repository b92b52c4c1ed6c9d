/* SPDX-License-Identifier: MIT
 *
 * attribute.h - what middleware found out about a request, by name: a short list in the
 * request's own memory. Owned by whoever holds the request.
 */
#ifndef WYE_CORE_BASE_ATTRIBUTE_H
#define WYE_CORE_BASE_ATTRIBUTE_H

#include "base/arena.h"

struct wye_attribute {
	struct wye_attribute *next;
	struct wye_text name, value;
};

/* Copies both; replaces the value of a name that is there. Returns 0 or -ENOMEM. */
int wye_attribute_set(struct wye_attribute **list, struct wye_arena *arena, const char *name,
		      struct wye_text value) WYE_MUST_CHECK;

/* `data` is NULL if there is none of that name. */
struct wye_text wye_attribute_find(const struct wye_attribute *list, const char *name);

/* The same list in one piece that outlives the arena: its bytes, and the copy into `memory`,
 * which is aligned for a pointer. NULL for an empty list. */
size_t wye_attributes_size(const struct wye_attribute *list);
struct wye_attribute *wye_attributes_copy(const struct wye_attribute *list, void *memory);

#endif
