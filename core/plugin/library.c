/* SPDX-License-Identifier: MIT
 *
 * library.c - see library.h.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/nearest.h"
#include "plugin/builtin.h"
#include "plugin/library.h"
#include "plugin/loader.h"

struct wye_loaded {
	struct wye_loaded *next;
	char *name; /* as in `load` */
	const struct wye_plugin *plugin;
	void *handle;
};

static const struct wye_plugin *builtin_named(const char *name, struct wye_nearest *nearest)
{
	for (const struct wye_plugin *const *builtin = wye_builtins; *builtin; builtin++) {
		if (!strcmp((*builtin)->name, name))
			return *builtin;
		wye_nearest_offer(nearest, (*builtin)->name);
	}
	return NULL;
}

/* The name that was meant, if it is one of the plugin folder's files. */
static const char *near_files(const char *folder, const char *name, char hint[128])
{
	DIR *files = opendir(folder);
	struct wye_nearest nearest;
	struct dirent *entry;
	char base[64], best[64];

	wye_nearest_init(&nearest, name);
	while (files && (entry = readdir(files))) {
		size_t length = strlen(entry->d_name);

		if (length < 4 || length >= sizeof base ||
		    strcmp(entry->d_name + length - 3, ".so") != 0)
			continue;
		memcpy(base, entry->d_name, length - 3);
		base[length - 3] = '\0';
		wye_nearest_offer(&nearest, base);
		if (nearest.best == base)
			nearest.best = strcpy(best, base);
	}
	if (files)
		closedir(files);
	if (nearest.best && !strcmp(nearest.best, name))
		nearest.best = NULL; /* it is there, and wrong */
	return wye_nearest_hint(&nearest, hint);
}

int wye_library_load(struct wye_library *library, const char *name, const config_setting_t *at,
		     const struct wye_plugin **out, struct wye_problems *problems)
{
	struct wye_loaded *loaded = library->loaded;
	struct wye_error why = { "" };

	while (loaded && strcmp(loaded->name, name) != 0)
		loaded = loaded->next;
	if (loaded) {
		*out = loaded->plugin;
		return 0;
	}
	loaded = calloc(1, sizeof *loaded);
	if (!loaded)
		return -ENOMEM;
	loaded->name = strdup(name);
	if (!loaded->name || wye_plugin_load(&loaded->plugin, &loaded->handle, name,
					     library->folder, library->config_path, &why)) {
		char hint[128];

		wye_config_problem(problems, at, "%s%s", why.text,
				   near_files(library->folder, name, hint));
		free(loaded->name);
		free(loaded);
		*out = NULL;
		return 0;
	}
	loaded->next = library->loaded;
	library->loaded = loaded;
	*out = loaded->plugin;
	return 0;
}

const struct wye_plugin *wye_library_use(const struct wye_library *library, const char *name,
					 const config_setting_t *at,
					 struct wye_problems *problems)
{
	struct wye_nearest nearest;
	const struct wye_plugin *plugin;
	char hint[128];

	wye_nearest_init(&nearest, name);
	plugin = builtin_named(name, &nearest);
	for (struct wye_loaded *loaded = library->loaded; loaded && !plugin;
	     loaded = loaded->next) {
		if (!strcmp(loaded->name, name))
			plugin = loaded->plugin;
		wye_nearest_offer(&nearest, loaded->name);
	}
	if (!plugin)
		wye_config_problem(problems, at, "there is no middleware \"%s\"%s", name,
				   wye_nearest_hint(&nearest, hint));
	return plugin;
}

void wye_library_fini(struct wye_library *library)
{
	while (library->loaded) {
		struct wye_loaded *loaded = library->loaded;

		library->loaded = loaded->next;
		wye_plugin_unload(loaded->handle);
		free(loaded->name);
		free(loaded);
	}
}
