/* SPDX-License-Identifier: MIT
 *
 * origins.h - a list of origins from the settings, and whether an Origin is in it; for both
 * lanes. Made at the start, read on any thread.
 */
#ifndef WYE_MIDDLEWARE_ORIGINS_H
#define WYE_MIDDLEWARE_ORIGINS_H

#include <wye/settings.h>

struct origins {
	size_t count;
	bool any;            /* a star alone is among them */
	bool opaque;         /* "null" is */
	const char *items[]; /* live as long as the instance's settings */
};

/* Reads the list `key`: an origin as browsers send it (RFC 6454, 6.2), one whose first labels
 * are a star (scheme://, star, dot, domain), a star alone for all, or "null". Free it by
 * free(). Returns 0; -EINVAL with a sentence; -ENOMEM. */
int origins_open(struct origins **out, const struct wye_settings *values, const char *key,
		 struct wye_error *why) __attribute__((warn_unused_result));

bool origins_have(const struct origins *origins, struct wye_text origin);

/* The two of which the above are made. */
bool origin_well_formed(const char *pattern);
bool origin_matches(struct wye_text origin, const char *pattern);

/* The origin's host and port are those of Host, the scheme's own port being none. */
bool origin_is_host(struct wye_text origin, struct wye_text host);

#endif
