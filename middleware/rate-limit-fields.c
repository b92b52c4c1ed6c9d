/* SPDX-License-Identifier: MIT
 *
 * rate-limit-fields.c - see rate-limit-fields.h.
 */
#include <stdarg.h>
#include <stdio.h>

#include "rate-limit-fields.h"

static uint64_t seconds_to_leak(const struct wye_bucket_limits *limits, uint64_t thousandths)
{
	return (thousandths + limits->rate - 1) / limits->rate;
}

static uint64_t quota(const struct wye_bucket_limits *limits)
{
	return (uint64_t)limits->burst + 1;
}

struct rate_limit_state rate_limit_state(const struct wye_bucket_limits *limits,
					 const struct wye_bucket_answer *answer)
{
	uint64_t burst = (uint64_t)limits->burst * 1000;

	if (answer->verdict == WYE_BUCKET_REFUSES)
		return (struct rate_limit_state) { 0, (answer->wait + 999) / 1000 };
	return (struct rate_limit_state) { (burst - answer->excess) / 1000,
					   seconds_to_leak(limits, answer->excess) };
}

static WYE_PRINTF(3, 4) void put(struct rate_limit_field *out, const char *name,
				 const char *format, ...)
{
	va_list values;

	out->name = name;
	va_start(values, format);
	out->length = (size_t)vsnprintf(out->value, sizeof out->value, format, values);
	va_end(values);
}

unsigned rate_limit_fields(struct rate_limit_field out[RATE_LIMIT_FIELDS],
			   const struct wye_bucket_limits *limits,
			   const struct rate_limit_state *state, bool combined)
{
	unsigned long long most = quota(limits), remaining = state->remaining,
			   reset = state->reset;

	if (combined) {
		put(&out[0], "RateLimit-Policy", "\"default\";q=%llu;w=%llu", most,
		    (unsigned long long)seconds_to_leak(limits, most * 1000));
		put(&out[1], "RateLimit", "\"default\";r=%llu;t=%llu", remaining, reset);
		return 2;
	}
	put(&out[0], "RateLimit-Limit", "%llu", most);
	put(&out[1], "RateLimit-Remaining", "%llu", remaining);
	put(&out[2], "RateLimit-Reset", "%llu", reset);
	return 3;
}
