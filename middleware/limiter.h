/* SPDX-License-Identifier: MIT
 *
 * limiter.h - what `rate-limit` and `admission` have in common: the settings of a bucket, and
 * whose an address is. Any thread.
 */
#ifndef WYE_MIDDLEWARE_LIMITER_H
#define WYE_MIDDLEWARE_LIMITER_H

#include <wye/limit.h>
#include <wye/settings.h>

extern const char *const limiter_periods[]; /* choices of `per` */

/* Rows of both tables of settings. */
#define LIMITER_PER                                                                            \
	{                                                                                      \
		.name = "per", .type = WYE_SETTING_STRING, .fallback = "second",               \
		.choices = limiter_periods, .sentence = "what `rate` is counted in"            \
	}
#define LIMITER_BURST(of, usual)                                                               \
	{                                                                                      \
		.name = "burst", .type = WYE_SETTING_INTEGER, .fallback = usual,               \
		.maximum = 1e6, .unit = of, .sentence = "above the rate that are not refused"  \
	}
#define LIMITER_PREFIX                                                                         \
	{                                                                                      \
		.name = "ipv6_prefix", .type = WYE_SETTING_INTEGER, .fallback = "64",          \
		.minimum = 1, .maximum = 128, .unit = "bits",                                  \
		.sentence = "of an IPv6 address that count"                                    \
	}

/* Reads `rate`, `per`, `burst` and `delay`. Returns 0, or -EINVAL for a rate that is below a
 * thousandth per second. */
int limiter_read(struct wye_bucket_limits *out, const struct wye_settings *values,
		 struct wye_error *why) WYE_MUST_CHECK;

enum { LIMITER_KEY = 16 }; /* bytes of a network */

/* The key of an address: an IPv4 one as it is, of an IPv6 one its network of `prefix` bits, put
 * into `room`. */
struct wye_text limiter_address(struct wye_text address, unsigned prefix,
				uint8_t room[LIMITER_KEY]);

#endif
