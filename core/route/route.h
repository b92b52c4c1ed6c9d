/* SPDX-License-Identifier: MIT
 *
 * route.h - what the config's `rest` and `websocket` sections become: routes with their handler
 * and chain. Built on the main thread by lanes.c, then read-only on every thread; lives as
 * long as its config.
 */
#ifndef WYE_CORE_ROUTE_ROUTE_H
#define WYE_CORE_ROUTE_ROUTE_H

#include <wye/plugin.h>

#include "base/metric.h"
#include "plugin/registry.h"

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
	const struct wye_gauges *gauges;
};

struct wye_chain {
	size_t count;
	const struct wye_step *steps;
};

/* What both lanes' routes start with. */
struct wye_route {
	const char *pattern;             /* prefixes of groups in front */
	const char *host;                /* NULL: any */
	const char *where;               /* FILE:LINE */
	const char *handler;             /* its name, as in the config */
	const struct wye_gauges *gauges; /* of the handler's instance */
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

/* What becomes of a message that finds no room in an outbox; in the order of the setting's
 * choices. */
enum wye_slow_consumer {
	WYE_SLOW_DISCONNECT,  /* refused with -ENOBUFS, and the connection is ended */
	WYE_SLOW_REFUSE,      /* refused with -EAGAIN */
	WYE_SLOW_DROP_OLDEST, /* older ones give way */
	WYE_SLOW_KEEP_LATEST, /* an older one of the same key, else the oldest */
};

/* What is counted by route; shared by the routes of one pattern. */
struct wye_ws_route_metrics {
	wye_metric backlog_messages, backlog_bytes;
	wye_histogram latency; /* from queued to acknowledged */
};

struct wye_ws_route {
	struct wye_route base;
	const struct wye_ws_handler *handler;
	struct wye_ws_route_metrics metrics;
	size_t max_message;       /* bytes */
	size_t outbox_bytes;      /* payload bytes, at most 128 MiB - 1 */
	unsigned outbox_messages; /* at most 32,767 */
	enum wye_slow_consumer slow_consumer;
	unsigned slow_code;         /* that a slow consumer is closed with */
	unsigned write_timeout;     /* milliseconds without progress; 0: none */
	unsigned close_timeout;     /* milliseconds from our close frame to the peer's */
	unsigned handshake_timeout; /* milliseconds for a deferred verdict */
	unsigned ping_interval;     /* milliseconds, as all that follow; 0: none */
	unsigned pong_timeout;
	unsigned read_deadline;
	unsigned idle_timeout;
	unsigned max_lifetime, lifetime_jitter; /* the latter is taken off, at random */
	bool fence;
	unsigned fence_interval;
	unsigned max_frames, max_bytes; /* inbound, per second; 0: no limit */
	unsigned rate_patience;
	const char *app_ping, *app_pong; /* NULL: none */
	size_t app_ping_length, app_pong_length;
	bool deflate;                  /* permessage-deflate is negotiated */
	bool deflate_context_takeover; /* clients may keep their context */
	size_t deflate_minimum;        /* bytes; shorter messages are sent as they are */
};

struct wye_lanes;

#endif
