/* SPDX-License-Identifier: MIT
 *
 * rate-limit-fields.h - what `rate-limit` tells a client of its bucket, in either form of
 * draft-ietf-httpapi-ratelimit-headers: three fields (up to -06), or RateLimit and
 * RateLimit-Policy (-08 to -11). The quota is what an empty bucket takes at once without a
 * refusal. Pure, any thread.
 */
#ifndef WYE_MIDDLEWARE_RATE_LIMIT_FIELDS_H
#define WYE_MIDDLEWARE_RATE_LIMIT_FIELDS_H

#include <wye/limit.h>

enum { RATE_LIMIT_FIELDS = 3 };

struct rate_limit_field {
	const char *name;
	size_t length;
	char value[64]; /* no NUL behind it */
};

/* What an answer says, in seconds: until more is there, at least 1 if it was refused. */
struct rate_limit_state {
	uint64_t remaining, reset;
};
struct rate_limit_state rate_limit_state(const struct wye_bucket_limits *limits,
					 const struct wye_bucket_answer *answer);

/* Returns how many fields there are. */
unsigned rate_limit_fields(struct rate_limit_field out[RATE_LIMIT_FIELDS],
			   const struct wye_bucket_limits *limits,
			   const struct rate_limit_state *state, bool combined);

#endif
