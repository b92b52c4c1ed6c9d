/* SPDX-License-Identifier: MIT
 *
 * publish.h - one message to many connections, and a visit to many: a mail to each loop that
 * has some of them. The public functions stand in <wye/group.h> and <wye/websocket.h>.
 */
#ifndef WYE_CORE_WEBSOCKET_PUBLISH_H
#define WYE_CORE_WEBSOCKET_PUBLISH_H

#include "websocket/connection.h"

/* Makes an opened connection findable by its user. On its loop. Returns 0 or -ENOMEM. */
int wye_ws_enter_user(struct wye_ws *ws) WYE_MUST_CHECK;

/* One more connection has negotiated its window, or one less; where it has one. */
void wye_ws_count_window(const struct wye_ws *ws, int change);

#endif
