/* SPDX-License-Identifier: MIT
 *
 * instance.c - see instance.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/calls.h"
#include "base/metric.h"
#include "config/settings.h"
#include "plugin/instance.h"

static void free_instance(struct wye_instance *instance)
{
	wye_settings_destroy(instance->settings);
	free(instance->name);
	free(instance);
}

static int call_open(struct wye_instance *instance, struct wye_error *why)
{
	struct wye_call before = wye_call_enter(instance->name, NULL);
	int error = instance->plugin->open(instance->settings, &instance->pointer, why);

	wye_call_leave(before);
	return error;
}

static void open_it(struct wye_instance *instance, struct wye_problems *problems)
{
	struct wye_error why = { "" };

	if (!instance->plugin->open || !call_open(instance, &why))
		return;
	instance->broken = true;
	if (instance->source &&
	    strncmp(why.text, config_setting_source_file(instance->source),
		    strlen(config_setting_source_file(instance->source))) != 0)
		wye_config_problem(problems, instance->source, "\"%s\" can't be opened: %s",
				   instance->name, why.text);
	else /* it has its place already */
		wye_problem(problems, NULL, 0, "%s", why.text);
}

static void register_gauges(struct wye_instance *instance)
{
	const char *name = instance->name;

	instance->gauges = (struct wye_gauges) {
		wye_metric_register_for("plugin_timers_open", WYE_GAUGE, "plugin", name),
		wye_metric_register_for("plugin_posts_open", WYE_GAUGE, "plugin", name),
		wye_metric_register_for("plugin_jobs_open", WYE_GAUGE, "plugin", name),
		wye_metric_register_for("plugin_tickets_open", WYE_GAUGE, "plugin", name),
	};
}

int wye_instance_open(struct wye_instance **out, const struct wye_plugin *plugin,
		      const char *name, const config_setting_t *source,
		      struct wye_problems *problems)
{
	struct wye_instance *instance = calloc(1, sizeof *instance);
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
	instance->broken = problems->errors > errors;
	if (!instance->broken)
		open_it(instance, problems);
	*out = instance;
	return 0;
}

void wye_instance_close(struct wye_instance *instance)
{
	if (!instance->broken && instance->plugin->close)
		instance->plugin->close(instance->pointer);
	free_instance(instance);
}

/* ---- start, drain, stop ---- */

int wye_instance_start(struct wye_instance *instance, struct wye_error *why)
{
	struct wye_error said = { "" };
	struct wye_call before = wye_call_enter(instance->name, NULL);
	int error = 0;

	if (instance->plugin->start)
		error = instance->plugin->start(instance->pointer, &said);
	wye_call_leave(before);
	if (error)
		wye_error_set(why, "\"%s\" does not start: %s", instance->name,
			      said.text[0] ? said.text : strerror(-error));
	instance->started = !error;
	return error;
}

static void tell(struct wye_instance *instance, void (*run)(void *instance))
{
	struct wye_call before = wye_call_enter(instance->name, NULL);

	if (run && instance->started)
		run(instance->pointer);
	wye_call_leave(before);
}

void wye_instance_drain(struct wye_instance *instance)
{
	tell(instance, instance->plugin->drain);
}

void wye_instance_stop(struct wye_instance *instance)
{
	tell(instance, instance->plugin->stop);
	instance->started = false;
}
