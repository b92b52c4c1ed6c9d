/* SPDX-License-Identifier: MIT
 *
 * warnings.h - what is allowed in a config and most likely not meant. Main thread.
 */
#ifndef WYE_CORE_WARNINGS_H
#define WYE_CORE_WARNINGS_H

#include "config/options.h"
#include "route/lanes.h"

/* Adds warnings about a config that is right. */
void wye_warnings_find(const struct wye_options *options, const struct wye_lanes *lanes,
		       struct wye_problems *problems);

/* Connections that the descriptor limit carries: the hard one, which a start raises the soft
 * one to. */
unsigned long wye_connections_carried(const struct wye_options *options, unsigned long limit);

#endif
