/* SPDX-License-Identifier: MIT
 *
 * summary.h - what `wye -t` and `wye -V` print. Main thread.
 */
#ifndef WYE_CORE_SUMMARY_H
#define WYE_CORE_SUMMARY_H

#include <stdio.h>

#include "config/options.h"
#include "route/route.h"

void wye_summary_config(FILE *out, const struct wye_options *options,
			const struct wye_lanes *lanes);
void wye_summary_version(FILE *out);

#endif
