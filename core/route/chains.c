/* SPDX-License-Identifier: MIT
 *
 * chains.c - see chains.h.
 */
#include <errno.h>
#include <string.h>

#include "config/nearest.h"
#include "route/chains.h"

/* A chain being put together. */
struct draft {
	const struct wye_chain_maker *maker;
	struct wye_step steps[WYE_CHAIN_MAX];
	size_t count;
};

/* A list of strings, or NULL. That it is none was said by the settings' checker. */
static const config_setting_t *names(const config_setting_t *group, const char *key)
{
	const config_setting_t *list = group ? config_setting_get_member(group, key) : NULL;
	int type = list ? config_setting_type(list) : CONFIG_TYPE_NONE;

	return type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST ? list : NULL;
}

static size_t find(const struct draft *draft, const char *name)
{
	size_t i = 0;

	while (i < draft->count && strcmp(draft->steps[i].name, name) != 0)
		i++;
	return i;
}

static void skip(struct draft *draft, const char *name, const config_setting_t *at)
{
	size_t index = find(draft, name);
	struct wye_nearest nearest;
	char hint[128];

	if (index < draft->count) {
		draft->count--;
		memmove(&draft->steps[index], &draft->steps[index + 1],
			(draft->count - index) * sizeof draft->steps[0]);
		return;
	}
	wye_nearest_init(&nearest, name);
	for (size_t i = 0; i < draft->count; i++)
		wye_nearest_offer(&nearest, draft->steps[i].name);
	wye_config_problem(draft->maker->problems, at,
			   "there is no \"%s\" to skip in the inherited chain%s", name,
			   wye_nearest_hint(&nearest, hint));
}

static void append(struct draft *draft, const char *name, const config_setting_t *at)
{
	const struct wye_chain_maker *maker = draft->maker;
	struct wye_found found;
	struct wye_step *step = &draft->steps[draft->count];

	if (!wye_registry_find(maker->registry, maker->part, name, at, &found, maker->problems))
		return;
	if (find(draft, found.name) < draft->count) {
		wye_config_problem(maker->problems, at, "\"%s\" is in the chain twice", name);
	} else if (draft->count == WYE_CHAIN_MAX) {
		wye_config_problem(maker->problems, at, "a chain has at most %d steps",
				   WYE_CHAIN_MAX);
	} else {
		*step = (struct wye_step) { .instance = found.instance,
					    .name = found.name,
					    .plugin = found.plugin,
					    .gauges = found.gauges };
		if (maker->part == WYE_PART_REST_MIDDLEWARE)
			step->rest = found.part;
		else
			step->ws = found.part;
		draft->count++;
	}
}

static void for_each(struct draft *draft, const config_setting_t *list,
		     void (*run)(struct draft *draft, const char *name,
				 const config_setting_t *at))
{
	int length = list ? config_setting_length(list) : 0;

	for (int i = 0; i < length; i++) {
		const config_setting_t *at = config_setting_get_elem(list, (unsigned)i);
		const char *name = config_setting_get_string(at);

		if (name)
			run(draft, name, at);
	}
}

int wye_chain_make(const struct wye_chain **out, const struct wye_chain_maker *maker,
		   const config_setting_t *group, const struct wye_chain *outer)
{
	const config_setting_t *own = names(group, "chain"), *skipped = names(group, "skip");
	struct draft draft = { .maker = maker };
	struct wye_chain *chain;
	struct wye_step *steps;

	*out = outer;
	if (outer && !own && !skipped)
		return 0;
	if (outer) {
		memcpy(draft.steps, outer->steps, outer->count * sizeof draft.steps[0]);
		draft.count = outer->count;
	}
	for_each(&draft, skipped, skip);
	for_each(&draft, own, append);
	chain = wye_arena_allocate(maker->arena, sizeof *chain);
	steps = wye_arena_allocate(maker->arena, (draft.count + 1) * sizeof *steps);
	if (!chain || !steps)
		return -ENOMEM;
	memcpy(steps, draft.steps, draft.count * sizeof *steps);
	*chain = (struct wye_chain) { draft.count, steps };
	*out = chain;
	return 0;
}
