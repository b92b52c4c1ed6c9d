/* SPDX-License-Identifier: MIT
 *
 * rate.h - how many frames and bytes a peer may send per second. Above it, reading pauses until
 * there is room again, so that TCP slows the peer down; who goes on pushing for rate_patience
 * is closed with 1008. All calls on the connection's loop.
 */
#ifndef WYE_CORE_WEBSOCKET_RATE_H
#define WYE_CORE_WEBSOCKET_RATE_H

#include <wye/types.h>

struct wye_ws;

/* Token buckets that hold a second's worth, in thousandths; allocated where a route limits. */
struct wye_ws_rate {
	int64_t frames, bytes; /* left; below 0: too much */
	uint64_t filled_at;    /* milliseconds */
	uint64_t since;        /* it has been too much since then; 0: it is not */
};

/* Returns 0 or -ENOMEM. */
int wye_ws_rate_start(struct wye_ws *ws) WYE_MUST_CHECK;

/* A frame, or bytes, have come. Only where ws->rate is set. */
void wye_ws_rate_take(struct wye_ws *ws, unsigned frames, size_t bytes);
/* Reading may go on. */
void wye_ws_rate_go_on(struct wye_ws *ws);

#endif
