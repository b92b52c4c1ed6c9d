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
