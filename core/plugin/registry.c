/* SPDX-License-Identifier: MIT
 *
 * registry.c - see registry.h.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/calls.h"
#include "base/metric.h"
#include "config/nearest.h"
#include "config/settings.h"
#include "plugin/builtin.h"
#include "plugin/loader.h"
#include "plugin/registry.h"

struct loaded {
	struct loaded *next;
	char *name; /* as in `load` */
	const struct wye_plugin *plugin;
	void *handle;
};

struct instance {
	struct instance *next; /* the last opened first */
	char *name;
	const struct wye_plugin *plugin;
	void *pointer;
	struct wye_settings *settings;
	const config_setting_t *source; /* NULL: made by a name alone */
	struct wye_gauges gauges;
	bool broken; /* open() failed: names that use it are no second problem */
	bool started;
};

struct wye_registry {
	struct loaded *loaded;
	struct instance *instances;
	const char *folder, *config_path;
};

static const char *const PART_NAMES[] = {
	[WYE_PART_REST_HANDLER] = "a REST handler",
	[WYE_PART_REST_MIDDLEWARE] = "a REST middleware",
	[WYE_PART_WS_HANDLER] = "a WebSocket handler",
	[WYE_PART_WS_MIDDLEWARE] = "a WebSocket middleware",
};

/* ---- parts of a plugin ---- */

/* All four types begin with their size and their name. */
struct part {
	size_t size;
	const char *name;
};

static const struct part *const *parts_of(const struct wye_plugin *plugin, enum wye_part part)
{
	switch (part) {
	case WYE_PART_REST_HANDLER:
		return (const struct part *const *)plugin->rest_handlers;
	case WYE_PART_REST_MIDDLEWARE:
		return (const struct part *const *)plugin->rest_middleware;
	case WYE_PART_WS_HANDLER:
		return (const struct part *const *)plugin->ws_handlers;
	case WYE_PART_WS_MIDDLEWARE:
		return (const struct part *const *)plugin->ws_middleware;
	}
	return NULL;
}

static size_t count_parts(const struct wye_plugin *plugin, enum wye_part part)
{
	const struct part *const *list = parts_of(plugin, part);
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

static const struct part *part_named(const struct wye_plugin *plugin, enum wye_part part,
				     const char *name)
{
	const struct part *const *list = parts_of(plugin, part);

	for (; list && *list; list++)
		if (!strcmp((*list)->name, name))
			return *list;
	return NULL;
}

/* ---- instances ---- */

static struct instance *find_instance(const struct wye_registry *registry, const char *name,
				      size_t length)
{
	struct instance *instance = registry->instances;

	while (instance &&
	       (strlen(instance->name) != length || memcmp(instance->name, name, length) != 0))
		instance = instance->next;
	return instance;
}

static void free_instance(struct instance *instance)
{
	wye_settings_destroy(instance->settings);
	free(instance->name);
	free(instance);
}

static int call_open(struct instance *instance, struct wye_error *why)
{
	struct wye_call before = wye_call_enter(instance->name, NULL);
	int error = instance->plugin->open(instance->settings, &instance->pointer, why);

	wye_call_leave(before);
	return error;
}

static int open_instance(struct instance *instance, struct wye_problems *problems)
{
	struct wye_error why = { "" };

	if (!instance->plugin->open || !call_open(instance, &why))
		return 0;
	instance->broken = true;
	if (instance->source &&
	    strncmp(why.text, config_setting_source_file(instance->source),
		    strlen(config_setting_source_file(instance->source))) != 0)
		wye_config_problem(problems, instance->source, "\"%s\" can't be opened: %s",
				   instance->name, why.text);
	else /* it has its place already */
		wye_problem(problems, NULL, 0, "%s", why.text);
	return 0;
}

static void register_gauges(struct instance *instance)
{
	const char *name = instance->name;

	instance->gauges = (struct wye_gauges) {
		wye_metric_register_for("plugin_timers_open", WYE_GAUGE, "plugin", name),
		wye_metric_register_for("plugin_posts_open", WYE_GAUGE, "plugin", name),
		wye_metric_register_for("plugin_jobs_open", WYE_GAUGE, "plugin", name),
		wye_metric_register_for("plugin_tickets_open", WYE_GAUGE, "plugin", name),
	};
}

static int add_instance(struct wye_registry *registry, const struct wye_plugin *plugin,
			const char *name, const config_setting_t *source,
			struct wye_problems *problems)
{
	struct instance *instance = calloc(1, sizeof *instance);
	unsigned errors = problems->errors;
	int error;

	if (!instance)
		return -ENOMEM;
	instance->plugin = plugin;
	instance->source = source;
	instance->name = strdup(name);
	error = instance->name ? wye_settings_create(&instance->settings, plugin->settings,
						     source, name, problems)
			       : -ENOMEM;
	if (error) {
		free_instance(instance);
		return error;
	}
	register_gauges(instance);
	instance->next = registry->instances;
	registry->instances = instance;
	if (problems->errors > errors) {
		instance->broken = true;
		return 0;
	}
	return open_instance(instance, problems);
}

/* ---- the `plugins` and `middleware` sections ---- */

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

static int load_plugin(struct wye_registry *registry, const char *name,
		       const config_setting_t *at, const struct wye_plugin **out,
		       struct wye_problems *problems)
{
	struct loaded *loaded = registry->loaded;
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
					     registry->folder, registry->config_path, &why)) {
		char hint[128];

		wye_config_problem(problems, at, "%s%s", why.text,
				   near_files(registry->folder, name, hint));
		free(loaded->name);
		free(loaded);
		*out = NULL;
		return 0;
	}
	loaded->next = registry->loaded;
	registry->loaded = loaded;
	*out = loaded->plugin;
	return 0;
}

static const struct wye_plugin *used_plugin(struct wye_registry *registry, const char *name,
					    const config_setting_t *at,
					    struct wye_problems *problems)
{
	struct wye_nearest nearest;
	const struct wye_plugin *plugin;
	char hint[128];

	wye_nearest_init(&nearest, name);
	plugin = builtin_named(name, &nearest);
	for (struct loaded *loaded = registry->loaded; loaded && !plugin;
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

/* What an entry is called without `as`: its file's name, without folder and ".so". */
static const char *name_of_file(const char *file, char out[NAME_MAX + 1])
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	size_t length = strnlen(name, NAME_MAX);

	if (length > 3 && !memcmp(name + length - 3, ".so", 3))
		length -= 3;
	memcpy(out, name, length);
	out[length] = '\0';
	return out;
}

/* One entry: { load = "..."; } or { use = "..."; }, with `as` and the plugin's settings. */
static int read_entry(struct wye_registry *registry, const config_setting_t *entry,
		      const char *key, struct wye_problems *problems)
{
	const char *const others[] = { key, "as", NULL };
	const struct wye_plugin *plugin = NULL;
	const char *name = NULL, *as = NULL;
	char own_name[NAME_MAX + 1];
	int error = 0;

	if (!config_setting_lookup_string(entry, key, &name)) {
		wye_config_problem(problems, entry, "an entry needs %s = \"name\"", key);
		return 0;
	}
	if (!strcmp(key, "load"))
		error = load_plugin(registry, name, entry, &plugin, problems);
	else
		plugin = used_plugin(registry, name, entry, problems);
	if (error || !plugin)
		return error;
	if (!config_setting_lookup_string(entry, "as", &as))
		as = name_of_file(name, own_name);
	wye_settings_check_keys(entry, &plugin->settings, 1, others, as, problems);
	if (find_instance(registry, as, strlen(as))) {
		wye_config_problem(problems, entry,
				   "there are two instances named \"%s\"; "
				   "give one another name by as = \"...\"",
				   as);
		return 0;
	}
	return add_instance(registry, plugin, as, entry, problems);
}

static int read_section(struct wye_registry *registry, const struct wye_config *config,
			const char *section, const char *key, struct wye_problems *problems)
{
	config_setting_t *list = wye_config_member(config, section);
	int length = list ? config_setting_length(list) : 0, error = 0;

	if (list && config_setting_type(list) != CONFIG_TYPE_LIST) {
		wye_config_problem(problems, list,
				   "\"%s\" must be a list: ( { %s = \"name\"; } )", section,
				   key);
		return 0;
	}
	for (int i = 0; i < length && !error; i++) {
		config_setting_t *entry = config_setting_get_elem(list, (unsigned)i);

		if (config_setting_type(entry) == CONFIG_TYPE_GROUP)
			error = read_entry(registry, entry, key, problems);
		else
			wye_config_problem(problems, entry, "an entry needs %s = \"name\"",
					   key);
	}
	return error;
}

int wye_registry_create(struct wye_registry **out, const struct wye_config *config,
			const char *folder, struct wye_problems *problems)
{
	struct wye_registry *registry = calloc(1, sizeof *registry);
	int error;

	if (!registry)
		return -ENOMEM;
	registry->folder = folder;
	registry->config_path = wye_config_path(config);
	error = read_section(registry, config, "plugins", "load", problems);
	if (!error)
		error = read_section(registry, config, "middleware", "use", problems);
	if (error)
		wye_registry_destroy(registry);
	else
		*out = registry;
	return error;
}

void wye_registry_destroy(struct wye_registry *registry)
{
	if (!registry)
		return;
	while (registry->instances) {
		struct instance *instance = registry->instances;

		registry->instances = instance->next;
		if (!instance->broken && instance->plugin->close)
			instance->plugin->close(instance->pointer);
		free_instance(instance);
	}
	while (registry->loaded) {
		struct loaded *loaded = registry->loaded;

		registry->loaded = loaded->next;
		wye_plugin_unload(loaded->handle);
		free(loaded->name);
		free(loaded);
	}
	free(registry);
}

/* ---- start, drain, stop ---- */

/* They stand the last opened first. */
static int start_from(struct instance *instance, struct wye_error *why)
{
	struct wye_error said = { "" };
	struct wye_call before;
	int error;

	if (!instance)
		return 0;
	error = start_from(instance->next, why);
	if (error)
		return error;
	before = wye_call_enter(instance->name, NULL);
	if (instance->plugin->start)
		error = instance->plugin->start(instance->pointer, &said);
	wye_call_leave(before);
	if (error)
		wye_error_set(why, "\"%s\" does not start: %s", instance->name,
			      said.text[0] ? said.text : strerror(-error));
	instance->started = !error;
	return error;
}

int wye_registry_start(struct wye_registry *registry, struct wye_error *why)
{
	return start_from(registry->instances, why);
}

static void tell(struct instance *instance, void (*run)(void *instance))
{
	struct wye_call before = wye_call_enter(instance->name, NULL);

	if (run && instance->started)
		run(instance->pointer);
	wye_call_leave(before);
}

void wye_registry_drain(struct wye_registry *registry)
{
	struct instance *instance = registry->instances;

	for (; instance; instance = instance->next)
		tell(instance, instance->plugin->drain);
}

void wye_registry_stop(struct wye_registry *registry)
{
	struct instance *instance = registry->instances;

	for (; instance; instance = instance->next) {
		tell(instance, instance->plugin->stop);
		instance->started = false;
	}
}

/* ---- finding ---- */

static void report_unknown(struct wye_registry *registry, enum wye_part part, const char *name,
			   const config_setting_t *at, struct wye_problems *problems)
{
	struct wye_nearest nearest;
	char hint[128];

	wye_nearest_init(&nearest, name);
	for (struct instance *instance = registry->instances; instance;
	     instance = instance->next)
		if (count_parts(instance->plugin, part))
			wye_nearest_offer(&nearest, instance->name);
	for (const struct wye_plugin *const *builtin = wye_builtins; *builtin; builtin++)
		if (count_parts(*builtin, part))
			wye_nearest_offer(&nearest, (*builtin)->name);
	wye_config_problem(problems, at, "nothing is named \"%s\"%s", name,
			   wye_nearest_hint(&nearest, hint));
}

/* A middleware of one lane can't be mounted on the other: say so, if that is what was tried. Of
 * a plugin with many parts the one of the other lane was meant. */
static void report_wrong_kind(const struct instance *instance, enum wye_part part,
			      const char *name, const config_setting_t *at,
			      struct wye_problems *problems)
{
	static const enum wye_part nearest[][3] = {
		[WYE_PART_REST_HANDLER] = { WYE_PART_WS_HANDLER, WYE_PART_REST_MIDDLEWARE,
					    WYE_PART_WS_MIDDLEWARE },
		[WYE_PART_REST_MIDDLEWARE] = { WYE_PART_WS_MIDDLEWARE, WYE_PART_REST_HANDLER,
					       WYE_PART_WS_HANDLER },
		[WYE_PART_WS_HANDLER] = { WYE_PART_REST_HANDLER, WYE_PART_WS_MIDDLEWARE,
					  WYE_PART_REST_MIDDLEWARE },
		[WYE_PART_WS_MIDDLEWARE] = { WYE_PART_REST_MIDDLEWARE, WYE_PART_WS_HANDLER,
					     WYE_PART_REST_HANDLER },
	};

	for (size_t i = 0; i < 3; i++)
		if (count_parts(instance->plugin, nearest[part][i])) {
			wye_config_problem(problems, at, "\"%s\" is %s; %s is needed here",
					   name, PART_NAMES[nearest[part][i]],
					   PART_NAMES[part]);
			return;
		}
	wye_config_problem(problems, at, "\"%s\" has no part to be used here", name);
}

/* A part of that name, but of another kind, was meant; else there is none. */
static void report_no_part(const struct instance *instance, enum wye_part part,
			   const char *name, const char *wanted, const config_setting_t *at,
			   struct wye_problems *problems)
{
	static const enum wye_part kinds[] = { WYE_PART_REST_HANDLER, WYE_PART_REST_MIDDLEWARE,
					       WYE_PART_WS_HANDLER, WYE_PART_WS_MIDDLEWARE };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (part_named(instance->plugin, kinds[i], wanted)) {
			wye_config_problem(problems, at, "\"%s\" is %s; %s is needed here",
					   name, PART_NAMES[kinds[i]], PART_NAMES[part]);
			return;
		}
	wye_config_problem(problems, at, "\"%s\" has no part \"%s\"", instance->name, wanted);
}

static const struct part *choose(const struct instance *instance, enum wye_part part,
				 const char *name, const char *wanted,
				 const config_setting_t *at, struct wye_problems *problems)
{
	size_t count = count_parts(instance->plugin, part);
	const struct part *found;

	if (!count) {
		report_wrong_kind(instance, part, name, at, problems);
		return NULL;
	}
	if (!wanted && count == 1)
		return parts_of(instance->plugin, part)[0];
	found = part_named(instance->plugin, part, wanted ? wanted : instance->plugin->name);
	if (!found && wanted)
		report_no_part(instance, part, name, wanted, at, problems);
	else if (!found)
		wye_config_problem(problems, at,
				   "\"%s\" has %zu parts: name one, as in \"%s/%s\"", name,
				   count, name, parts_of(instance->plugin, part)[0]->name);
	return found;
}

/* An instance of that name, or a built-in plugin of it, opened now. */
static struct instance *get_instance(struct wye_registry *registry, const char *name,
				     size_t length, struct wye_problems *problems)
{
	struct instance *instance = find_instance(registry, name, length);

	for (const struct wye_plugin *const *builtin = wye_builtins; *builtin && !instance;
	     builtin++)
		if (strlen((*builtin)->name) == length &&
		    !memcmp((*builtin)->name, name, length)) {
			if (add_instance(registry, *builtin, (*builtin)->name, NULL, problems))
				return NULL;
			instance = registry->instances;
		}
	return instance;
}

bool wye_registry_find(struct wye_registry *registry, enum wye_part part, const char *name,
		       const config_setting_t *at, struct wye_found *found,
		       struct wye_problems *problems)
{
	const char *slash = strchr(name, '/');
	struct instance *instance = get_instance(
		registry, name, slash ? (size_t)(slash - name) : strlen(name), problems);

	if (!instance) {
		report_unknown(registry, part, name, at, problems);
		return false;
	}
	found->part = choose(instance, part, name, slash ? slash + 1 : NULL, at, problems);
	found->instance = instance->pointer;
	found->name = slash ? name : instance->name;
	found->plugin = instance->plugin->name;
	found->gauges = &instance->gauges;
	return found->part && !instance->broken;
}
