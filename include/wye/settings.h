/* SPDX-License-Identifier: MIT
 *
 * wye/settings.h - settings that a plugin declares, and reading their values.
 *
 * A plugin declares tables; wye checks the config against them (unknown key, wrong type, out of
 * range: FILE:LINE and the nearest name) before open() or route() sees the values, so that a
 * plugin reads them without a check. Every name in a table has a value or its default.
 */
#ifndef WYE_SETTINGS_H
#define WYE_SETTINGS_H

#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum wye_setting_type {
	WYE_SETTING_BOOLEAN = 1,
	WYE_SETTING_INTEGER,
	WYE_SETTING_NUMBER, /* with a fraction; an integer is taken too */
	WYE_SETTING_STRING,
	WYE_SETTING_STRINGS, /* a list or array of strings */
	WYE_SETTING_GROUP,   /* of the program's own tables only */
	WYE_SETTING_PAIRS,   /* a group of strings under names of the user's own */
	WYE_SETTING_GROUPS,  /* a list of groups; of the program's own tables only */
};

enum wye_setting_flag {
	WYE_SETTING_REQUIRED = 1, /* no default: missing is an error */
	WYE_SETTING_FILLED = 2,   /* a list that is given without an item is an error */
};

/* One row of a table; a row without a name ends it. */
struct wye_setting {
	const char *name;
	enum wye_setting_type type;
	unsigned flags;
	const char *fallback;    /* the default: a string without quotes, "true", "0.5";
				    NULL: unset, 0, false, empty. Lists and pairs have
				    none */
	double minimum, maximum; /* of a number; both 0: no range */
	const char *const
		*choices;     /* of a string: all that are allowed, NULL at the end; or NULL */
	const char *unit;     /* "seconds", "bytes" ...; or NULL */
	const char *sentence; /* what it is for */
	const void *reserved[2];
};

/* The values of one table. Live until the instance's close() or the route's route_close()
 * returns; so do the strings in them. */
struct wye_settings;

/* Each is to be asked for names of its table and of its type only; another name is a fault of
 * the plugin and ends the program with a line that says so. Any thread. */
WYE_API bool wye_setting_boolean(const struct wye_settings *settings, const char *name);
WYE_API int64_t wye_setting_integer(const struct wye_settings *settings, const char *name);
WYE_API double wye_setting_number(const struct wye_settings *settings, const char *name);
/* NULL if unset. */
WYE_API const char *wye_setting_string(const struct wye_settings *settings, const char *name);
/* Overwrites what such a string holds, once the secret that it was has been put to use: it is
 * "" from then on. Within `open`; a default stays. */
WYE_API void wye_setting_wipe(const struct wye_settings *settings, const char *name);
/* The strings of a list, or of pairs in the order that they have in the config. */
WYE_API size_t wye_setting_count(const struct wye_settings *settings, const char *name);
WYE_API const char *wye_setting_item(const struct wye_settings *settings, const char *name,
				     size_t index);
/* What a pair's string is named; NULL behind the last. */
WYE_API const char *wye_setting_item_name(const struct wye_settings *settings, const char *name,
					  size_t index);

/* The pattern of the route that these are settings of, with the prefixes round it; NULL if they
 * are of an instance. */
WYE_API const char *wye_setting_pattern(const struct wye_settings *settings);

/* Puts a sentence about one setting into `why`, with the FILE:LINE where it stands in front;
 * what the setting is called, the sentence itself has to say. */
WYE_API void wye_setting_error(const struct wye_settings *settings, const char *name,
			       struct wye_error *why, const char *format, ...) WYE_PRINTF(4, 5);

#ifdef __cplusplus
}
#endif
#endif
