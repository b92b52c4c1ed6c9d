/* SPDX-License-Identifier: MIT
 *
 * config.c - see config.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/environment.h"
#include "config/source.h"
#include "config/syntax.h"

/* The path of an included file. */
struct included {
	struct included *next;
	const char *name; /* libconfig's */
	char *path;
};

struct wye_config {
	config_t file;
	char *path, *folder;
	struct included *included;
};

/* ---- names of files ---- */

static char *included_path(const struct wye_config *config, const char *name)
{
#if LIBCONFIG_VER_MAJOR == 1 && LIBCONFIG_VER_MINOR < 7
	return wye_source_path(config->folder, name,
			       strlen(name)); /* it leaves the folder out */
#else
	(void)config;
	return strdup(name);
#endif
}

static const char *find_included(struct wye_config *config, const char *name)
{
	struct included *included = config->included;

	while (included && strcmp(included->name, name) != 0)
		included = included->next;
	if (included)
		return included->path;
	included = calloc(1, sizeof *included);
	if (!included)
		return NULL;
	included->name = name;
	included->path = included_path(config, name);
	included->next = config->included;
	config->included = included;
	return included->path;
}

/* Every setting gets the path of its file as one would open it. */
static int name_files(struct wye_config *config, config_setting_t *setting)
{
	int error = 0;

	setting->file = setting->file ? find_included(config, setting->file) : config->path;
	if (!setting->file)
		return -ENOMEM;
	if (config_setting_is_aggregate(setting))
		for (int i = 0; i < config_setting_length(setting) && !error; i++)
			error = name_files(config,
					   config_setting_get_elem(setting, (unsigned)i));
	return error;
}

/* ---- loading ---- */

static int explain(struct wye_config *config, const struct wye_syntax_file *main,
		   struct wye_problems *problems)
{
	const char *name = config_error_file(&config->file);
	struct wye_syntax_file file = { .path = NULL };
	int error = -EINVAL;

	if (!name) {
		wye_syntax_explain(&config->file, main, problems);
		return error;
	}
	file.path = find_included(config, name);
	if (!file.path || wye_source_read(&file.source, file.path))
		error = -ENOMEM;
	else
		wye_syntax_explain(&config->file, &file, problems);
	wye_buffer_wipe(&file.source);
	return error;
}

static int parse(struct wye_config *config, struct wye_syntax_file *main,
		 struct wye_problems *problems)
{
	int error = wye_source_read(&main->source, main->path);

	if (error) {
		wye_problem(problems, main->path, 0, "can't be read: %s",
			    error == -EILSEQ ? "it is no text, a NUL is in it"
					     : strerror(-error));
		return error;
	}
	error = wye_syntax_check(main, config->folder, problems);
	if (error)
		return error;
	config_set_include_dir(&config->file, config->folder);
	if (!config_read_string(&config->file, main->source.data))
		return explain(config, main, problems);
	return name_files(config, wye_config_root(config));
}

static int load(struct wye_config *config, const char *path, struct wye_problems *problems)
{
	struct wye_syntax_file main = { .path = path };
	int error;

	config->path = strdup(path);
	config->folder = wye_source_folder(path);
	if (!config->path || !config->folder)
		return -ENOMEM;
	error = parse(config, &main, problems);
	wye_buffer_wipe(&main.source);
	if (!error)
		error = wye_environment_expand(wye_config_root(config), problems);
	return error;
}

int wye_config_load(struct wye_config **out, const char *path, struct wye_problems *problems)
{
	struct wye_config *config = calloc(1, sizeof *config);
	int error;

	if (!config)
		return -ENOMEM;
	config_init(&config->file);
	error = load(config, path, problems);
	if (error) {
		wye_config_destroy(config);
		return error;
	}
	*out = config;
	return 0;
}

static void forget_included(struct included *included)
{
	while (included) {
		struct included *next = included->next;

		free(included->path);
		free(included);
		included = next;
	}
}

void wye_config_destroy(struct wye_config *config)
{
	if (!config)
		return;
	config_destroy(&config->file);
	forget_included(config->included);
	free(config->folder);
	free(config->path);
	free(config);
}

config_setting_t *wye_config_root(const struct wye_config *config)
{
	return config_root_setting(&config->file);
}

config_setting_t *wye_config_member(const struct wye_config *config, const char *name)
{
	return config_setting_get_member(wye_config_root(config), name);
}

const char *wye_config_path(const struct wye_config *config)
{
	return config->path;
}

typedef void reporter(struct wye_problems *problems, const char *file, unsigned line,
		      const char *format, ...);

WYE_PRINTF(4, 0)
static void report_at(reporter *report, struct wye_problems *problems,
		      const config_setting_t *at, const char *format, va_list arguments)
{
	char text[768];

	vsnprintf(text, sizeof text, format, arguments);
	report(problems, config_setting_source_file(at), config_setting_source_line(at), "%s",
	       text);
}

void wye_config_problem(struct wye_problems *problems, const config_setting_t *at,
			const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_at(wye_problem, problems, at, format, arguments);
	va_end(arguments);
}

void wye_config_warning(struct wye_problems *problems, const config_setting_t *at,
			const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_at(wye_warning, problems, at, format, arguments);
	va_end(arguments);
}

const char *wye_config_where(const config_setting_t *at, struct wye_arena *arena)
{
	const char *file = config_setting_source_file(at);
	size_t size = strlen(file) + 12;
	char *text = wye_arena_allocate(arena, size);

	if (text)
		snprintf(text, size, "%s:%u", file, config_setting_source_line(at));
	return text;
}
