/* SPDX-License-Identifier: MIT
 *
 * unreadable.h - request lines that the engine can't read: one word, or a blank in front; NULs
 * and line ends where none may be. It closes the connection, and tells of no request: so wye
 * answers. Http thread.
 */
#ifndef WYE_CORE_HTTP_UNREADABLE_H
#define WYE_CORE_HTTP_UNREADABLE_H

#include "http/request.h"

/* A request has ended: where such a line follows, notes whether it is to be answered. */
void wye_unreadable_expect(const struct wye_request *request);

/* The engine has closed the connection, which no request has: answers if this is why. */
void wye_unreadable_answer(struct wye_http_connection *connection);

#endif
