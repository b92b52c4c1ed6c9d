/* SPDX-License-Identifier: MIT
 *
 * drain.h - closes all WebSocket connections with 1001, spread over a time. Main thread.
 */
#ifndef WYE_CORE_WEBSOCKET_DRAIN_H
#define WYE_CORE_WEBSOCKET_DRAIN_H

/* Starts it and returns; `spread` in milliseconds, 0: all at once. */
void wye_ws_drain(unsigned spread);

#endif
