/* SPDX-License-Identifier: MIT
 *
 * daemon.h - the running program: everything that a checked config asks for, started in order
 * and stopped in the reverse one. Main thread.
 */
#ifndef WYE_CORE_DAEMON_H
#define WYE_CORE_DAEMON_H

#include "config/options.h"
#include "plugin/registry.h"
#include "route/route.h"

/* Exit statuses of the program. */
enum wye_exit {
	WYE_EXIT_OK = 0,     /* all was finished */
	WYE_EXIT_CONFIG = 1, /* the config is wrong */
	WYE_EXIT_USAGE = 2,  /* the command line is wrong */
	WYE_EXIT_START = 3,  /* it could not start: an address in use ... */
	WYE_EXIT_CUT = 4,    /* stopped, but some connections had to be cut */
};

/* Starts the plugins of the registry with it. Serves until SIGTERM or SIGINT, then drains. */
enum wye_exit wye_daemon_run(const struct wye_options *options, const struct wye_lanes *lanes,
			     struct wye_registry *registry);

#endif
