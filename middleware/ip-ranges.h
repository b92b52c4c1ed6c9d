/* SPDX-License-Identifier: MIT
 *
 * ip-ranges.h - a set of addresses in CIDR notation (RFC 4632, RFC 4291), made once and then
 * read by any thread: sorted and without overlaps, so that an address is looked for by halves.
 *
 * IPv4 and IPv6 are apart: "::/0" holds no IPv4 address. One that is mapped ("::ffff:1.2.3.4",
 * and so "::ffff:0:0/96") is IPv4.
 */
#ifndef WYE_MIDDLEWARE_IP_RANGES_H
#define WYE_MIDDLEWARE_IP_RANGES_H

#include <wye/types.h>

struct ip_ranges;

/* An empty set. NULL without memory. */
struct ip_ranges *ip_ranges_create(void);
void ip_ranges_destroy(struct ip_ranges *ranges);

/* Adds a range, or one address. Returns 0; -EINVAL with a sentence; -ENOMEM. */
int ip_ranges_add(struct ip_ranges *ranges, const char *text,
		  struct wye_error *why) WYE_MUST_CHECK;

/* After the last one was added. */
void ip_ranges_seal(struct ip_ranges *ranges);

/* Of an address in network order, IPv4 mapped. */
bool ip_ranges_hold(const struct ip_ranges *ranges, const uint8_t address[16]);

#endif
