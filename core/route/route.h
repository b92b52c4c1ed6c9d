/* SPDX-License-Identifier: MIT
 *
 * route.h - what the config's `rest` and `websocket` sections become: routes with their handler
 * and chain. Built on the main thread by lanes.c, then read-only on every thread; lives as
 * long as its config.
 */
#ifndef WYE_CORE_ROUTE_ROUTE_H
#define WYE_CORE_ROUTE_ROUTE_H

#include <wye/plugin.h>

/* A chain is at most this long. */
#define WYE_CHAIN_MAX 32

/* A middleware of the chain's lane: one of the two, by the lane that the chain belongs to. */
struct wye_step {
	union {
		const struct wye_rest_middleware *rest;
		const struct wye_ws_middleware *ws;
	};
	void *instance;
	const char *name;   /* of the instance, as in the config */
	const char *plugin; /* the name that the plugin gives itself */
};

struct wye_chain {
	size_t count;
	const struct wye_step *steps;
};

/* What both lanes' routes start with. */
struct wye_route {
	const char *pattern; /* prefixes of groups in front */
	const char *host;    /* NULL: any */
	const char *where;   /* FILE:LINE */
	const char *handler; /* its name, as in the config */
	struct wye_mount mount;
	const struct wye_chain *chain;
};

struct wye_rest_route {
	struct wye_route base;
	unsigned methods; /* bits of enum wye_method (router.h) */
	const struct wye_rest_handler *handler;
	unsigned ticket_timeout; /* milliseconds */
	uint64_t max_body;       /* bytes */
	bool redirect_slash;
};

struct wye_ws_route {
	struct wye_route base;
	const struct wye_ws_handler *handler;
	size_t max_message;         /* bytes */
	size_t outbox_bytes;        /* payload bytes, at most 256 MiB - 1 */
	unsigned outbox_messages;   /* at most 65,535 */
	unsigned write_timeout;     /* milliseconds without progress; 0: none */
	unsigned close_timeout;     /* milliseconds from our close frame to the peer's */
	unsigned handshake_timeout; /* milliseconds for a deferred verdict */
};

struct wye_lanes;

#endif
