/* SPDX-License-Identifier: MIT
 *
 * routes.c - see routes.h.
 */
#include <errno.h>
#include <string.h>

#include "config/keys.h"
#include "config/settings.h"
#include "route/routes.h"

#define CHAIN_ROWS                                                                             \
	{ .name = "chain",                                                                     \
	  .type = WYE_SETTING_STRINGS,                                                         \
	  .sentence = "middleware, in order, behind what is inherited" },                      \
		{ .name = "skip",                                                              \
		  .type = WYE_SETTING_STRINGS,                                                 \
		  .sentence = "middleware of the inherited chain that is left out" },          \
	{                                                                                      \
		.name = "host", .type = WYE_SETTING_STRING,                                    \
		.sentence = "only for this host, or \"*.example.org\"; default: any"           \
	}
#define SLASH_ROW                                                                              \
	{                                                                                      \
		.name = "redirect_slash", .type = WYE_SETTING_BOOLEAN,                         \
		.sentence = "redirect a path that differs by a slash at its end; default: as " \
			    "in the group round it, else false"                                \
	}
#define PATH_ROWS                                                                              \
	{ .name = "path",                                                                      \
	  .type = WYE_SETTING_STRING,                                                          \
	  .flags = WYE_SETTING_REQUIRED,                                                       \
	  .sentence = "literal, with \":name\" segments, \"*rest\" at the end" },              \
	{                                                                                      \
		.name = "handler", .type = WYE_SETTING_STRING, .flags = WYE_SETTING_REQUIRED,  \
		.sentence = "an instance, or \"instance/handler\""                             \
	}
#define PREFIX_ROW                                                                             \
	{                                                                                      \
		.name = "prefix", .type = WYE_SETTING_STRING,                                  \
		.sentence = "stands in front of the paths inside"                              \
	}
#define SIZE(key, default_, from, to, unit_, text)                                             \
	{                                                                                      \
		.name = key, .type = WYE_SETTING_INTEGER, .fallback = default_,                \
		.minimum = from, .maximum = to, .unit = unit_, .sentence = text                \
	}
#define SECONDS(key, default_, from, to, text)                                                 \
	{                                                                                      \
		.name = key, .type = WYE_SETTING_NUMBER, .fallback = default_,                 \
		.minimum = from, .maximum = to, .unit = "seconds", .sentence = text            \
	}

static const struct wye_setting REST_GROUP[] = {
	PREFIX_ROW, CHAIN_ROWS, SLASH_ROW, { .name = NULL }
};
static const struct wye_setting WS_GROUP[] = { PREFIX_ROW, CHAIN_ROWS, { .name = NULL } };

static const struct wye_setting REST_ROUTE[] = {
	PATH_ROWS,
	{ .name = "methods",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "default: what the handler declares, else GET and HEAD" },
	CHAIN_ROWS,
	SLASH_ROW,
	SIZE("max_body", NULL, 0, 1e15, "bytes",
	     "of a request's body, beyond: 413; default: the one at the top"),
	SECONDS("ticket_timeout", NULL, 0.01, 86400,
		"for a deferred request, then 503; default: the one at the top"),
	{ .name = NULL },
};

static const char *const SLOW_CONSUMER[] = { "disconnect", "refuse", "drop-oldest",
					     "keep-latest", NULL };

static const struct wye_setting APP_PING[] = {
	{ .name = "request",
	  .type = WYE_SETTING_STRING,
	  .fallback = "ping",
	  .sentence = "the message" },
	{ .name = "reply",
	  .type = WYE_SETTING_STRING,
	  .fallback = "pong",
	  .sentence = "its answer" },
	{ .name = NULL },
};

static const struct wye_setting WS_ROUTE[] = {
	PATH_ROWS,
	CHAIN_ROWS,
	SIZE("max_message", "1048576", 1, 268435455, "bytes", "of a message; beyond: 1009"),
	SIZE("outbox_bytes", "1048576", 1, 134217727, "bytes",
	     "of payload that may wait for the peer; beyond: slow_consumer"),
	SIZE("outbox_messages", "8192", 1, 32767, "messages",
	     "that may wait for the peer; beyond: slow_consumer"),
	{ .name = "slow_consumer",
	  .type = WYE_SETTING_STRING,
	  .fallback = "disconnect",
	  .choices = SLOW_CONSUMER,
	  .sentence = "what becomes of a message that finds the outbox full: the connection is "
		      "closed, the sender is told, or older messages are dropped" },
	SIZE("slow_consumer_code", "1008", 1008, 1013, NULL,
	     "that a slow consumer is closed with: 1008, or 1013 (try again later)"),
	SECONDS("ping_interval", "30", 0, 86400,
		"between two pings of the heartbeat; 0: no heartbeat"),
	SECONDS("pong_timeout", "10", 0, 86400,
		"for a ping's pong; then the peer is gone; 0: no limit"),
	SECONDS("read_deadline", "60", 0, 86400,
		"in which any frame must come; then the peer is gone; 0: no limit"),
	SECONDS("idle_timeout", "0", 0, 864000,
		"without a message either way, then 1001; 0: no limit"),
	SECONDS("max_lifetime", "0", 0, 4000000, "of a connection, then 1012; 0: no limit"),
	{ .name = "lifetime_jitter",
	  .type = WYE_SETTING_NUMBER,
	  .fallback = "0.1",
	  .minimum = 0,
	  .maximum = 1,
	  .sentence = "part of max_lifetime that is taken off at random, so that connections "
		      "don't all end together" },
	{ .name = "fence",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "false",
	  .sentence = "pings behind messages, whose pongs acknowledge them" },
	SECONDS("fence_interval", "0.1", 0, 3600, "at least, between two fences, on average"),
	SIZE("max_frames_per_second", "0", 0, 100000000, "frames",
	     "from one peer, control frames included; beyond: it is read more slowly; 0: no "
	     "limit"),
	SIZE("max_bytes_per_second", "0", 0, 2000000000, "bytes",
	     "from one peer, likewise; 0: no limit"),
	SECONDS("rate_patience", "10", 0, 3600,
		"with a peer that goes on above these two, then 1008"),
	{ .name = "app_ping",
	  .type = WYE_SETTING_GROUP,
	  .reserved = { APP_PING },
	  .sentence = "a text message that is answered without the handler, for pages, which "
		      "can't see pings: { request; reply; }" },
	SECONDS("write_timeout", "30", 0, 86400,
		"in which the peer must take something; 0: no limit"),
	SECONDS("close_timeout", "5", 0.01, 3600, "for the peer's close frame"),
	SECONDS("handshake_timeout", "10", 0.01, 3600,
		"for a verdict that was deferred, then 503"),
	{ .name = "deflate",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "false",
	  .sentence = "compress messages, with clients that offer it (permessage-deflate)" },
	{ .name = "deflate_context_takeover",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "false",
	  .sentence =
		  "clients may compress with what they sent before; costs up to 40 KB each" },
	SIZE("deflate_minimum", "128", 0, 268435455, "bytes",
	     "of a message; shorter ones are sent uncompressed"),
	{ .name = NULL },
};

const struct wye_setting *wye_group_table(bool is_ws)
{
	return is_ws ? WS_GROUP : REST_GROUP;
}

const struct wye_setting *wye_route_table(bool is_ws)
{
	return is_ws ? WS_ROUTE : REST_ROUTE;
}

/* ---- methods ---- */

static unsigned methods_from(const config_setting_t *list, struct wye_problems *problems)
{
	unsigned methods = 0;

	if (!config_setting_length(list))
		wye_config_problem(problems, list,
				   "\"methods\" is empty: no request would match");
	for (int i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *at = config_setting_get_elem(list, (unsigned)i);
		const char *name = config_setting_get_string(at);
		enum wye_method method = WYE_METHOD_OTHER;

		if (!name)
			continue; /* said by the checker */
		method = wye_method_parse((struct wye_text) { name, strlen(name) });
		if (method != WYE_METHOD_OTHER)
			methods |= method;
		else
			wye_config_problem(problems, at,
					   "\"%s\" is no method: GET, HEAD, POST, PUT, DELETE, "
					   "PATCH, OPTIONS",
					   name);
	}
	return methods;
}

static unsigned methods_of(const struct wye_rest_handler *handler,
			   const config_setting_t *entry, struct wye_problems *problems)
{
	config_setting_t *list = config_setting_get_member(entry, "methods");
	unsigned methods = 0;

	if (list)
		return methods_from(list, problems);
	if (!handler->methods)
		return WYE_METHOD_GET | WYE_METHOD_HEAD;
	for (const char *const *name = handler->methods; *name; name++)
		methods |= wye_method_parse((struct wye_text) { *name, strlen(*name) });
	return methods;
}

/* ---- what the lanes have of their own ---- */

static void fill_rest(struct wye_made_route *made, const struct wye_route_maker *maker,
		      const config_setting_t *entry, const struct wye_group *group)
{
	struct wye_rest_route *rest = &made->rest;
	const struct wye_settings *own = made->own;

	rest->methods = methods_of(rest->handler, entry, maker->chains.problems);
	rest->ticket_timeout = wye_setting_given(own, "ticket_timeout")
				       ? wye_setting_milliseconds(own, "ticket_timeout")
				       : maker->ticket_timeout;
	rest->max_body = wye_setting_given(own, "max_body")
				 ? (uint64_t)wye_setting_integer(own, "max_body")
				 : maker->max_body;
	rest->redirect_slash = wye_setting_given(own, "redirect_slash")
				       ? wye_setting_boolean(own, "redirect_slash")
				       : group->redirect_slash;
}

static enum wye_slow_consumer slow_consumer(const char *name)
{
	unsigned i = 0;

	while (SLOW_CONSUMER[i + 1] && strcmp(SLOW_CONSUMER[i], name) != 0)
		i++;
	return (enum wye_slow_consumer)i;
}

static void fill_clock(struct wye_ws_route *ws, const struct wye_settings *own)
{
	ws->ping_interval = wye_setting_milliseconds(own, "ping_interval");
	ws->pong_timeout = wye_setting_milliseconds(own, "pong_timeout");
	ws->read_deadline = wye_setting_milliseconds(own, "read_deadline");
	ws->idle_timeout = wye_setting_milliseconds(own, "idle_timeout");
	ws->max_lifetime = wye_setting_milliseconds(own, "max_lifetime");
	ws->lifetime_jitter =
		(unsigned)(ws->max_lifetime * wye_setting_number(own, "lifetime_jitter"));
}

static unsigned slow_code(const struct wye_settings *own, struct wye_problems *problems)
{
	int64_t code = wye_setting_integer(own, "slow_consumer_code");

	if (code > 1008 && code < 1013)
		wye_config_problem(problems, wye_setting_source(own, "slow_consumer_code"),
				   "\"slow_consumer_code\" is %d; it must be 1008 or 1013",
				   (int)code);
	return (unsigned)code;
}

/* What a route says for nothing, as what it is for is off. */
static void warn_unused(const struct wye_settings *own, const char *key, const char *needs,
			struct wye_problems *problems)
{
	const config_setting_t *at = wye_setting_source(own, key);

	if (at && !wye_setting_boolean(own, needs))
		wye_config_warning(problems, at, "\"%s\" does nothing without \"%s = true\"",
				   key, needs);
}

static void fill_ws(struct wye_made_route *made, struct wye_problems *problems)
{
	struct wye_ws_route *ws = &made->ws;
	const struct wye_settings *own = made->own;

	ws->max_message = (size_t)wye_setting_integer(own, "max_message");
	ws->outbox_bytes = (size_t)wye_setting_integer(own, "outbox_bytes");
	ws->outbox_messages = (unsigned)wye_setting_integer(own, "outbox_messages");
	ws->write_timeout = wye_setting_milliseconds(own, "write_timeout");
	ws->close_timeout = wye_setting_milliseconds(own, "close_timeout");
	ws->handshake_timeout = wye_setting_milliseconds(own, "handshake_timeout");
	ws->slow_consumer = slow_consumer(wye_setting_string(own, "slow_consumer"));
	ws->slow_code = slow_code(own, problems);
	fill_clock(ws, own);
	ws->fence = wye_setting_boolean(own, "fence");
	ws->fence_interval = wye_setting_milliseconds(own, "fence_interval");
	ws->max_frames = (unsigned)wye_setting_integer(own, "max_frames_per_second");
	ws->max_bytes = (unsigned)wye_setting_integer(own, "max_bytes_per_second");
	ws->rate_patience = wye_setting_milliseconds(own, "rate_patience");
	ws->deflate = wye_setting_boolean(own, "deflate");
	ws->deflate_context_takeover = wye_setting_boolean(own, "deflate_context_takeover");
	ws->deflate_minimum = (size_t)wye_setting_integer(own, "deflate_minimum");
	warn_unused(own, "fence_interval", "fence", problems);
	warn_unused(own, "deflate_context_takeover", "deflate", problems);
	warn_unused(own, "deflate_minimum", "deflate", problems);
}

static void register_metrics(struct wye_made_route *made)
{
	struct wye_ws_route_metrics *metrics = &made->ws.metrics;
	const char *pattern = made->base.pattern;

	metrics->backlog_messages = wye_metric_register_for("ws_route_backlog_messages",
							    WYE_GAUGE, "route", pattern);
	metrics->backlog_bytes =
		wye_metric_register_for("ws_route_backlog_bytes", WYE_GAUGE, "route", pattern);
	if (made->ws.fence || made->ws.handler->flags & WYE_WS_ACKS)
		metrics->latency =
			wye_histogram_register("ws_route_delivery_ms", "route", pattern);
}

/* The texts live as long as the config. */
static int fill_app_ping(struct wye_made_route *made, const struct wye_route_maker *maker,
			 const config_setting_t *entry)
{
	const config_setting_t *group = config_setting_get_member(entry, "app_ping");
	struct wye_settings *own;
	int error;

	if (!group || !config_setting_is_group(group))
		return 0;
	error = wye_settings_create(&own, APP_PING, group, "app_ping", maker->chains.problems);
	if (error)
		return error;
	made->ws.app_ping = wye_setting_string(own, "request");
	made->ws.app_pong = wye_setting_string(own, "reply");
	made->ws.app_ping_length = strlen(made->ws.app_ping);
	made->ws.app_pong_length = strlen(made->ws.app_pong);
	wye_settings_destroy(own);
	return 0;
}

/* ---- one route ---- */

/* The handler's own keys: checked and shown to its route(). */
static int open_route(struct wye_made_route *made, const struct wye_route_maker *maker,
		      const config_setting_t *entry)
{
	const struct wye_setting *table = made->is_ws ? made->ws.handler->route_settings
						      : made->rest.handler->route_settings;
	const struct wye_setting *const tables[] = { wye_route_table(made->is_ws), table };
	struct wye_problems *problems = maker->chains.problems;
	struct wye_mount *mount = &made->base.mount;
	unsigned errors = problems->errors;
	struct wye_error why = { "" };
	int (*open)(void *instance, const struct wye_settings *settings, void **route,
		    struct wye_error *why) =
		made->is_ws ? made->ws.handler->route : made->rest.handler->route;
	int error;

	wye_check_keys(entry, tables, 2, NULL, "the route", problems);
	error = wye_settings_create(&made->handlers, table, entry, "the route", problems);
	if (error || problems->errors > errors)
		return error;
	wye_settings_set_pattern(made->handlers, made->base.pattern);
	if (open && open(mount->instance, made->handlers, &mount->route, &why))
		wye_config_problem(problems, entry, "%s refuses the route: %s",
				   made->base.handler, why.text);
	else
		made->opened = true;
	return 0;
}

static void insert(const struct wye_made_route *made, const struct wye_route_maker *maker,
		   const config_setting_t *entry)
{
	const struct wye_route *base = &made->base, *other = NULL;
	struct wye_problems *problems = maker->chains.problems;
	struct wye_error why = { "out of memory" };
	const void *found = NULL;
	struct wye_router *router;
	int error = wye_hosts_router(maker->routes, base->host, &router);

	if (!error)
		error = wye_router_add(router, base->pattern,
				       made->is_ws ? WYE_METHOD_GET : made->rest.methods, made,
				       &found, &why);
	other = found;
	if (error == -EEXIST)
		wye_config_problem(problems, entry,
				   "\"%s\" can't be told apart from \"%s\" at %s",
				   base->pattern, other->pattern, other->where);
	else if (error)
		wye_config_problem(problems, config_setting_get_member(entry, "path"),
				   "\"%s\": %s", base->pattern, why.text);
}

bool wye_route_check_host(const config_setting_t *entry, const char *host,
			  struct wye_problems *problems)
{
	if (!host || wye_hosts_is_host(host))
		return true;
	wye_config_problem(problems, config_setting_get_member(entry, "host"),
			   "\"%s\" is no host like \"api.example.org\" or \"*.example.org\"",
			   host);
	return false;
}

static bool find_handler(struct wye_made_route *made, const struct wye_route_maker *maker,
			 const config_setting_t *entry)
{
	const config_setting_t *at = config_setting_get_member(entry, "handler");
	struct wye_found found;

	if (!wye_registry_find(maker->chains.registry,
			       made->is_ws ? WYE_PART_WS_HANDLER : WYE_PART_REST_HANDLER,
			       made->base.handler, at, &found, maker->chains.problems))
		return false;
	if (made->is_ws)
		made->ws.handler = found.part;
	else
		made->rest.handler = found.part;
	made->base.mount.instance = found.instance;
	made->base.gauges = found.gauges;
	return true;
}

static const char *join(struct wye_arena *arena, const char *prefix, const char *path)
{
	size_t before = strlen(prefix), length = strlen(path);
	char *pattern = wye_arena_allocate(arena, before + length + 1);

	if (!pattern)
		return NULL;
	memcpy(pattern, prefix, before);
	memcpy(pattern + before, path, length + 1);
	return pattern;
}

static int fill_base(struct wye_made_route *made, const struct wye_route_maker *maker,
		     const config_setting_t *entry, const struct wye_group *group)
{
	struct wye_route *base = &made->base;
	const char *path = wye_setting_string(made->own, "path");

	base->pattern = path ? join(maker->chains.arena, group->prefix, path) : "";
	base->handler = wye_setting_string(made->own, "handler");
	base->host = wye_setting_string(made->own, "host");
	if (!base->host)
		base->host = group->host;
	else
		(void)wye_route_check_host(entry, base->host, maker->chains.problems);
	base->where = wye_config_where(entry, maker->chains.arena);
	if (!base->pattern || !base->where)
		return -ENOMEM;
	return wye_chain_make(&base->chain, &maker->chains, entry, group->chain);
}

int wye_route_make(struct wye_made_route *route, const struct wye_route_maker *maker,
		   const config_setting_t *entry, const struct wye_group *group)
{
	struct wye_problems *problems = maker->chains.problems;
	unsigned errors = problems->errors;
	int error = wye_settings_create(&route->own, wye_route_table(route->is_ws), entry,
					"the route", problems);

	if (!error)
		error = fill_base(route, maker, entry, group);
	if (error || !route->base.handler || !find_handler(route, maker, entry))
		return error;
	if (route->is_ws) {
		fill_ws(route, problems);
		register_metrics(route);
		error = fill_app_ping(route, maker, entry);
	} else {
		fill_rest(route, maker, entry, group);
	}
	if (!error)
		error = open_route(route, maker, entry);
	if (!error && problems->errors == errors && !route->base.pattern[0])
		wye_config_problem(problems, entry, "a path begins with \"/\"");
	if (!error && problems->errors == errors && !group->misplaced)
		insert(route, maker, entry);
	return error;
}

void wye_route_close(struct wye_made_route *route)
{
	void (*close)(void *instance, void *route) = NULL;

	if (route->opened)
		close = route->is_ws ? route->ws.handler->route_close
				     : route->rest.handler->route_close;
	if (close)
		close(route->base.mount.instance, route->base.mount.route);
	wye_settings_destroy(route->own);
	wye_settings_destroy(route->handlers);
}
