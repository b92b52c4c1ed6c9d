/* SPDX-License-Identifier: MIT
 *
 * keys.h - finds what nobody reads in a group of the config.
 */
#ifndef WYE_CORE_CONFIG_KEYS_H
#define WYE_CORE_CONFIG_KEYS_H

#include <wye/settings.h>

#include "config/config.h"

/* Reports every key of `group` that is in none of the tables (count of them; NULL ones are
 * skipped) and none of `others` (names, NULL at the end), with the nearest that is. `what`
 * names the thing in the sentence: "a listener", "the route /x". Main thread. */
void wye_check_keys(const config_setting_t *group, const struct wye_setting *const *tables,
		    size_t count, const char *const *others, const char *what,
		    struct wye_problems *problems);

#endif
