/* SPDX-License-Identifier: MIT
 *
 * settings.c - see settings.h and <wye/settings.h>.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/log.h>

#include "config/settings.h"
#include "config/value.h"

struct wye_settings {
	const struct wye_setting *table;
	const config_setting_t *group;
	const char *pattern; /* of the route; or NULL */
	size_t count;
	struct wye_value values[];
};

static size_t table_length(const struct wye_setting *table)
{
	size_t count = 0;

	while (table && table[count].name)
		count++;
	return count;
}

int wye_settings_create(struct wye_settings **out, const struct wye_setting *table,
			const config_setting_t *group, const char *what,
			struct wye_problems *problems)
{
	size_t count = table_length(table);
	struct wye_settings *settings =
		calloc(1, sizeof *settings + count * sizeof settings->values[0]);

	if (!settings)
		return -ENOMEM;
	settings->table = table;
	settings->group = group;
	settings->count = count;
	for (size_t i = 0; i < count; i++) {
		const config_setting_t *source =
			group ? config_setting_get_member(group, table[i].name) : NULL;

		if (source)
			wye_value_read(&settings->values[i], &table[i], source, problems);
		else if (!(table[i].flags & WYE_SETTING_REQUIRED))
			wye_value_default(&settings->values[i], &table[i]);
		else if (group)
			wye_config_problem(problems, group, "%s has no \"%s\"", what,
					   table[i].name);
		else
			wye_problem(problems, NULL, 0, "%s has no \"%s\"", what, table[i].name);
	}
	*out = settings;
	return 0;
}

void wye_settings_destroy(struct wye_settings *settings)
{
	if (!settings)
		return;
	for (size_t i = 0; i < settings->count; i++)
		wye_value_clear(&settings->values[i]);
	free(settings);
}

void wye_settings_set_pattern(struct wye_settings *settings, const char *pattern)
{
	settings->pattern = pattern;
}

/* ---- reading, for plugins too ---- */

enum {
	LISTS = 1u << WYE_SETTING_STRINGS | 1u << WYE_SETTING_PAIRS,
	COUNTED = LISTS | 1u << WYE_SETTING_GROUPS,
};

static const struct wye_value *find(const struct wye_settings *settings, const char *name,
				    unsigned types)
{
	for (size_t i = 0; i < settings->count; i++)
		if (!strcmp(settings->table[i].name, name)) {
			if (!(types & 1u << settings->table[i].type))
				break;
			return &settings->values[i];
		}
	wye_log(WYE_LOG_ERROR, "a plugin reads a setting \"%s\" that it did not declare so",
		name);
	abort();
}

bool wye_setting_boolean(const struct wye_settings *settings, const char *name)
{
	return find(settings, name, 1u << WYE_SETTING_BOOLEAN)->integer;
}

int64_t wye_setting_integer(const struct wye_settings *settings, const char *name)
{
	return find(settings, name, 1u << WYE_SETTING_INTEGER)->integer;
}

double wye_setting_number(const struct wye_settings *settings, const char *name)
{
	return find(settings, name, 1u << WYE_SETTING_NUMBER)->number;
}

unsigned wye_setting_milliseconds(const struct wye_settings *settings, const char *name)
{
	double value = wye_setting_number(settings, name) * 1000;

	return value > 0 && value < 1 ? 1 : (unsigned)(value + 0.5);
}

const char *wye_setting_string(const struct wye_settings *settings, const char *name)
{
	return find(settings, name, 1u << WYE_SETTING_STRING)->string;
}

void wye_setting_wipe(const struct wye_settings *settings, const char *name)
{
	const struct wye_value *value = find(settings, name, 1u << WYE_SETTING_STRING);

	if (value->source && value->string)
		explicit_bzero((char *)value->string, strlen(value->string));
}

size_t wye_setting_count(const struct wye_settings *settings, const char *name)
{
	return find(settings, name, COUNTED)->count;
}

const char *wye_setting_item(const struct wye_settings *settings, const char *name,
			     size_t index)
{
	const struct wye_value *value = find(settings, name, LISTS);

	return index < value->count ? value->items[index] : NULL;
}

const char *wye_setting_item_name(const struct wye_settings *settings, const char *name,
				  size_t index)
{
	const struct wye_value *value = find(settings, name, 1u << WYE_SETTING_PAIRS);

	return index < value->count ? value->names[index] : NULL;
}

const char *wye_setting_pattern(const struct wye_settings *settings)
{
	return settings->pattern;
}

bool wye_setting_given(const struct wye_settings *settings, const char *name)
{
	return find(settings, name, ~0u)->source;
}

const config_setting_t *wye_setting_source(const struct wye_settings *settings,
					   const char *name)
{
	return find(settings, name, ~0u)->source;
}

void wye_setting_error(const struct wye_settings *settings, const char *name,
		       struct wye_error *why, const char *format, ...)
{
	const config_setting_t *at = find(settings, name, ~0u)->source;
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (!at)
		at = settings->group;
	if (at)
		wye_error_set(why, "%s:%u: %s", config_setting_source_file(at),
			      config_setting_source_line(at), text);
	else
		wye_error_set(why, "%s", text);
}
