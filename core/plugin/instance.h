/* SPDX-License-Identifier: MIT
 *
 * instance.h - a plugin with the settings of one entry of the config: opened, started, drained,
 * stopped, closed. Main thread.
 */
#ifndef WYE_CORE_PLUGIN_INSTANCE_H
#define WYE_CORE_PLUGIN_INSTANCE_H

#include "config/config.h"
#include "plugin/registry.h"

struct wye_instance {
	struct wye_instance *next; /* the last opened first */
	char *name;
	const struct wye_plugin *plugin;
	void *pointer; /* its own */
	struct wye_settings *settings;
	const config_setting_t *source; /* NULL: made by a name alone */
	struct wye_gauges gauges;
	bool broken; /* open() failed: names that use it are no second problem */
	bool started;
};

/* Makes an instance and opens it; if that fails there is a problem, and it is broken. Returns 0
 * or -ENOMEM. */
int wye_instance_open(struct wye_instance **out, const struct wye_plugin *plugin,
		      const char *name, const config_setting_t *source,
		      struct wye_problems *problems) WYE_MUST_CHECK;
void wye_instance_close(struct wye_instance *instance);

/* Returns 0 or a negative errno with a sentence. */
int wye_instance_start(struct wye_instance *instance, struct wye_error *why) WYE_MUST_CHECK;
/* Of one that was started; else nothing. */
void wye_instance_drain(struct wye_instance *instance);
void wye_instance_stop(struct wye_instance *instance);

#endif
