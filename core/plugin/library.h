/* SPDX-License-Identifier: MIT
 *
 * library.h - the plugins that a config's names stand for: the built-in ones, and files that
 * are loaded once each. Main thread.
 */
#ifndef WYE_CORE_PLUGIN_LIBRARY_H
#define WYE_CORE_PLUGIN_LIBRARY_H

#include <wye/plugin.h>

#include "config/config.h"

struct wye_loaded;

struct wye_library {
	struct wye_loaded *loaded;
	const char *folder, *config_path;
};

/* What is not to be had is a problem at `at`, and `*out` is NULL. `load` names a file: returns
 * 0 or -ENOMEM. `use` names a plugin that is built in, or loaded already. */
int wye_library_load(struct wye_library *library, const char *name, const config_setting_t *at,
		     const struct wye_plugin **out,
		     struct wye_problems *problems) WYE_MUST_CHECK;
const struct wye_plugin *wye_library_use(const struct wye_library *library, const char *name,
					 const config_setting_t *at,
					 struct wye_problems *problems);
/* Unloads them. */
void wye_library_fini(struct wye_library *library);

#endif
