/* SPDX-License-Identifier: MIT
 *
 * router.h - finds the value registered for a path. Built once per config, then read-only and
 * read on any thread without a lock. Cost grows with the length of the path, not with the
 * number of routes: a radix tree over the patterns' bytes, with parameters as nodes.
 */
#ifndef WYE_CORE_ROUTE_ROUTER_H
#define WYE_CORE_ROUTE_ROUTER_H

#include "base/arena.h"
#include "route/method.h"
#include "route/pattern.h"

struct wye_parameter {
	struct wye_text name;  /* lives as long as the router */
	struct wye_text value; /* points into the path */
	bool rest;             /* "*rest", and not ":name" */
};

/* The value as a plugin sees it: an encoded slash is one, but in a rest, where it would pass
 * for a separator and stays "%2F". A copy in the arena where that is needed; data NULL without
 * memory. */
struct wye_text wye_parameter_text(const struct wye_parameter *parameter,
				   struct wye_arena *arena);

struct wye_match {
	const void *value; /* the route; NULL if none of its methods matched */
	unsigned allowed;  /* all methods that routes for this path take; 0: no route at all */
	size_t count;
	struct wye_parameter parameters[WYE_PARAMETERS_MAX];
};

struct wye_router;

int wye_router_create(struct wye_router **out) WYE_MUST_CHECK;
void wye_router_destroy(struct wye_router *router);

/* Adds a pattern: "/users/:id", "/app/" followed by "*rest" at the end, or literal, for a set
 * of methods. Literal segments win over ":name", and that over "*rest", whatever the order of
 * adding. Escapes in it are decoded as in a path.
 *
 * Returns 0; -EEXIST if a route of the same shape takes one of these methods already (its value
 * is put into `other`); -EINVAL for a pattern that is none, with a sentence; -ENOMEM.
 */
int wye_router_add(struct wye_router *router, const char *pattern, unsigned methods,
		   const void *value, const void **other, struct wye_error *why) WYE_MUST_CHECK;

void wye_match_init(struct wye_match *match);

/* Looks a path up, plain or normalised (target.h). What other routes for it take is added to
 * match->allowed. Any thread; no allocation. Returns true if match->value is set. */
bool wye_router_find(const struct wye_router *router, enum wye_method method,
		     struct wye_text path, struct wye_match *match);

#endif
