/* SPDX-License-Identifier: MIT
 *
 * value.h - the value of one row of a table: read from the config and checked, or its default.
 * Main thread; read-only afterwards.
 */
#ifndef WYE_CORE_CONFIG_VALUE_H
#define WYE_CORE_CONFIG_VALUE_H

#include <wye/settings.h>

#include "config/config.h"

struct wye_value {
	const config_setting_t *source; /* NULL: a default */
	double number;
	int64_t integer;
	const char *string; /* in the config or in the table */
	const char **items;
	const char **names; /* of the items, if they are pairs */
	size_t count;
};

/* `value` is all zero. A wrong one is a problem, and has its default then. */
void wye_value_read(struct wye_value *value, const struct wye_setting *row,
		    const config_setting_t *source, struct wye_problems *problems);
void wye_value_default(struct wye_value *value, const struct wye_setting *row);
void wye_value_clear(struct wye_value *value);

/* As one would write it: no exponent where digits do. Returns `out`. */
const char *wye_number_text(double number, char out[32]);

#endif
