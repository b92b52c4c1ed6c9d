/* SPDX-License-Identifier: MIT
 *
 * proxy.h - the PROXY protocol, versions 1 and 2: a balancer says whose connection it passes
 * on, in a header before the first byte (HAProxy's proxy-protocol.txt, section 2). Pure; any
 * thread.
 */
#ifndef WYE_CORE_NET_PROXY_H
#define WYE_CORE_NET_PROXY_H

#include "net/address.h"

/* What is ever looked at: a whole header of version 1, and of version 2 all but what follows
 * the addresses. */
#define WYE_PROXY_HEAD 107

enum wye_proxy_answer {
	WYE_PROXY_MORE, /* all bytes so far belong to the header, and it goes on */
	WYE_PROXY_DONE,
	WYE_PROXY_BAD, /* no header, or a broken one */
};

struct wye_proxy {
	bool told;                /* else the peer stays who it is: LOCAL, UNKNOWN, AF_UNIX */
	union wye_address client; /* with its port */
	size_t length; /* of the header; version 2: with what follows the addresses (TLVs), of
			* which nothing needs to have come yet */
};

/* Reads the header that `bytes` begin with. WYE_PROXY_HEAD of them are enough. `out` is only
 * filled by WYE_PROXY_DONE. */
enum wye_proxy_answer wye_proxy_read(const uint8_t *bytes, size_t length,
				     struct wye_proxy *out) WYE_MUST_CHECK;

#endif
