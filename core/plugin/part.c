/* SPDX-License-Identifier: MIT
 *
 * part.c - see part.h.
 */
#include <string.h>

#include "plugin/part.h"

const char *wye_part_kind_name(enum wye_part_kind kind)
{
	static const char *const names[] = {
		[WYE_PART_REST_HANDLER] = "a REST handler",
		[WYE_PART_REST_MIDDLEWARE] = "a REST middleware",
		[WYE_PART_WS_HANDLER] = "a WebSocket handler",
		[WYE_PART_WS_MIDDLEWARE] = "a WebSocket middleware",
	};

	return names[kind];
}

static const struct wye_part *const *list_of(const struct wye_plugin *plugin,
					     enum wye_part_kind kind)
{
	switch (kind) {
	case WYE_PART_REST_HANDLER:
		return (const struct wye_part *const *)plugin->rest_handlers;
	case WYE_PART_REST_MIDDLEWARE:
		return (const struct wye_part *const *)plugin->rest_middleware;
	case WYE_PART_WS_HANDLER:
		return (const struct wye_part *const *)plugin->ws_handlers;
	case WYE_PART_WS_MIDDLEWARE:
		return (const struct wye_part *const *)plugin->ws_middleware;
	}
	return NULL;
}

size_t wye_parts_count(const struct wye_plugin *plugin, enum wye_part_kind kind)
{
	const struct wye_part *const *list = list_of(plugin, kind);
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

const struct wye_part *wye_parts_named(const struct wye_plugin *plugin, enum wye_part_kind kind,
				       const char *name)
{
	const struct wye_part *const *list = list_of(plugin, kind);

	for (; list && *list; list++)
		if (!strcmp((*list)->name, name))
			return *list;
	return NULL;
}

const struct wye_part *wye_parts_first(const struct wye_plugin *plugin, enum wye_part_kind kind)
{
	return list_of(plugin, kind)[0];
}
