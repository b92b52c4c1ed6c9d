/* SPDX-License-Identifier: MIT
 *
 * routes.h - makes one route from its entry in the config. Main thread; used by lanes.c.
 */
#ifndef WYE_CORE_ROUTE_ROUTES_H
#define WYE_CORE_ROUTE_ROUTES_H

#include "route/chains.h"
#include "route/hosts.h"

/* What an entry inherits from the groups round it. */
struct wye_group {
	const char *prefix; /* "" at the top */
	const char *host;   /* NULL: any */
	const struct wye_chain *chain;
	bool redirect_slash;
	bool misplaced; /* prefix or host is wrong: what is inside is checked, not routed */
};

/* A route of either lane, with what has to be undone. */
struct wye_made_route {
	union {
		struct wye_route base;
		struct wye_rest_route rest;
		struct wye_ws_route ws;
	};
	struct wye_made_route *next;
	bool is_ws, opened;
	struct wye_settings *own, *handlers;
};

struct wye_route_maker {
	struct wye_chain_maker chains;
	struct wye_hosts *routes;
	unsigned ticket_timeout; /* milliseconds, for routes that say nothing */
	uint64_t max_body;
	bool is_ws;
};

/* What groups and routes may say, by lane. */
const struct wye_setting *wye_group_table(bool is_ws);
const struct wye_setting *wye_route_table(bool is_ws);

/* Says what is wrong with the `host` of a group or route. Returns true if it has none or a good
 * one. */
bool wye_route_check_host(const config_setting_t *entry, const char *host,
			  struct wye_problems *problems);

/* Reads an entry. `route` is all zero but for is_ws, and is to be closed whatever comes of it.
 * What is wrong is added to the problems. Returns 0 or -ENOMEM. */
int wye_route_make(struct wye_made_route *route, const struct wye_route_maker *maker,
		   const config_setting_t *entry, const struct wye_group *group) WYE_MUST_CHECK;
void wye_route_close(struct wye_made_route *route);

#endif
