/* SPDX-License-Identifier: MIT
 *
 * registry.h - the instances of a config: made from its `plugins` and `middleware` sections,
 * found by the names that chains and routes use. Main thread; lives as long as its config's
 * lanes.
 */
#ifndef WYE_CORE_PLUGIN_REGISTRY_H
#define WYE_CORE_PLUGIN_REGISTRY_H

#include <wye/plugin.h>

#include "config/config.h"
#include "plugin/part.h"

struct wye_registry;

/* Loads what the config names and opens its instances. What fails is a problem, and the rest is
 * tried all the same. Returns 0 or -ENOMEM. */
int wye_registry_create(struct wye_registry **out, const struct wye_config *config,
			const char *folder, struct wye_problems *problems) WYE_MUST_CHECK;
/* Closes the instances, the last opened first, and unloads the plugins. */
void wye_registry_destroy(struct wye_registry *registry);

/* Tells all instances, in the order they were opened; the first start() that fails ends it.
 * Those that were started are to be stopped, which happens in the reverse order. Returns 0 or a
 * negative errno with a sentence. */
int wye_registry_start(struct wye_registry *registry, struct wye_error *why) WYE_MUST_CHECK;
void wye_registry_drain(struct wye_registry *registry);
void wye_registry_stop(struct wye_registry *registry);

/* What of a plugin instance is under way; 0 when nothing is open. */
struct wye_gauges {
	wye_metric timers, posts, jobs, tickets;
};

struct wye_found {
	const void *part; /* of the type that was asked for */
	void *instance;
	const char
		*name; /* as in the config, whose text it is: "instance" or "instance/part" */
	const char *plugin; /* the name that the plugin gives itself */
	const struct wye_gauges *gauges;
};

/* Finds "instance" or "instance/part"; a built-in one is opened at its first use. On failure
 * adds a problem at `at` and returns false. */
bool wye_registry_find(struct wye_registry *registry, enum wye_part_kind kind, const char *name,
		       const config_setting_t *at, struct wye_found *found,
		       struct wye_problems *problems);

#endif
