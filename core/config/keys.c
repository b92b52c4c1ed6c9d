/* SPDX-License-Identifier: MIT
 *
 * keys.c - see keys.h.
 */
#include <string.h>

#include "config/keys.h"
#include "config/nearest.h"

static bool offer_all(const char *key, const struct wye_setting *const *tables, size_t count,
		      const char *const *others, struct wye_nearest *nearest)
{
	for (size_t i = 0; i < count; i++)
		for (const struct wye_setting *row = tables[i]; row && row->name; row++) {
			if (!strcmp(row->name, key))
				return true;
			wye_nearest_offer(nearest, row->name);
		}
	for (; others && *others; others++) {
		if (!strcmp(*others, key))
			return true;
		wye_nearest_offer(nearest, *others);
	}
	return false;
}

void wye_check_keys(const config_setting_t *group, const struct wye_setting *const *tables,
		    size_t count, const char *const *others, const char *what,
		    struct wye_problems *problems)
{
	int length = group ? config_setting_length(group) : 0;

	for (int i = 0; i < length; i++) {
		const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
		const char *key = config_setting_name(member);
		struct wye_nearest nearest;
		char hint[128];

		if (!key)
			continue;
		wye_nearest_init(&nearest, key);
		if (!offer_all(key, tables, count, others, &nearest))
			wye_config_problem(problems, member, "%s has no setting \"%s\"%s", what,
					   key, wye_nearest_hint(&nearest, hint));
	}
}
