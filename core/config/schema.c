/* SPDX-License-Identifier: MIT
 *
 * schema.c - see schema.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"

static bool is_number(const struct wye_setting *row, const char *text)
{
	char *end;
	double value = strtod(text, &end);
	bool ranged = row->minimum != row->maximum;

	return *text && !*end && (!ranged || (value >= row->minimum && value <= row->maximum));
}

static bool is_choice(const struct wye_setting *row, const char *text)
{
	const char *const *choice = row->choices;

	while (choice && *choice && strcmp(*choice, text) != 0)
		choice++;
	return !choice || *choice;
}

static bool fallback_fits(const struct wye_setting *row)
{
	const char *text = row->fallback;

	switch (row->type) {
	case WYE_SETTING_BOOLEAN:
		return !text || !strcmp(text, "true") || !strcmp(text, "false");
	case WYE_SETTING_INTEGER:
	case WYE_SETTING_NUMBER:
		return !text || is_number(row, text);
	case WYE_SETTING_STRING:
		return !text || is_choice(row, text);
	case WYE_SETTING_STRINGS:
	case WYE_SETTING_PAIRS:
		return !text;
	case WYE_SETTING_GROUP: /* the program's own only */
	case WYE_SETTING_GROUPS:
		break;
	}
	return false;
}

int wye_check_table(const struct wye_setting *table, struct wye_error *why)
{
	for (const struct wye_setting *row = table; row && row->name; row++) {
		if (fallback_fits(row))
			continue;
		wye_error_set(why,
			      "its setting \"%s\" has an unknown type, or a default that it "
			      "would not allow",
			      row->name);
		return -EINVAL;
	}
	return 0;
}
