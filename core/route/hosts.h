/* SPDX-License-Identifier: MIT
 *
 * hosts.h - the routes of one lane by the host they are for: "api.example.org", all hosts below
 * one ("*.example.org"), or any. Built once per config, then read-only on every thread.
 */
#ifndef WYE_CORE_ROUTE_HOSTS_H
#define WYE_CORE_ROUTE_HOSTS_H

#include "route/router.h"

struct wye_hosts;

int wye_hosts_create(struct wye_hosts **out) WYE_MUST_CHECK;
void wye_hosts_destroy(struct wye_hosts *hosts);

/* True for a name, perhaps with "*." in front, or an address; NULL is none. */
bool wye_hosts_is_host(const char *host);

/* The router for a host, made where it is missing; NULL: any host. Returns 0; -EINVAL if that
 * is no host; -ENOMEM. */
int wye_hosts_router(struct wye_hosts *hosts, const char *host,
		     struct wye_router **out) WYE_MUST_CHECK;

/* Looks a path up among the routes of the host, then of the longest "*." that holds it, then of
 * any host: the first that has the path and the method wins; `allowed` gathers what all of them
 * take. `host` is as in the request, in any case, perhaps with a port. Any thread; no
 * allocation. Returns true if match->value is set. */
bool wye_hosts_find(const struct wye_hosts *hosts, struct wye_text host, enum wye_method method,
		    struct wye_text path, struct wye_match *match);

#endif
