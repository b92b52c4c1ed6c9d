/* SPDX-License-Identifier: MIT
 *
 * config.h - a config file as libconfig has read it. Main thread; lives until what was made
 * from it is gone, as texts point into it.
 */
#ifndef WYE_CORE_CONFIG_CONFIG_H
#define WYE_CORE_CONFIG_CONFIG_H

#include <libconfig.h>

#include "base/arena.h"
#include "config/problems.h"

struct wye_config;

/* Reads a file and the environment variables that it names. Returns 0, also with problems about
 * variables, so that the rest of the file is checked too; or a negative errno: a syntax error
 * is the only problem then. */
int wye_config_load(struct wye_config **out, const char *path,
		    struct wye_problems *problems) WYE_MUST_CHECK;
void wye_config_destroy(struct wye_config *config);

/* The top-level group; and its member of a name, or NULL. */
config_setting_t *wye_config_root(const struct wye_config *config);
config_setting_t *wye_config_member(const struct wye_config *config, const char *name);
const char *wye_config_path(const struct wye_config *config);

/* Adds a problem, or a warning, at the place of a setting. */
void wye_config_problem(struct wye_problems *problems, const config_setting_t *at,
			const char *format, ...) WYE_PRINTF(3, 4);

void wye_config_warning(struct wye_problems *problems, const config_setting_t *at,
			const char *format, ...) WYE_PRINTF(3, 4);

/* "FILE:LINE" of a setting, in the arena; NULL without memory. */
const char *wye_config_where(const config_setting_t *at, struct wye_arena *arena);

#endif
