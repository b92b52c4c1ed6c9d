/* SPDX-License-Identifier: MIT
 *
 * limits.h - how many connections there may be, in all and per address. One object per
 * program, created by main before the threads; every accepted socket enters once and leaves
 * once, also after it was handed over to a stream loop. Any thread.
 */
#ifndef WYE_CORE_NET_LIMITS_H
#define WYE_CORE_NET_LIMITS_H

#include <stdatomic.h>

#include "net/address.h"

struct wye_limits;

enum wye_limits_verdict {
	WYE_LIMITS_OK,
	WYE_LIMITS_TOTAL,   /* max_connections are open */
	WYE_LIMITS_ADDRESS, /* max_connections_per_address are open from there */
};

/* `per_address` 0: no limit. `trusted` (count entries, borrowed) are exempt from it. */
int wye_limits_create(struct wye_limits **out, unsigned total, unsigned per_address,
		      const struct wye_cidr *trusted, size_t count) WYE_MUST_CHECK;
void wye_limits_destroy(struct wye_limits *limits);

enum wye_limits_verdict wye_limits_enter(struct wye_limits *limits,
					 const union wye_address *peer);
/* One that has entered is somebody else's from now on. WYE_LIMITS_OK, or WYE_LIMITS_ADDRESS:
 * then it is `from`'s still. */
enum wye_limits_verdict wye_limits_change(struct wye_limits *limits,
					  const union wye_address *from,
					  const union wye_address *to);
void wye_limits_leave(struct wye_limits *limits, const union wye_address *peer);

/* Open now. */
unsigned wye_limits_open(const struct wye_limits *limits);

#endif
