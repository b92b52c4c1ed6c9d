/* SPDX-License-Identifier: MIT
 *
 * metrics.h - what the WebSocket lane counts. Any thread.
 */
#ifndef WYE_CORE_WEBSOCKET_METRICS_H
#define WYE_CORE_WEBSOCKET_METRICS_H

#include <wye/websocket.h>

/* Once, before the loops start. */
void wye_ws_metrics_register(void);

void wye_ws_count_opened(void);
void wye_ws_count_closed(enum wye_ws_cause cause);
void wye_ws_count_in(size_t bytes);
void wye_ws_count_out(unsigned messages, size_t bytes);
void wye_ws_count_full(void);
/* A handshake waits on a stream loop (1), or does no longer (-1); one was refused there. */
void wye_ws_count_pending(int change);
void wye_ws_count_refused(void);

#endif
