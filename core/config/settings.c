/* SPDX-License-Identifier: MIT
 *
 * settings.c - see settings.h and <wye/settings.h>.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/log.h>

#include "config/nearest.h"
#include "config/settings.h"

struct value {
	const config_setting_t *source; /* NULL: a default */
	double number;
	int64_t integer;
	const char *string; /* in the config or in the table */
	const char **items;
	const char **names; /* of the items, if they are pairs */
	size_t count;
};

struct wye_settings {
	const struct wye_setting *table;
	const config_setting_t *group;
	const char *pattern; /* of the route; or NULL */
	size_t count;
	struct value values[];
};

static const char *const TYPES[] = {
	[WYE_SETTING_BOOLEAN] = "true or false",
	[WYE_SETTING_INTEGER] = "an integer",
	[WYE_SETTING_NUMBER] = "a number",
	[WYE_SETTING_STRING] = "a string",
	[WYE_SETTING_STRINGS] = "a list of strings",
	[WYE_SETTING_GROUP] = "a group: { ... }",
	[WYE_SETTING_PAIRS] = "a group of strings: { name = \"...\"; }",
	[WYE_SETTING_GROUPS] = "a list of groups: ( { ... } )",
};

static size_t table_length(const struct wye_setting *table)
{
	size_t count = 0;

	while (table && table[count].name)
		count++;
	return count;
}

/* ---- unknown keys ---- */

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

void wye_settings_check_keys(const config_setting_t *group,
			     const struct wye_setting *const *tables, size_t count,
			     const char *const *others, const char *what,
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

/* ---- values ---- */

static bool read_integer(struct value *value, const config_setting_t *source)
{
	int type = config_setting_type(source);

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		return false;
	value->integer = type == CONFIG_TYPE_INT ? config_setting_get_int(source)
						 : config_setting_get_int64(source);
	value->number = (double)value->integer;
	return true;
}

static bool read_strings(struct value *value, const config_setting_t *source)
{
	int type = config_setting_type(source), length;

	if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
		return false;
	length = config_setting_length(source);
	value->items = calloc((size_t)length + 1, sizeof *value->items);
	for (int i = 0; value->items && i < length; i++) {
		const char *item = config_setting_get_string_elem(source, i);

		if (!item)
			return false;
		value->items[value->count++] = item;
	}
	return value->items;
}

/* Names and strings lie in one block. */
static bool read_pairs(struct value *value, const config_setting_t *source)
{
	size_t length;

	if (config_setting_type(source) != CONFIG_TYPE_GROUP)
		return false;
	length = (size_t)config_setting_length(source);
	value->items = calloc(2 * length + 1, sizeof *value->items);
	for (size_t i = 0; value->items && i < length; i++) {
		const config_setting_t *member = config_setting_get_elem(source, (unsigned)i);

		value->names = value->items + length;
		value->names[i] = config_setting_name(member);
		value->items[i] = config_setting_get_string(member);
		if (!value->items[i])
			return false;
		value->count++;
	}
	return value->items;
}

/* At least one. */
static bool read_groups(struct value *value, const config_setting_t *source)
{
	int length = config_setting_length(source);

	if (config_setting_type(source) != CONFIG_TYPE_LIST || !length)
		return false;
	for (int i = 0; i < length; i++)
		if (config_setting_type(config_setting_get_elem(source, (unsigned)i)) !=
		    CONFIG_TYPE_GROUP)
			return false;
	value->count = (size_t)length;
	return true;
}

static bool read_value(struct value *value, const struct wye_setting *row,
		       const config_setting_t *source)
{
	switch (row->type) {
	case WYE_SETTING_BOOLEAN:
		if (config_setting_type(source) != CONFIG_TYPE_BOOL)
			return false;
		value->integer = config_setting_get_bool(source);
		return true;
	case WYE_SETTING_INTEGER:
		return read_integer(value, source);
	case WYE_SETTING_NUMBER:
		if (read_integer(value, source))
			return true;
		if (config_setting_type(source) != CONFIG_TYPE_FLOAT)
			return false;
		value->number = config_setting_get_float(source);
		return true;
	case WYE_SETTING_STRING:
		value->string = config_setting_get_string(source);
		return value->string;
	case WYE_SETTING_STRINGS:
		return read_strings(value, source);
	case WYE_SETTING_GROUP:
		return config_setting_type(source) == CONFIG_TYPE_GROUP;
	case WYE_SETTING_PAIRS:
		return read_pairs(value, source);
	case WYE_SETTING_GROUPS:
		return read_groups(value, source);
	}
	return false;
}

const char *wye_number_text(double number, char out[32])
{
	bool plain = number > -1e18 && number < 1e18;

	if (plain && number == (double)(int64_t)number)
		snprintf(out, 32, "%" PRId64, (int64_t)number);
	else
		snprintf(out, 32, "%.15g", number);
	return out;
}

static bool check_range(const struct value *value, const struct wye_setting *row,
			struct wye_problems *problems)
{
	char given[32], low[32], high[32];

	if (row->minimum == row->maximum ||
	    (value->number >= row->minimum && value->number <= row->maximum))
		return true;
	wye_config_problem(problems, value->source, "\"%s\" is %s; it must be %s to %s%s%s",
			   row->name, wye_number_text(value->number, given),
			   wye_number_text(row->minimum, low),
			   wye_number_text(row->maximum, high), row->unit ? " " : "",
			   row->unit ? row->unit : "");
	return false;
}

static bool check_choice(const struct value *value, const struct wye_setting *row,
			 struct wye_problems *problems)
{
	struct wye_nearest nearest;
	char hint[256];
	size_t length = 0;

	wye_nearest_init(&nearest, value->string);
	for (const char *const *choice = row->choices; *choice; choice++) {
		if (!strcmp(*choice, value->string))
			return true;
		wye_nearest_offer(&nearest, *choice);
	}
	for (const char *const *choice = row->choices; *choice && length < sizeof hint;
	     choice++)
		length += (size_t)snprintf(hint + length, sizeof hint - length, "%s\"%s\"",
					   choice == row->choices ? "; it must be "
					   : choice[1]            ? ", "
								  : " or ",
					   *choice);
	wye_config_problem(problems, value->source, "\"%s\" can't be \"%s\"%s", row->name,
			   value->string,
			   nearest.best ? wye_nearest_hint(&nearest, hint) : hint);
	return false;
}

static void read_default(struct value *value, const struct wye_setting *row)
{
	if (!row->fallback)
		return;
	value->string = row->fallback;
	value->number = strtod(row->fallback, NULL);
	value->integer = row->type == WYE_SETTING_BOOLEAN ? !strcmp(row->fallback, "true")
							  : strtoll(row->fallback, NULL, 10);
}

/* Its keys; their values are read by who reads the group. */
static void check_group(const config_setting_t *group, const struct wye_setting *row,
			struct wye_problems *problems)
{
	const struct wye_setting *const tables[] = { row->reserved[0] };

	wye_settings_check_keys(group, tables, 1, NULL, row->name, problems);
}

static bool read_checked(struct value *value, const struct wye_setting *row,
			 struct wye_problems *problems)
{
	if (!read_value(value, row, value->source)) {
		wye_config_problem(problems, value->source, "\"%s\" must be %s", row->name,
				   TYPES[row->type]);
		return false;
	}
	if (row->type == WYE_SETTING_INTEGER || row->type == WYE_SETTING_NUMBER)
		return check_range(value, row, problems);
	if (row->type == WYE_SETTING_STRING && row->choices)
		return check_choice(value, row, problems);
	if (row->type == WYE_SETTING_GROUP)
		check_group(value->source, row, problems);
	for (int i = 0; row->type == WYE_SETTING_GROUPS && i < (int)value->count; i++)
		check_group(config_setting_get_elem(value->source, (unsigned)i), row, problems);
	return true;
}

static void read_given(struct value *value, const struct wye_setting *row,
		       const config_setting_t *source, struct wye_problems *problems)
{
	value->source = source;
	if (read_checked(value, row, problems))
		return;
	free(value->items);
	*value = (struct value) { .source = source };
	read_default(value, row);
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
			read_given(&settings->values[i], &table[i], source, problems);
		else if (!(table[i].flags & WYE_SETTING_REQUIRED))
			read_default(&settings->values[i], &table[i]);
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
		free(settings->values[i].items);
	free(settings);
}

void wye_settings_set_pattern(struct wye_settings *settings, const char *pattern)
{
	settings->pattern = pattern;
}

/* ---- tables ---- */

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

int wye_settings_check_table(const struct wye_setting *table, struct wye_error *why)
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

/* ---- reading, for plugins too ---- */

enum {
	LISTS = 1u << WYE_SETTING_STRINGS | 1u << WYE_SETTING_PAIRS,
	COUNTED = LISTS | 1u << WYE_SETTING_GROUPS,
};

static const struct value *find(const struct wye_settings *settings, const char *name,
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

const char *wye_setting_string(const struct wye_settings *settings, const char *name)
{
	return find(settings, name, 1u << WYE_SETTING_STRING)->string;
}

void wye_setting_wipe(const struct wye_settings *settings, const char *name)
{
	const struct value *value = find(settings, name, 1u << WYE_SETTING_STRING);

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
	const struct value *value = find(settings, name, LISTS);

	return index < value->count ? value->items[index] : NULL;
}

const char *wye_setting_item_name(const struct wye_settings *settings, const char *name,
				  size_t index)
{
	const struct value *value = find(settings, name, 1u << WYE_SETTING_PAIRS);

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
