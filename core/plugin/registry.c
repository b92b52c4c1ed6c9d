/* SPDX-License-Identifier: MIT
 *
 * registry.c - see registry.h.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"
#include "config/nearest.h"
#include "config/settings.h"
#include "plugin/builtin.h"
#include "plugin/instance.h"
#include "plugin/library.h"
#include "plugin/registry.h"

struct wye_registry {
	struct wye_library library;
	struct wye_instance *instances;
};

static struct wye_instance *find_instance(const struct wye_registry *registry, const char *name,
					  size_t length)
{
	struct wye_instance *instance = registry->instances;

	while (instance &&
	       (strlen(instance->name) != length || memcmp(instance->name, name, length) != 0))
		instance = instance->next;
	return instance;
}

static int add_instance(struct wye_registry *registry, const struct wye_plugin *plugin,
			const char *name, const config_setting_t *source,
			struct wye_problems *problems)
{
	struct wye_instance *instance;
	int error = wye_instance_open(&instance, plugin, name, source, problems);

	if (error)
		return error;
	instance->next = registry->instances;
	registry->instances = instance;
	return 0;
}

/* ---- the `plugins` and `middleware` sections ---- */

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
		error = wye_library_load(&registry->library, name, entry, &plugin, problems);
	else
		plugin = wye_library_use(&registry->library, name, entry, problems);
	if (error || !plugin)
		return error;
	if (!config_setting_lookup_string(entry, "as", &as))
		as = name_of_file(name, own_name);
	if (!*as || strchr(as, '/')) {
		wye_config_problem(problems, entry,
				   "\"%s\" is no name: it has a letter, and no slash", as);
		return 0;
	}
	wye_check_keys(entry, &plugin->settings, 1, others, as, problems);
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
	registry->library.folder = folder;
	registry->library.config_path = wye_config_path(config);
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
		struct wye_instance *instance = registry->instances;

		registry->instances = instance->next;
		wye_instance_close(instance);
	}
	wye_library_fini(&registry->library);
	free(registry);
}

/* ---- start, drain, stop ---- */

/* They stand the last opened first. */
static int start_from(struct wye_instance *instance, struct wye_error *why)
{
	int error = instance ? start_from(instance->next, why) : 0;

	return error || !instance ? error : wye_instance_start(instance, why);
}

int wye_registry_start(struct wye_registry *registry, struct wye_error *why)
{
	return start_from(registry->instances, why);
}

void wye_registry_drain(struct wye_registry *registry)
{
	struct wye_instance *instance = registry->instances;

	for (; instance; instance = instance->next)
		wye_instance_drain(instance);
}

void wye_registry_stop(struct wye_registry *registry)
{
	struct wye_instance *instance = registry->instances;

	for (; instance; instance = instance->next)
		wye_instance_stop(instance);
}

/* ---- finding ---- */

static void report_unknown(struct wye_registry *registry, enum wye_part_kind kind,
			   const char *name, const config_setting_t *at,
			   struct wye_problems *problems)
{
	struct wye_nearest nearest;
	char hint[128];

	wye_nearest_init(&nearest, name);
	for (struct wye_instance *instance = registry->instances; instance;
	     instance = instance->next)
		if (wye_parts_count(instance->plugin, kind))
			wye_nearest_offer(&nearest, instance->name);
	for (const struct wye_plugin *const *builtin = wye_builtins; *builtin; builtin++)
		if (wye_parts_count(*builtin, kind))
			wye_nearest_offer(&nearest, (*builtin)->name);
	wye_config_problem(problems, at, "nothing is named \"%s\"%s", name,
			   wye_nearest_hint(&nearest, hint));
}

/* A middleware of one lane can't be mounted on the other: say so, if that is what was tried. Of
 * a plugin with many parts the one of the other lane was meant. */
static void report_wrong_kind(const struct wye_instance *instance, enum wye_part_kind kind,
			      const char *name, const config_setting_t *at,
			      struct wye_problems *problems)
{
	static const enum wye_part_kind nearest[][3] = {
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
		if (wye_parts_count(instance->plugin, nearest[kind][i])) {
			wye_config_problem(problems, at, "\"%s\" is %s; %s is needed here",
					   name, wye_part_kind_name(nearest[kind][i]),
					   wye_part_kind_name(kind));
			return;
		}
	wye_config_problem(problems, at, "\"%s\" has no part to be used here", name);
}

/* A part of that name, but of another kind, was meant; else there is none. */
static void report_no_part(const struct wye_instance *instance, enum wye_part_kind kind,
			   const char *name, const char *wanted, const config_setting_t *at,
			   struct wye_problems *problems)
{
	static const enum wye_part_kind kinds[] = { WYE_PART_REST_HANDLER,
						    WYE_PART_REST_MIDDLEWARE,
						    WYE_PART_WS_HANDLER,
						    WYE_PART_WS_MIDDLEWARE };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (wye_parts_named(instance->plugin, kinds[i], wanted)) {
			wye_config_problem(problems, at, "\"%s\" is %s; %s is needed here",
					   name, wye_part_kind_name(kinds[i]),
					   wye_part_kind_name(kind));
			return;
		}
	wye_config_problem(problems, at, "\"%s\" has no part \"%s\"", instance->name, wanted);
}

static const struct wye_part *choose(const struct wye_instance *instance,
				     enum wye_part_kind kind, const char *name,
				     const char *wanted, const config_setting_t *at,
				     struct wye_problems *problems)
{
	size_t count = wye_parts_count(instance->plugin, kind);
	const struct wye_part *found;

	if (!count) {
		report_wrong_kind(instance, kind, name, at, problems);
		return NULL;
	}
	if (!wanted && count == 1)
		return wye_parts_first(instance->plugin, kind);
	found = wye_parts_named(instance->plugin, kind,
				wanted ? wanted : instance->plugin->name);
	if (!found && wanted)
		report_no_part(instance, kind, name, wanted, at, problems);
	else if (!found)
		wye_config_problem(problems, at,
				   "\"%s\" has %zu parts: name one, as in \"%s/%s\"", name,
				   count, name, wye_parts_first(instance->plugin, kind)->name);
	return found;
}

/* An instance of that name, or a built-in plugin of it, opened now. */
static struct wye_instance *get_instance(struct wye_registry *registry, const char *name,
					 size_t length, const config_setting_t *at,
					 struct wye_problems *problems)
{
	struct wye_instance *instance = find_instance(registry, name, length);

	for (const struct wye_plugin *const *builtin = wye_builtins; *builtin && !instance;
	     builtin++)
		if (strlen((*builtin)->name) == length &&
		    !memcmp((*builtin)->name, name, length)) {
			if (add_instance(registry, *builtin, (*builtin)->name, NULL, problems))
				return NULL;
			instance = registry->instances;
			if (instance->broken)
				wye_config_problem(problems, at,
						   "\"%s\" needs settings: name it in "
						   "\"middleware\" with them",
						   instance->name);
		}
	return instance;
}

bool wye_registry_find(struct wye_registry *registry, enum wye_part_kind kind, const char *name,
		       const config_setting_t *at, struct wye_found *found,
		       struct wye_problems *problems)
{
	const char *slash = strchr(name, '/');
	struct wye_instance *instance = get_instance(
		registry, name, slash ? (size_t)(slash - name) : strlen(name), at, problems);

	if (!instance) {
		report_unknown(registry, kind, name, at, problems);
		return false;
	}
	found->part = choose(instance, kind, name, slash ? slash + 1 : NULL, at, problems);
	found->instance = instance->pointer;
	found->name = slash ? name : instance->name;
	found->plugin = instance->plugin->name;
	found->gauges = &instance->gauges;
	return found->part && !instance->broken;
}
