/* SPDX-License-Identifier: MIT
 *
 * lanes.c - see lanes.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"
#include "config/settings.h"
#include "route/lanes.h"
#include "route/routes.h"

enum {
	DEPTH = 16, /* of groups in groups */
};

struct all {
	struct wye_lanes lanes; /* first */
	struct wye_arena arena; /* chains, patterns, places */
	struct wye_made_route *routes, **last;
};

static const char *const LIST_KEYS[] = { "routes", NULL };

/* ---- groups ---- */

static int read_entries(struct all *all, const struct wye_route_maker *maker,
			struct wye_lane *lane, const config_setting_t *holder,
			const struct wye_group *group, unsigned depth);

static struct wye_made_route *add_route(struct all *all, bool is_ws)
{
	struct wye_made_route *route = calloc(1, sizeof *route);

	if (!route)
		return NULL;
	route->is_ws = is_ws;
	*all->last = route;
	all->last = &route->next;
	return route;
}

/* The patterns inside are `joined` and more. */
static bool check_prefix(const char *prefix, const char *joined, const config_setting_t *at,
			 struct wye_problems *problems)
{
	size_t length = strlen(prefix);
	struct wye_pattern pattern;
	struct wye_error why;

	if (length < 2 || prefix[0] != '/' || prefix[length - 1] == '/' ||
	    strstr(prefix, "/*")) {
		wye_config_problem(problems, at,
				   "\"%s\" is no prefix like \"/api\": a slash in front, none "
				   "at the end, no \"*\"",
				   prefix);
		return false;
	}
	if (wye_pattern_parse(&pattern, joined, &why)) {
		wye_config_problem(problems, at, "\"%s\": %s", joined, why.text);
		return false;
	}
	return true;
}

static int extend_prefix(struct wye_group *inner, struct all *all, const char *prefix,
			 const config_setting_t *entry, struct wye_problems *problems)
{
	size_t before = strlen(inner->prefix);
	char *joined = wye_arena_allocate(&all->arena, before + strlen(prefix) + 1);

	if (!joined)
		return -ENOMEM;
	memcpy(joined, inner->prefix, before);
	strcpy(joined + before, prefix);
	if (check_prefix(prefix, joined, config_setting_get_member(entry, "prefix"), problems))
		inner->prefix = joined;
	else
		inner->misplaced = true;
	return 0;
}

/* What matches no route below a prefix, or on a host, runs through the group's chain. Of two
 * groups with the same prefix the first has it. */
static int remember(struct wye_lane *lane, struct wye_arena *arena,
		    const struct wye_group *group)
{
	size_t length = strlen(group->prefix);
	char *pattern = wye_arena_allocate(arena, length + sizeof "/*-");
	const void *other;
	struct wye_router *router;
	int error;

	if (!pattern)
		return -ENOMEM;
	memcpy(pattern, group->prefix, length);
	memcpy(pattern + length, "/*-", sizeof "/*-");
	error = wye_hosts_router(lane->groups, group->host, &router);
	if (!error && length)
		error = wye_router_add(router, group->prefix, WYE_METHOD_GET, group->chain,
				       &other, NULL);
	if (!error)
		error = wye_router_add(router, pattern, WYE_METHOD_GET, group->chain, &other,
				       NULL);
	return error == -ENOMEM ? error : 0; /* others are said of the routes inside */
}

static int fill_group(struct wye_group *inner, struct all *all,
		      const struct wye_route_maker *maker, const struct wye_settings *own,
		      const config_setting_t *entry)
{
	const char *prefix = wye_setting_string(own, "prefix");
	const char *host = wye_setting_string(own, "host");
	struct wye_problems *problems = maker->chains.problems;

	if (prefix && extend_prefix(inner, all, prefix, entry, problems))
		return -ENOMEM;
	if (!wye_route_check_host(entry, host, problems))
		inner->misplaced = true;
	else if (host)
		inner->host = host;
	if (!maker->is_ws && wye_setting_given(own, "redirect_slash"))
		inner->redirect_slash = wye_setting_boolean(own, "redirect_slash");
	return wye_chain_make(&inner->chain, &maker->chains, entry, inner->chain);
}

/* A host outlives the settings that it was read with: strings stand in the config. */
static int read_group(struct all *all, const struct wye_route_maker *maker,
		      struct wye_lane *lane, const config_setting_t *entry,
		      const struct wye_group *outer, unsigned depth)
{
	const struct wye_setting *const tables[] = { wye_group_table(maker->is_ws) };
	struct wye_problems *problems = maker->chains.problems;
	struct wye_group inner = *outer;
	struct wye_settings *own;
	int error;

	if (depth == DEPTH) {
		wye_config_problem(problems, entry, "more than %d groups in one another",
				   DEPTH);
		return 0;
	}
	wye_check_keys(entry, tables, 1, LIST_KEYS, "a group", problems);
	error = wye_settings_create(&own, tables[0], entry, "a group", problems);
	if (error)
		return error;
	error = fill_group(&inner, all, maker, own, entry);
	wye_settings_destroy(own);
	if (!error && (inner.prefix != outer->prefix || inner.host != outer->host))
		error = remember(lane, &all->arena, &inner);
	return error ? error : read_entries(all, maker, lane, entry, &inner, depth + 1);
}

/* A prefix makes one, too: so a misspelt "routes" is told as such. */
static bool is_group(const config_setting_t *entry)
{
	return config_setting_get_member(entry, "routes") ||
	       config_setting_get_member(entry, "prefix");
}

static int read_entry(struct all *all, const struct wye_route_maker *maker,
		      struct wye_lane *lane, const config_setting_t *entry,
		      const struct wye_group *group, unsigned depth)
{
	struct wye_made_route *route;

	if (config_setting_type(entry) != CONFIG_TYPE_GROUP) {
		wye_config_problem(maker->chains.problems, entry,
				   "a route must be { path = ...; handler = ...; }");
		return 0;
	}
	if (is_group(entry))
		return read_group(all, maker, lane, entry, group, depth);
	route = add_route(all, maker->is_ws);
	return route ? wye_route_make(route, maker, entry, group) : -ENOMEM;
}

static int read_entries(struct all *all, const struct wye_route_maker *maker,
			struct wye_lane *lane, const config_setting_t *holder,
			const struct wye_group *group, unsigned depth)
{
	config_setting_t *list = holder ? config_setting_get_member(holder, "routes") : NULL;
	int length = list ? config_setting_length(list) : 0, error = 0;

	if (list && config_setting_type(list) != CONFIG_TYPE_LIST) {
		wye_config_problem(maker->chains.problems, list,
				   "\"routes\" must be a list: ( { path = ...; } )");
		return 0;
	}
	for (int i = 0; i < length && !error; i++)
		error = read_entry(all, maker, lane, config_setting_get_elem(list, (unsigned)i),
				   group, depth);
	return error;
}

/* ---- lanes ---- */

/* A lane's section is the outermost group; it has no prefix. */
static int read_lane(struct all *all, const struct wye_route_maker *maker,
		     struct wye_lane *lane, const config_setting_t *section, const char *name)
{
	const struct wye_setting *const tables[] = { wye_group_table(maker->is_ws) };
	struct wye_problems *problems = maker->chains.problems;
	struct wye_group top = { .prefix = "" };
	struct wye_settings *own;
	int error;

	if (section && config_setting_type(section) != CONFIG_TYPE_GROUP) {
		wye_config_problem(problems, section,
				   "\"%s\" must be { chain = ...; routes = ...; }", name);
		section = NULL;
	}
	wye_check_keys(section, tables, 1, LIST_KEYS, name, problems);
	error = wye_settings_create(&own, tables[0], section, name, problems);
	if (error)
		return error;
	error = fill_group(&top, all, maker, own, section);
	wye_settings_destroy(own);
	lane->chain = top.chain;
	if (!error && (top.prefix[0] || top.host))
		error = remember(lane, &all->arena, &top);
	return error ? error : read_entries(all, maker, lane, section, &top, 0);
}

static int read_lanes(struct all *all, const struct wye_config *config,
		      struct wye_route_maker maker)
{
	int error;

	maker.routes = all->lanes.rest.routes;
	maker.chains.part = WYE_PART_REST_MIDDLEWARE;
	error = read_lane(all, &maker, &all->lanes.rest, wye_config_member(config, "rest"),
			  "rest");
	if (error)
		return error;
	maker.is_ws = true;
	maker.routes = all->lanes.websocket.routes;
	maker.chains.part = WYE_PART_WS_MIDDLEWARE;
	return read_lane(all, &maker, &all->lanes.websocket,
			 wye_config_member(config, "websocket"), "websocket");
}

static int create_tables(struct wye_lane *lane)
{
	int error = wye_hosts_create(&lane->routes);

	return error ? error : wye_hosts_create(&lane->groups);
}

int wye_lanes_create(struct wye_lanes **out, const struct wye_config *config,
		     const struct wye_options *options, struct wye_registry *registry,
		     struct wye_problems *problems)
{
	struct all *all = calloc(1, sizeof *all);
	int error;

	if (!all)
		return -ENOMEM;
	all->last = &all->routes;
	wye_arena_init(&all->arena, NULL, 0);
	error = create_tables(&all->lanes.rest);
	if (!error)
		error = create_tables(&all->lanes.websocket);
	if (!error)
		error = read_lanes(all, config,
				   (struct wye_route_maker) {
					   .chains = { .arena = &all->arena,
						       .registry = registry,
						       .problems = problems },
					   .ticket_timeout = options->ticket_timeout,
					   .max_body = options->max_body,
				   });
	if (error)
		wye_lanes_destroy(&all->lanes);
	else
		*out = &all->lanes;
	return error;
}

static void destroy_tables(struct wye_lane *lane)
{
	wye_hosts_destroy(lane->routes);
	wye_hosts_destroy(lane->groups);
}

void wye_lanes_destroy(struct wye_lanes *lanes)
{
	struct all *all = (struct all *)lanes;

	if (!lanes)
		return;
	destroy_tables(&lanes->rest);
	destroy_tables(&lanes->websocket);
	while (all->routes) {
		struct wye_made_route *next = all->routes->next;

		wye_route_close(all->routes);
		free(all->routes);
		all->routes = next;
	}
	wye_arena_reset(&all->arena);
	free(all);
}

const struct wye_chain *wye_lane_miss(const struct wye_lane *lane, struct wye_text host,
				      struct wye_text path)
{
	struct wye_match match;

	return wye_hosts_find(lane->groups, host, WYE_METHOD_GET, path, &match) ? match.value
										: lane->chain;
}

void wye_lanes_visit(const struct wye_lanes *lanes,
		     void (*visit)(const struct wye_route *route,
				   const struct wye_rest_route *rest, void *argument),
		     void *argument)
{
	const struct all *all = (const struct all *)lanes;

	for (const struct wye_made_route *route = all->routes; route; route = route->next)
		visit(&route->base, route->is_ws ? NULL : &route->rest, argument);
}
