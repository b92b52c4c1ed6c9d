/* SPDX-License-Identifier: MIT
 *
 * lanes.h - both lanes of one config: which route a request meets, and which chain. Made from
 * the `rest` and `websocket` sections on the main thread; then an immutable snapshot, read on
 * every thread without a lock or a count. Each request and connection keeps to the lanes that
 * it was routed by.
 */
#ifndef WYE_CORE_ROUTE_LANES_H
#define WYE_CORE_ROUTE_LANES_H

#include "config/options.h"
#include "plugin/registry.h"
#include "route/hosts.h"
#include "route/route.h"

struct wye_lane {
	struct wye_hosts *routes; /* values: struct wye_rest_route or wye_ws_route */
	struct wye_hosts
		*groups; /* values: the chain of what matches no route below a prefix */
	const struct wye_chain *chain; /* the lane's own */
};

struct wye_lanes {
	struct wye_lane rest, websocket;
};

/* What is wrong is added to the problems, and the rest is checked all the same. Returns 0 or
 * -ENOMEM. */
int wye_lanes_create(struct wye_lanes **out, const struct wye_config *config,
		     const struct wye_options *options, struct wye_registry *registry,
		     struct wye_problems *problems) WYE_MUST_CHECK;
/* Closes the routes. Before the registry is destroyed. */
void wye_lanes_destroy(struct wye_lanes *lanes);

/* The chain for a request that matched no route: that of the innermost group whose prefix
 * holds its path, else the lane's. Any thread. */
const struct wye_chain *wye_lane_miss(const struct wye_lane *lane, struct wye_text host,
				      struct wye_text path);

/* Calls `visit` for each route in the file's order, REST first: for the summary. `rest` is NULL
 * for a WebSocket route. */
void wye_lanes_visit(const struct wye_lanes *lanes,
		     void (*visit)(const struct wye_route *route,
				   const struct wye_rest_route *rest, void *argument),
		     void *argument);

#endif
