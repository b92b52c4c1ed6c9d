/* SPDX-License-Identifier: MIT
 *
 * loader.c - see loader.h.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "config/schema.h"
#include "plugin/loader.h"

static int find_file(char out[PATH_MAX], const char *name, const char *folder,
		     const char *config_path)
{
	const char *slash = strrchr(config_path, '/');
	int length;

	if (!strchr(name, '/'))
		length = snprintf(out, PATH_MAX, "%s/%s.so", folder, name);
	else if (name[0] == '/' || !slash)
		length = snprintf(out, PATH_MAX, "%s", name);
	else
		length = snprintf(out, PATH_MAX, "%.*s/%s", (int)(slash - config_path),
				  config_path, name);
	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int wrong(struct wye_error *why, const char *file, const char *what, const char *name)
{
	wye_error_set(why, "%s: %s%s%s", file, what, name ? " " : "", name ? name : "");
	return -EINVAL;
}

static int check_rest(const struct wye_plugin *plugin, const char *file, struct wye_error *why)
{
	const struct wye_rest_handler *const *handler = plugin->rest_handlers;
	const struct wye_rest_middleware *const *middleware = plugin->rest_middleware;

	for (; handler && *handler; handler++) {
		if ((*handler)->size != sizeof **handler || !(*handler)->name)
			return wrong(why, file, "a REST handler has no name or a wrong size",
				     NULL);
		if (!(*handler)->handle)
			return wrong(why, file, "handle() is missing in REST handler",
				     (*handler)->name);
	}
	for (; middleware && *middleware; middleware++)
		if ((*middleware)->size != sizeof **middleware || !(*middleware)->name)
			return wrong(why, file, "a REST middleware has no name or a wrong size",
				     NULL);
	return 0;
}

static int check_ws(const struct wye_plugin *plugin, const char *file, struct wye_error *why)
{
	const struct wye_ws_handler *const *handler = plugin->ws_handlers;
	const struct wye_ws_middleware *const *middleware = plugin->ws_middleware;

	for (; handler && *handler; handler++) {
		if ((*handler)->size != sizeof **handler || !(*handler)->name)
			return wrong(why, file,
				     "a WebSocket handler has no name or a wrong size", NULL);
		if (!(*handler)->message)
			return wrong(why, file, "message() is missing in WebSocket handler",
				     (*handler)->name);
	}
	for (; middleware && *middleware; middleware++)
		if ((*middleware)->size != sizeof **middleware || !(*middleware)->name)
			return wrong(why, file,
				     "a WebSocket middleware has no name or a wrong size",
				     NULL);
	return 0;
}

static int check_table(const struct wye_setting *table, const char *file, struct wye_error *why)
{
	struct wye_error what;

	if (!wye_check_table(table, &what))
		return 0;
	return wrong(why, file, what.text, NULL);
}

static int check_tables(const struct wye_plugin *plugin, const char *file,
			struct wye_error *why)
{
	const struct wye_rest_handler *const *rest = plugin->rest_handlers;
	const struct wye_ws_handler *const *ws = plugin->ws_handlers;
	int error = check_table(plugin->settings, file, why);

	for (; rest && *rest && !error; rest++)
		error = check_table((*rest)->route_settings, file, why);
	for (; ws && *ws && !error; ws++)
		error = check_table((*ws)->route_settings, file, why);
	return error;
}

int wye_plugin_check(const struct wye_plugin *plugin, const char *file, struct wye_error *why)
{
	int error;

	if (plugin->abi != WYE_PLUGIN_ABI) {
		wye_error_set(why, "%s: built for plugin interface %u, this is %u", file,
			      plugin->abi, WYE_PLUGIN_ABI);
		return -EINVAL;
	}
	if (plugin->size != sizeof *plugin)
		return wrong(why, file, "its wye_plugin has a wrong size", NULL);
	if (!plugin->name)
		return wrong(why, file, "its wye_plugin has no name", NULL);
	error = check_rest(plugin, file, why);
	if (!error)
		error = check_ws(plugin, file, why);
	return error ? error : check_tables(plugin, file, why);
}

int wye_plugin_load(const struct wye_plugin **out, void **handle, const char *name,
		    const char *folder, const char *config_path, struct wye_error *why)
{
	char file[PATH_MAX];
	int error = find_file(file, name, folder, config_path);

	if (error)
		return wrong(why, name, "the path is too long", NULL);
	*handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!*handle) {
		const char *text = dlerror(); /* begins with the file's name */

		wye_error_set(why, "can't load plugin \"%s\": %s", name, text ? text : file);
		return -ENOENT;
	}
	*out = dlsym(*handle, "wye_plugin");
	error = *out ? wye_plugin_check(*out, file, why)
		     : wrong(why, file, "it exports no symbol wye_plugin", NULL);
	if (error)
		dlclose(*handle);
	return error;
}

void wye_plugin_unload(void *handle)
{
	dlclose(handle);
}
