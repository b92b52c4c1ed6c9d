/* SPDX-License-Identifier: MIT
 *
 * pattern.h - what a route's path may look like. Any thread.
 */
#ifndef WYE_CORE_ROUTE_PATTERN_H
#define WYE_CORE_ROUTE_PATTERN_H

#include <stdbool.h>

#include <wye/types.h>

/* Parameters of a pattern, at most. */
#define WYE_PARAMETERS_MAX 16

struct wye_pattern {
	struct wye_text names[WYE_PARAMETERS_MAX]; /* they point into its text */
	unsigned count;
	bool rest; /* the last one is "*rest" */
};

/* Checks "/users/:id", "/app/" followed by "*rest" at the end, or literal. Returns 0, or
 * -EINVAL with a sentence. */
int wye_pattern_parse(struct wye_pattern *pattern, const char *text,
		      struct wye_error *why) WYE_MUST_CHECK;

/* Of a parameter's name, which `text` begins with. */
size_t wye_pattern_name_length(const char *text);

#endif
