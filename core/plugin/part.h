/* SPDX-License-Identifier: MIT
 *
 * part.h - what a plugin has: handlers and middleware of either lane. Any thread.
 */
#ifndef WYE_CORE_PLUGIN_PART_H
#define WYE_CORE_PLUGIN_PART_H

#include <wye/plugin.h>

/* What a name in a chain or a route can stand for. */
enum wye_part_kind {
	WYE_PART_REST_HANDLER,
	WYE_PART_REST_MIDDLEWARE,
	WYE_PART_WS_HANDLER,
	WYE_PART_WS_MIDDLEWARE,
};

/* All four types begin with their size and their name. */
struct wye_part {
	size_t size;
	const char *name;
};

/* "a REST handler". */
const char *wye_part_kind_name(enum wye_part_kind kind);

size_t wye_parts_count(const struct wye_plugin *plugin, enum wye_part_kind kind);
/* One there is at least. */
const struct wye_part *wye_parts_first(const struct wye_plugin *plugin,
				       enum wye_part_kind kind);
/* NULL: there is none of that name. */
const struct wye_part *wye_parts_named(const struct wye_plugin *plugin, enum wye_part_kind kind,
				       const char *name);

#endif
