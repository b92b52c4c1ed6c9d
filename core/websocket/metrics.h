/* SPDX-License-Identifier: MIT
 *
 * metrics.h - what the WebSocket lane counts. Any thread.
 */
#ifndef WYE_CORE_WEBSOCKET_METRICS_H
#define WYE_CORE_WEBSOCKET_METRICS_H

#include <wye/websocket.h>

#include "route/route.h"

/* Once, before the loops start. */
void wye_ws_metrics_register(void);

void wye_ws_count_opened(void);
void wye_ws_count_closed(enum wye_ws_cause cause);
void wye_ws_count_in(unsigned messages, size_t bytes);
void wye_ws_count_out(unsigned messages, size_t bytes);
/* The outbox was full: the connection ends; the sender was told; messages were dropped. */
void wye_ws_count_full(void);
void wye_ws_count_sends_refused(void);
void wye_ws_count_dropped(unsigned messages);
void wye_ws_count_published(void);
void wye_ws_count_app_ping(void);
/* Reading was paused, as too much came. */
void wye_ws_count_throttled(void);
/* Of a route, and of all. */
void wye_ws_count_backlog(const struct wye_ws_route_metrics *route, int64_t messages,
			  int64_t bytes);
void wye_ws_count_latency(const struct wye_ws_route_metrics *route, uint64_t milliseconds,
			  unsigned messages);
/* A handshake waits on a stream loop (1), or does no longer (-1); one was refused there. */
void wye_ws_count_pending(int change);
void wye_ws_count_refused(void);

#endif
