/* SPDX-License-Identifier: MIT
 *
 * settings.h - the values of one table of <wye/settings.h>, from a group of the config. Made on
 * the main thread; read-only afterwards.
 */
#ifndef WYE_CORE_CONFIG_SETTINGS_H
#define WYE_CORE_CONFIG_SETTINGS_H

#include <wye/settings.h>

#include "config/config.h"

/* Reads the values of one table; `group` NULL: all defaults. Each wrong value is a problem, and
 * has its default then. Returns 0 or -ENOMEM. */
int wye_settings_create(struct wye_settings **out, const struct wye_setting *table,
			const config_setting_t *group, const char *what,
			struct wye_problems *problems) WYE_MUST_CHECK;
void wye_settings_destroy(struct wye_settings *settings);

/* They are of a route with this pattern, which must outlive them. */
void wye_settings_set_pattern(struct wye_settings *settings, const char *pattern);

/* A number of seconds, rounded, but never to none. */
unsigned wye_setting_milliseconds(const struct wye_settings *settings, const char *name);

/* True if the config has the name, so that it is no default. */
bool wye_setting_given(const struct wye_settings *settings, const char *name);
/* Where the config has it; NULL for a default. */
const config_setting_t *wye_setting_source(const struct wye_settings *settings,
					   const char *name);

#endif
