/* SPDX-License-Identifier: MIT
 *
 * tasks.h - what handlers have under way for a connection: timers, posted calls, jobs on the
 * blocking pool. Each ends exactly once, with the connection at the latest; a gauge of the
 * plugin instance counts it until then. Public functions of <wye/websocket.h>.
 */
#ifndef WYE_CORE_WEBSOCKET_TASKS_H
#define WYE_CORE_WEBSOCKET_TASKS_H

#include "websocket/connection.h"

/* The connection has ended, and its handler's close() was called: what is left is called with
 * NULL. Work that runs on the pool comes back later, to its loop. */
void wye_ws_tasks_end(struct wye_ws *ws);

#endif
