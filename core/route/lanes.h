/* SPDX-License-Identifier: MIT
 *
 * lanes.h - makes both lanes from a config's `rest` and `websocket` sections. Main thread.
 */
#ifndef WYE_CORE_ROUTE_LANES_H
#define WYE_CORE_ROUTE_LANES_H

#include "config/options.h"
#include "plugin/registry.h"
#include "route/route.h"
#include "route/router.h"

/* What is wrong is added to the problems, and the rest is checked all the same. Returns 0 or
 * -ENOMEM. */
int wye_lanes_create(struct wye_lanes **out, const struct wye_config *config,
		     const struct wye_options *options, struct wye_registry *registry,
		     struct wye_problems *problems) WYE_MUST_CHECK;
/* Closes the routes. Before the registry is destroyed. */
void wye_lanes_destroy(struct wye_lanes *lanes);

/* Calls `visit` for each route in the file's order, REST first: for the summary. */
void wye_lanes_visit(const struct wye_lanes *lanes,
		     void (*visit)(const char *lane, const struct wye_route *route,
				   unsigned methods, void *argument),
		     void *argument);

#endif
