/* SPDX-License-Identifier: MIT
 *
 * value.c - see value.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"
#include "config/nearest.h"
#include "config/value.h"

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

static bool read_integer(struct wye_value *value, const config_setting_t *source)
{
	int type = config_setting_type(source);

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		return false;
	value->integer = type == CONFIG_TYPE_INT ? config_setting_get_int(source)
						 : config_setting_get_int64(source);
	value->number = (double)value->integer;
	return true;
}

static bool read_strings(struct wye_value *value, const config_setting_t *source)
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
static bool read_pairs(struct wye_value *value, const config_setting_t *source)
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
static bool read_groups(struct wye_value *value, const config_setting_t *source)
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

static bool read_value(struct wye_value *value, const struct wye_setting *row,
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

static bool check_range(const struct wye_value *value, const struct wye_setting *row,
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

static bool check_choice(const struct wye_value *value, const struct wye_setting *row,
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

void wye_value_default(struct wye_value *value, const struct wye_setting *row)
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

	wye_check_keys(group, tables, 1, NULL, row->name, problems);
}

static bool read_checked(struct wye_value *value, const struct wye_setting *row,
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
	if (row->flags & WYE_SETTING_FILLED && !value->count) {
		wye_config_problem(problems, value->source,
				   "\"%s\" is empty: name some, or leave it out", row->name);
		return false;
	}
	if (row->type == WYE_SETTING_GROUP)
		check_group(value->source, row, problems);
	for (int i = 0; row->type == WYE_SETTING_GROUPS && i < (int)value->count; i++)
		check_group(config_setting_get_elem(value->source, (unsigned)i), row, problems);
	return true;
}

void wye_value_read(struct wye_value *value, const struct wye_setting *row,
		    const config_setting_t *source, struct wye_problems *problems)
{
	value->source = source;
	if (read_checked(value, row, problems))
		return;
	wye_value_clear(value);
	*value = (struct wye_value) { .source = source };
	wye_value_default(value, row);
}

void wye_value_clear(struct wye_value *value)
{
	free(value->items);
}
