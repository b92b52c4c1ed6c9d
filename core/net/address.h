/* SPDX-License-Identifier: MIT
 *
 * address.h - socket addresses as text and ranges of them. Pure functions, any thread.
 */
#ifndef WYE_CORE_NET_ADDRESS_H
#define WYE_CORE_NET_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include <wye/types.h>

/* An IPv4 or IPv6 address with its port; or AF_UNIX, as peers of Unix sockets have no names. */
union wye_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Room for the text of any address, with its NUL. */
#define WYE_ADDRESS_TEXT 46

/* Writes the address without its port, an IPv4-mapped one as IPv4; "unix:" for AF_UNIX. Returns
 * the length. */
size_t wye_address_text(const union wye_address *address, char out[WYE_ADDRESS_TEXT]);

/* Length of the sockaddr inside. */
socklen_t wye_address_length(const union wye_address *address);

/* A numeric address ("::" or "0.0.0.0" for all). Returns 0 or -EINVAL. */
int wye_address_parse(union wye_address *out, const char *text, unsigned port) WYE_MUST_CHECK;

/* The address as 16 bytes, IPv4 mapped into IPv6: for comparing and hashing. AF_UNIX is "::",
 * which no peer can have (RFC 4291, 2.5.2). */
void wye_address_bytes(const union wye_address *address, uint8_t out[16]);

/* A range in CIDR notation (RFC 4632, RFC 4291), IPv4 kept as mapped. */
struct wye_cidr {
	uint8_t bytes[16];
	unsigned bits;
};

/* "10.0.0.0/8", "fd00::/8", or one address; "unix:" for peers of Unix sockets. Returns 0; -ERANGE
 * if bits behind the prefix are set; -EINVAL. */
int wye_cidr_parse(struct wye_cidr *out, const char *text) WYE_MUST_CHECK;
bool wye_cidr_holds(const struct wye_cidr *cidr, const uint8_t bytes[16]);

#endif
