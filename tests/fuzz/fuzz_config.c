/* SPDX-License-Identifier: MIT
 *
 * fuzz_config.c - whatever is in a config file, loading it ends with a config or with at least
 * one problem, and each problem is one line. Instances are opened, too, but none of plugins:
 * their files would be beyond this test. Input: the main file; or where there is a line "%%",
 * what stands behind it is another, "b", which may be included.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/options.h"
#include "config/schema.h"
#include "config/settings.h"
#include "plugin/registry.h"
#include "route/lanes.h"
#include "target.h"

enum { LONGEST = 16384 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);
WYE_API const char *__lsan_default_suppressions(void);

/* Its lexer forgets an open string at a syntax error. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig";
}

/* All but what leads to other files: a path in a setting could be any. Of those next to the
 * main file, one is there, and "c" is not. */
static bool is_alone(const uint8_t *data, size_t length)
{
	static const char *const others[] = { "load", "file", "/dev",  "key",
					      "jwks", "root", "\"-\"", "certificate" };
	const uint8_t *end = data + length, *at = data;

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (memmem(data, length, others[i], strlen(others[i])))
			return false;
	while ((at = memmem(at, (size_t)(end - at), "include", 7))) {
		at += 7;
		if (end - at < 4 || (memcmp(at, " \"b\"", 4) && memcmp(at, " \"c\"", 4)))
			return false;
	}
	return true;
}

/* "FILE:LINE: sentence", or a sentence alone where there is no place. */
static void check_lines(const struct wye_problems *problems)
{
	const char *at = problems->lines.data ? problems->lines.data : "",
		   *end = at + problems->lines.length;
	size_t lines = 0;

	for (; at < end; lines++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		must(stop, "a line without its end");
		must(stop - at > 10, "no sentence");
		at = stop + 1;
	}
	must(lines == problems->errors + problems->warnings, "not a line each");
}

struct site {
	struct wye_config *config;
	struct wye_options options;
	struct wye_registry *registry;
	struct wye_lanes *lanes;
};

/* ---- values by a table: each is one that its row allows, whatever the text says ---- */

static const char *const CHOICES[] = { "x", "y", NULL };
static const struct wye_setting TABLE[] = {
	{ .name = "b", .type = WYE_SETTING_BOOLEAN, .fallback = "true" },
	{ .name = "i",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "5",
	  .minimum = 1,
	  .maximum = 9 },
	{ .name = "n", .type = WYE_SETTING_NUMBER, .fallback = "0.5", .maximum = 1 },
	{ .name = "s", .type = WYE_SETTING_STRING, .fallback = "x", .choices = CHOICES },
	{ .name = "l", .type = WYE_SETTING_STRINGS },
	{ .name = "p", .type = WYE_SETTING_PAIRS },
	{ .name = NULL },
};

static void check_scalars(const struct wye_settings *values)
{
	int64_t integer = wye_setting_integer(values, "i");
	double number = wye_setting_number(values, "n");
	const char *choice = wye_setting_string(values, "s");

	(void)wye_setting_boolean(values, "b");
	must(integer >= 1 && integer <= 9, "an integer out of its range");
	must(number >= 0 && number <= 1, "a number out of its range");
	must(choice && (!strcmp(choice, "x") || !strcmp(choice, "y")), "no choice");
}

static void check_lists(const struct wye_settings *values)
{
	for (size_t i = 0; i < wye_setting_count(values, "l"); i++)
		must(wye_setting_item(values, "l", i), "an item that is none");
	for (size_t i = 0; i < wye_setting_count(values, "p"); i++)
		must(wye_setting_item(values, "p", i) && wye_setting_item_name(values, "p", i),
		     "a pair that is none");
}

static void check_values(const struct wye_config *config, struct wye_problems *problems)
{
	struct wye_settings *values;
	struct wye_error why = { "" };

	must(!wye_check_table(TABLE, &why), "a table");
	must(!wye_settings_create(&values, TABLE, wye_config_root(config), "it", problems),
	     "values");
	check_scalars(values);
	check_lists(values);
	wye_setting_error(values, "i", &why, "wrong");
	must(strstr(why.text, "wrong"), "no word");
	wye_settings_destroy(values);
}

static int load(struct site *site, const char *path, struct wye_problems *problems)
{
	int error = wye_config_load(&site->config, path, problems);

	if (!error)
		error = wye_options_load(&site->options, site->config, problems);
	if (!error)
		error = wye_registry_create(&site->registry, site->config, "/nowhere",
					    problems);
	if (!error)
		error = wye_lanes_create(&site->lanes, site->config, &site->options,
					 site->registry, problems);
	return error;
}

static void unload(struct site *site)
{
	wye_lanes_destroy(site->lanes);
	wye_registry_destroy(site->registry);
	wye_options_fini(&site->options);
	wye_config_destroy(site->config);
}

static char folder[] = "/tmp/fuzz_config.XXXXXX", main_file[64], other_file[64];

static void tear_down(void)
{
	unlink(main_file);
	unlink(other_file);
	rmdir(folder);
}

static void set_up(void)
{
	must(mkdtemp(folder), "a folder");
	snprintf(main_file, sizeof main_file, "%s/a", folder);
	snprintf(other_file, sizeof other_file, "%s/b", folder);
	setenv("SET", "a \"value\"", 1);
	atexit(tear_down);
}

static void write_file(const char *path, const uint8_t *data, size_t length)
{
	FILE *file = fopen(path, "w");

	must(file && fwrite(data, 1, length, file) == length && !fclose(file), "a file");
}

static void write_files(const uint8_t *data, size_t length)
{
	const uint8_t *mark = memmem(data, length, "\n%%\n", 4);
	size_t first = mark ? (size_t)(mark - data) + 1 : length, rest;

	write_file(main_file, data, first);
	rest = mark ? first + 3 : length;
	write_file(other_file, data + rest, length - rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct wye_problems problems = { .errors = 0 };
	struct site site = { .config = NULL };

	if (length > LONGEST || !is_alone(data, length))
		return 0;
	if (!main_file[0])
		set_up();
	write_files(data, length);
	if (load(&site, main_file, &problems))
		must(problems.errors, "an error without a problem");
	if (site.config)
		check_values(site.config, &problems);
	check_lines(&problems);
	unload(&site);
	wye_problems_fini(&problems);
	return 0;
}
