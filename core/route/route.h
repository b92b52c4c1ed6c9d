/* SPDX-License-Identifier: MIT
 *
 * route.h - what the config's `rest` and `websocket` sections become: routes with their handler
 * and chain. Built on the main thread by lanes.c, then read-only on every thread; lives as
 * long as its config.
 */
#ifndef WYE_CORE_ROUTE_ROUTE_H
#define WYE_CORE_ROUTE_ROUTE_H

#include <wye/plugin.h>

/* A chain is at most this long, so that a request keeps its states in place. */
#define WYE_CHAIN_MAX 32

struct wye_rest_step {
	const struct wye_rest_middleware *middleware;
	void *instance;
	const char *name; /* of the instance, as in the config */
};

struct wye_rest_chain {
	size_t count;
	const struct wye_rest_step *steps;
};

struct wye_ws_step {
	const struct wye_ws_middleware *middleware;
	void *instance;
	const char *name;
};

struct wye_ws_chain {
	size_t count;
	const struct wye_ws_step *steps;
};

/* What both lanes' routes start with. */
struct wye_route {
	const char *pattern; /* as in the config, prefixes of groups in front */
	const char *where;   /* FILE:LINE */
	const char *handler; /* name of the handler, as in the config */
	struct wye_mount mount;
};

struct wye_rest_route {
	struct wye_route base;
	unsigned methods; /* bits of enum wye_method (router.h) */
	const struct wye_rest_handler *handler;
	const struct wye_rest_chain *chain;
	unsigned ticket_timeout; /* milliseconds */
};

struct wye_ws_route {
	struct wye_route base;
	const struct wye_ws_handler *handler;
	const struct wye_ws_chain *chain;
	size_t max_message;       /* bytes */
	size_t outbox_bytes;      /* payload bytes, at most 256 MiB - 1 */
	unsigned outbox_messages; /* at most 65,535 */
	unsigned write_timeout;   /* milliseconds without progress; 0: none */
	unsigned close_timeout;   /* milliseconds from our close frame to the peer's */
};

struct wye_router;

/* Both lanes of one config. */
struct wye_lanes {
	struct wye_router *rest;      /* values: struct wye_rest_route */
	struct wye_router *websocket; /* values: struct wye_ws_route */
	const struct wye_rest_chain
		*rest_chain; /* what a 404 or 405 of the REST lane runs through */
	const struct wye_ws_chain *ws_chain; /* what a 404 of the WebSocket lane runs through */
};

#endif
