/* SPDX-License-Identifier: MIT
 *
 * forwarded.h - the client's address behind proxies: from X-Forwarded-For or Forwarded (RFC
 * 7239), read from right to left as far as each hop is trusted. Pure; any thread.
 */
#ifndef WYE_CORE_NET_FORWARDED_H
#define WYE_CORE_NET_FORWARDED_H

#include "net/address.h"

/* Which peers are believed, and which field; the other one is ignored, as a proxy that does not
 * know it passes on what clients write into it. */
struct wye_trust {
	const struct wye_cidr *ranges;
	size_t count;
	bool rfc7239; /* Forwarded, instead of X-Forwarded-For */
};

bool wye_trust_holds(const struct wye_trust *trust, const union wye_address *address);

/* Returns true and the client's address if `peer` is trusted and said one: the rightmost that
 * is not a trusted proxy itself, else the leftmost. What can't be read ends the search. */
bool wye_forwarded_client(const struct wye_trust *trust, const union wye_address *peer,
			  const struct wye_field *fields, size_t count,
			  union wye_address *client);

#endif
