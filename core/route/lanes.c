/* SPDX-License-Identifier: MIT
 *
 * lanes.c - see lanes.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/nearest.h"
#include "route/lanes.h"

/* A route of either lane, with what has to be undone. */
struct route {
	union {
		struct wye_route base;
		struct wye_rest_route rest;
		struct wye_ws_route ws;
	};
	struct route *next;
	bool is_ws, opened;
	void *chain; /* steps of its own, or NULL */
	struct wye_settings *own, *handlers;
};

struct all {
	struct wye_lanes lanes; /* first */
	struct wye_rest_chain rest_chain;
	struct wye_ws_chain ws_chain;
	struct route *routes, **last;
	/* While it is made. */
	const struct wye_options *options;
	struct wye_registry *registry;
	struct wye_problems *problems;
};

static const struct wye_setting REST_ROUTE[] = {
	{ .name = "path", .type = WYE_SETTING_STRING, .flags = WYE_SETTING_REQUIRED },
	{ .name = "handler", .type = WYE_SETTING_STRING, .flags = WYE_SETTING_REQUIRED },
	{ .name = "methods", .type = WYE_SETTING_STRINGS },
	{ .name = "chain", .type = WYE_SETTING_STRINGS },
	{ .name = "ticket_timeout",
	  .type = WYE_SETTING_NUMBER,
	  .minimum = 0.01,
	  .maximum = 86400,
	  .unit = "seconds" },
	{ .name = NULL },
};

static const struct wye_setting WS_ROUTE[] = {
	{ .name = "path", .type = WYE_SETTING_STRING, .flags = WYE_SETTING_REQUIRED },
	{ .name = "handler", .type = WYE_SETTING_STRING, .flags = WYE_SETTING_REQUIRED },
	{ .name = "chain", .type = WYE_SETTING_STRINGS },
	{ .name = "max_message",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "1048576",
	  .minimum = 1,
	  .maximum = 268435455,
	  .unit = "bytes" },
	{ .name = "outbox_bytes",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "1048576",
	  .minimum = 1,
	  .maximum = 268435455,
	  .unit = "bytes" },
	{ .name = "outbox_messages",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "8192",
	  .minimum = 1,
	  .maximum = 65535,
	  .unit = "messages" },
	{ .name = "write_timeout",
	  .type = WYE_SETTING_NUMBER,
	  .fallback = "30",
	  .minimum = 0,
	  .maximum = 86400,
	  .unit = "seconds" },
	{ .name = "close_timeout",
	  .type = WYE_SETTING_NUMBER,
	  .fallback = "5",
	  .minimum = 0.01,
	  .maximum = 3600,
	  .unit = "seconds" },
	{ .name = NULL },
};

static const char *const LANE_KEYS[] = { "chain", "routes", NULL };

static unsigned milliseconds(const struct wye_settings *settings, const char *name)
{
	return (unsigned)(wye_setting_number(settings, name) * 1000);
}

/* ---- chains: those of the lane, then those of the route ---- */

static size_t names_in(const config_setting_t *chain)
{
	return chain ? (size_t)config_setting_length(chain) : 0;
}

static bool find_step(struct all *all, enum wye_part part, const config_setting_t *chain,
		      size_t index, struct wye_found *found)
{
	const config_setting_t *at = config_setting_get_elem(chain, (unsigned)index);
	const char *name = config_setting_get_string(at);

	return name && wye_registry_find(all->registry, part, name, at, found, all->problems);
}

static struct wye_rest_step *rest_steps(struct all *all, const config_setting_t *chain,
					struct wye_rest_chain *out,
					const struct wye_rest_chain *outer)
{
	size_t count = names_in(chain), before = outer ? outer->count : 0;
	struct wye_rest_step *steps = calloc(before + count + 1, sizeof *steps);

	if (!steps)
		return NULL;
	if (before)
		memcpy(steps, outer->steps, before * sizeof *steps);
	*out = (struct wye_rest_chain) { before, steps };
	for (size_t i = 0; i < count && out->count < WYE_CHAIN_MAX; i++) {
		struct wye_found found;

		if (find_step(all, WYE_PART_REST_MIDDLEWARE, chain, i, &found))
			steps[out->count++] =
				(struct wye_rest_step) { found.part, found.instance,
							 found.name };
	}
	return steps;
}

static struct wye_ws_step *ws_steps(struct all *all, const config_setting_t *chain,
				    struct wye_ws_chain *out, const struct wye_ws_chain *outer)
{
	size_t count = names_in(chain), before = outer ? outer->count : 0;
	struct wye_ws_step *steps = calloc(before + count + 1, sizeof *steps);

	if (!steps)
		return NULL;
	if (before)
		memcpy(steps, outer->steps, before * sizeof *steps);
	*out = (struct wye_ws_chain) { before, steps };
	for (size_t i = 0; i < count && out->count < WYE_CHAIN_MAX; i++) {
		struct wye_found found;

		if (find_step(all, WYE_PART_WS_MIDDLEWARE, chain, i, &found))
			steps[out->count++] =
				(struct wye_ws_step) { found.part, found.instance, found.name };
	}
	return steps;
}

static const config_setting_t *chain_of(struct all *all, const config_setting_t *group)
{
	config_setting_t *chain = group ? config_setting_get_member(group, "chain") : NULL;
	int type = chain ? config_setting_type(chain) : 0;

	if (!chain)
		return NULL;
	if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST) {
		wye_config_problem(all->problems, chain, "\"chain\" must be a list of strings");
		return NULL;
	}
	if (config_setting_length(chain) > WYE_CHAIN_MAX)
		wye_config_problem(all->problems, chain, "a chain has at most %d steps",
				   WYE_CHAIN_MAX);
	return chain;
}

/* ---- routes ---- */

/* The handler's own keys: checked and shown to its route(). */
static int open_route(struct all *all, struct route *route, const config_setting_t *group,
		      const struct wye_setting *table,
		      int (*open)(void *instance, const struct wye_settings *settings,
				  void **route, struct wye_error *why))
{
	unsigned errors = all->problems->errors;
	struct wye_error why = { "" };
	int error =
		wye_settings_create(&route->handlers, table, group, "the route", all->problems);

	if (error || all->problems->errors > errors)
		return error;
	if (open &&
	    open(route->base.mount.instance, route->handlers, &route->base.mount.route, &why))
		wye_config_problem(all->problems, group, "%s refuses the route: %s",
				   route->base.handler, why.text);
	else
		route->opened = true;
	return 0;
}

static unsigned methods_from(struct all *all, const config_setting_t *list)
{
	unsigned methods = 0;

	for (int i = 0; i < config_setting_length(list); i++) {
		const char *name = config_setting_get_string_elem(list, i);
		struct wye_text text = { name, name ? strlen(name) : 0 };
		enum wye_method method = name ? wye_method_parse(text) : WYE_METHOD_OTHER;

		if (method == WYE_METHOD_OTHER)
			wye_config_problem(all->problems, list,
					   "\"%s\" is no method: GET, HEAD, POST, PUT, DELETE, "
					   "PATCH, OPTIONS",
					   name ? name : "?");
		else
			methods |= method;
	}
	return methods;
}

static unsigned methods_of(struct all *all, const struct wye_rest_handler *handler,
			   const config_setting_t *group)
{
	config_setting_t *list = config_setting_get_member(group, "methods");
	unsigned methods = 0;

	if (list)
		return methods_from(all, list);
	if (!handler->methods)
		return WYE_METHOD_GET | WYE_METHOD_HEAD;
	for (const char *const *name = handler->methods; *name; name++)
		methods |= wye_method_parse((struct wye_text) { *name, strlen(*name) });
	return methods;
}

static void insert(struct all *all, struct wye_router *router, struct route *route,
		   unsigned methods, const config_setting_t *group)
{
	const void *other = NULL;
	struct wye_error why;
	int error = wye_router_add(router, route->base.pattern, methods, route, &other, &why);

	if (error == -EEXIST)
		wye_config_problem(
			all->problems, group, "\"%s\" can't be told apart from \"%s\" at %s",
			route->base.pattern, ((const struct wye_route *)other)->pattern,
			((const struct wye_route *)other)->where);
	else if (error)
		wye_config_problem(all->problems, group, "\"%s\": %s", route->base.pattern,
				   error == -EINVAL ? why.text : strerror(-error));
}

static int finish_rest(struct all *all, struct route *route, const config_setting_t *group)
{
	const struct wye_setting *tables[] = { REST_ROUTE, NULL };
	const config_setting_t *at = config_setting_get_member(group, "handler");
	struct wye_rest_route *rest = &route->rest;
	const config_setting_t *chain = chain_of(all, group);
	struct wye_rest_chain *own;
	struct wye_found found;
	int error;

	if (!wye_registry_find(all->registry, WYE_PART_REST_HANDLER, route->base.handler, at,
			       &found, all->problems))
		return 0;
	rest->handler = found.part;
	rest->base.mount.instance = found.instance;
	rest->methods = methods_of(all, rest->handler, group);
	rest->ticket_timeout = wye_setting_given(route->own, "ticket_timeout")
				       ? milliseconds(route->own, "ticket_timeout")
				       : all->options->ticket_timeout;
	rest->chain = &all->rest_chain;
	if (chain) {
		own = calloc(1, sizeof *own);
		route->chain = own;
		if (!own || !rest_steps(all, chain, own, &all->rest_chain))
			return -ENOMEM;
		rest->chain = own;
	}
	tables[1] = rest->handler->route_settings;
	wye_settings_check_keys(group, tables, 2, NULL, "the route", all->problems);
	error = open_route(all, route, group, tables[1], rest->handler->route);
	if (!error)
		insert(all, all->lanes.rest, route, rest->methods, group);
	return error;
}

static void read_bounds(struct wye_ws_route *ws, const struct wye_settings *own)
{
	ws->max_message = (size_t)wye_setting_integer(own, "max_message");
	ws->outbox_bytes = (size_t)wye_setting_integer(own, "outbox_bytes");
	ws->outbox_messages = (unsigned)wye_setting_integer(own, "outbox_messages");
	ws->write_timeout = milliseconds(own, "write_timeout");
	ws->close_timeout = milliseconds(own, "close_timeout");
}

static int finish_ws(struct all *all, struct route *route, const config_setting_t *group)
{
	const struct wye_setting *tables[] = { WS_ROUTE, NULL };
	const config_setting_t *at = config_setting_get_member(group, "handler");
	const config_setting_t *chain = chain_of(all, group);
	struct wye_ws_route *ws = &route->ws;
	struct wye_ws_chain *own;
	struct wye_found found;
	int error;

	if (!wye_registry_find(all->registry, WYE_PART_WS_HANDLER, route->base.handler, at,
			       &found, all->problems))
		return 0;
	ws->handler = found.part;
	ws->base.mount.instance = found.instance;
	read_bounds(ws, route->own);
	ws->chain = &all->ws_chain;
	if (chain) {
		own = calloc(1, sizeof *own);
		route->chain = own;
		if (!own || !ws_steps(all, chain, own, &all->ws_chain))
			return -ENOMEM;
		ws->chain = own;
	}
	tables[1] = ws->handler->route_settings;
	wye_settings_check_keys(group, tables, 2, NULL, "the route", all->problems);
	error = open_route(all, route, group, tables[1], ws->handler->route);
	if (!error)
		insert(all, all->lanes.websocket, route, WYE_METHOD_GET, group);
	return error;
}

static struct route *add_route(struct all *all, bool is_ws)
{
	struct route *route = calloc(1, sizeof *route);

	if (!route)
		return NULL;
	route->is_ws = is_ws;
	*all->last = route;
	all->last = &route->next;
	return route;
}

static int read_route(struct all *all, const config_setting_t *group, bool is_ws)
{
	unsigned errors = all->problems->errors;
	struct route *route = add_route(all, is_ws);
	int error;

	if (!route)
		return -ENOMEM;
	route->base.where = wye_config_where(group);
	error = wye_settings_create(&route->own, is_ws ? WS_ROUTE : REST_ROUTE, group,
				    "the route", all->problems);
	if (error)
		return error;
	route->base.pattern = wye_setting_string(route->own, "path");
	route->base.handler = wye_setting_string(route->own, "handler");
	if (!route->base.pattern || !route->base.handler || all->problems->errors > errors)
		return 0;
	return is_ws ? finish_ws(all, route, group) : finish_rest(all, route, group);
}

static int read_routes(struct all *all, const config_setting_t *lane, bool is_ws)
{
	config_setting_t *list = lane ? config_setting_get_member(lane, "routes") : NULL;
	int length = list ? config_setting_length(list) : 0, error = 0;

	if (list && config_setting_type(list) != CONFIG_TYPE_LIST) {
		wye_config_problem(all->problems, list,
				   "\"routes\" must be a list: ( { path = ...; } )");
		return 0;
	}
	for (int i = 0; i < length && !error; i++) {
		config_setting_t *group = config_setting_get_elem(list, (unsigned)i);

		if (config_setting_type(group) == CONFIG_TYPE_GROUP)
			error = read_route(all, group, is_ws);
		else
			wye_config_problem(all->problems, group,
					   "a route must be { path = ...; handler = ...; }");
	}
	return error;
}

/* ---- lanes ---- */

static const config_setting_t *lane_section(struct all *all, const struct wye_config *config,
					    const char *name)
{
	config_setting_t *lane = wye_config_member(config, name);

	if (lane && config_setting_type(lane) != CONFIG_TYPE_GROUP) {
		wye_config_problem(all->problems, lane,
				   "\"%s\" must be { chain = ...; routes = ...; }", name);
		return NULL;
	}
	wye_settings_check_keys(lane, NULL, 0, LANE_KEYS, name, all->problems);
	return lane;
}

static int read_lanes(struct all *all, const struct wye_config *config)
{
	const config_setting_t *rest = lane_section(all, config, "rest");
	const config_setting_t *ws = lane_section(all, config, "websocket");
	int error;

	if (!rest_steps(all, chain_of(all, rest), &all->rest_chain, NULL) ||
	    !ws_steps(all, chain_of(all, ws), &all->ws_chain, NULL))
		return -ENOMEM;
	error = read_routes(all, rest, false);
	return error ? error : read_routes(all, ws, true);
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
	all->options = options;
	all->registry = registry;
	all->problems = problems;
	all->lanes.rest_chain = &all->rest_chain;
	all->lanes.ws_chain = &all->ws_chain;
	error = wye_router_create(&all->lanes.rest);
	if (!error)
		error = wye_router_create(&all->lanes.websocket);
	if (!error)
		error = read_lanes(all, config);
	if (error)
		wye_lanes_destroy(&all->lanes);
	else
		*out = &all->lanes;
	return error;
}

static void close_route(struct route *route)
{
	void (*close)(void *instance, void *route) = NULL;

	if (route->opened)
		close = route->is_ws ? route->ws.handler->route_close
				     : route->rest.handler->route_close;
	if (close)
		close(route->base.mount.instance, route->base.mount.route);
	if (route->chain)
		free(route->is_ws ? (void *)((struct wye_ws_chain *)route->chain)->steps
				  : (void *)((struct wye_rest_chain *)route->chain)->steps);
	free(route->chain);
	wye_settings_destroy(route->own);
	wye_settings_destroy(route->handlers);
	free((char *)route->base.where);
	free(route);
}

void wye_lanes_destroy(struct wye_lanes *lanes)
{
	struct all *all = (struct all *)lanes;

	if (!lanes)
		return;
	wye_router_destroy(lanes->rest);
	wye_router_destroy(lanes->websocket);
	while (all->routes) {
		struct route *next = all->routes->next;

		close_route(all->routes);
		all->routes = next;
	}
	free((void *)all->rest_chain.steps);
	free((void *)all->ws_chain.steps);
	free(all);
}

void wye_lanes_visit(const struct wye_lanes *lanes,
		     void (*visit)(const char *lane, const struct wye_route *route,
				   unsigned methods, void *argument),
		     void *argument)
{
	const struct all *all = (const struct all *)lanes;

	for (const struct route *route = all->routes; route; route = route->next)
		visit(route->is_ws ? "websocket" : "rest", &route->base,
		      route->is_ws ? WYE_METHOD_GET : route->rest.methods, argument);
}
