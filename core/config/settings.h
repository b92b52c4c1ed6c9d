/* SPDX-License-Identifier: MIT
 *
 * settings.h - a group of the config checked against tables of <wye/settings.h>, and its
 * values. Main thread; values are read-only afterwards.
 */
#ifndef WYE_CORE_CONFIG_SETTINGS_H
#define WYE_CORE_CONFIG_SETTINGS_H

#include <wye/settings.h>

#include "config/config.h"

/* Reports every key of `group` that is in none of the tables (count of them; NULL ones are
 * skipped) and none of `others` (names, NULL at the end), with the nearest that is. `what`
 * names the thing in the sentence: "a listener", "the route /x". */
void wye_settings_check_keys(const config_setting_t *group,
			     const struct wye_setting *const *tables, size_t count,
			     const char *const *others, const char *what,
			     struct wye_problems *problems);

/* Checks a table itself, as it comes from a plugin: types, and defaults that their own rows
 * allow. Returns 0, or -EINVAL with a sentence. NULL is right. */
int wye_settings_check_table(const struct wye_setting *table,
			     struct wye_error *why) WYE_MUST_CHECK;

/* Reads the values of one table; `group` NULL: all defaults. Each wrong value is a problem, and
 * has its default then. Returns 0 or -ENOMEM. */
int wye_settings_create(struct wye_settings **out, const struct wye_setting *table,
			const config_setting_t *group, const char *what,
			struct wye_problems *problems) WYE_MUST_CHECK;
void wye_settings_destroy(struct wye_settings *settings);

/* They are of a route with this pattern, which must outlive them. */
void wye_settings_set_pattern(struct wye_settings *settings, const char *pattern);

/* As one would write it: no exponent where digits do. Returns `out`. */
const char *wye_number_text(double number, char out[32]);

/* True if the config has the name, so that it is no default. */
bool wye_setting_given(const struct wye_settings *settings, const char *name);
/* Where the config has it; NULL for a default. */
const config_setting_t *wye_setting_source(const struct wye_settings *settings,
					   const char *name);

#endif
