/* SPDX-License-Identifier: MIT
 *
 * chains.h - makes the chain of a lane, a group or a route: what it inherits, without what it
 * skips, and its own. Main thread.
 */
#ifndef WYE_CORE_ROUTE_CHAINS_H
#define WYE_CORE_ROUTE_CHAINS_H

#include "base/arena.h"
#include "plugin/registry.h"
#include "route/route.h"

/* What chains are made with. */
struct wye_chain_maker {
	struct wye_arena *arena; /* chains live in it */
	struct wye_registry *registry;
	struct wye_problems *problems;
	enum wye_part_kind part; /* REST or WebSocket middleware */
};

/* Reads `chain` and `skip` of a group or route; where it has neither, `outer` itself is the
 * result. What is wrong is added to the problems. Returns 0 or -ENOMEM. */
int wye_chain_make(const struct wye_chain **out, const struct wye_chain_maker *maker,
		   const config_setting_t *group, const struct wye_chain *outer) WYE_MUST_CHECK;

#endif
