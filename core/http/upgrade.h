/* SPDX-License-Identifier: MIT
 *
 * upgrade.h - the lane decision, per request, before any REST middleware: is it an Upgrade to
 * WebSocket? If so, the WebSocket lane's chain decides, and the socket is handed over.
 */
#ifndef WYE_CORE_HTTP_UPGRADE_H
#define WYE_CORE_HTTP_UPGRADE_H

#include "http/request.h"

/* True for GET, HTTP/1.1, `websocket` in the Upgrade list and `upgrade` in Connection. Anything
 * else that has an Upgrade field is an ordinary request (RFC 9110, 7.8). */
bool wye_upgrade_wanted(const struct wye_request *request);

/* Runs the lane, in the engine's first call for the request. `body` says whether it has one;
 * `end` is that of the head in the engine's memory. */
enum MHD_Result wye_upgrade_begin(struct wye_request *request, bool body, const char *end,
				  void **context);

/* Queues the answer to a refused handshake, in the engine's next call: so the connection lives
 * on. */
enum MHD_Result wye_upgrade_refuse(struct wye_request *request, void **context);

/* The engine has let go of the request. */
void wye_upgrade_end(struct wye_request *request);

#endif
