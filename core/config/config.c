/* SPDX-License-Identifier: MIT
 *
 * config.c - see config.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/environment.h"

struct wye_config {
	config_t file;
	char *path;
};

static int fail(const struct wye_config *config, struct wye_problems *problems)
{
	const char *path = config_error_file(&config->file);

	if (config_error_type(&config->file) == CONFIG_ERR_FILE_IO) {
		wye_problem(problems, config->path, 0, "can't be read: %s",
			    strerror(errno ? errno : EIO));
		return -EIO;
	}
	wye_problem(problems, path ? path : config->path,
		    (unsigned)config_error_line(&config->file), "%s",
		    config_error_text(&config->file));
	return -EINVAL;
}

int wye_config_load(struct wye_config **out, const char *path, struct wye_problems *problems)
{
	struct wye_config *config = calloc(1, sizeof *config);
	int error = -ENOMEM;

	if (!config)
		return -ENOMEM;
	config_init(&config->file);
	config->path = strdup(path);
	errno = 0;
	if (config->path)
		error = config_read_file(&config->file, path) ? 0 : fail(config, problems);
	if (!error)
		error = wye_environment_expand(wye_config_root(config), problems);
	if (error) {
		wye_config_destroy(config);
		return error;
	}
	*out = config;
	return 0;
}

void wye_config_destroy(struct wye_config *config)
{
	if (!config)
		return;
	config_destroy(&config->file);
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

void wye_config_problem(struct wye_problems *problems, const config_setting_t *at,
			const char *format, ...)
{
	char text[768];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	wye_problem(problems, config_setting_source_file(at), config_setting_source_line(at),
		    "%s", text);
}

char *wye_config_where(const config_setting_t *at)
{
	char *text;

	if (asprintf(&text, "%s:%u", config_setting_source_file(at),
		     config_setting_source_line(at)) < 0)
		return NULL;
	return text;
}
