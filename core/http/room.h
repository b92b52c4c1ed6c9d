/* SPDX-License-Identifier: MIT
 *
 * room.h - the memory that the engine has for a connection, its pool: it must hold the head of
 * a request, an index entry per field, cookie and query parameter, a copy of the cookies, and
 * the head of the answer. Where it would not, the engine closes without a word. And it is
 * zeroed after each request, so it is no larger than heads of common fields need. Http thread.
 */
#ifndef WYE_CORE_HTTP_ROOM_H
#define WYE_CORE_HTTP_ROOM_H

#include "http/request.h"

struct wye_http_limits;

size_t wye_room_size(const struct wye_http_limits *limits);

/* The bytes of the request's head. */
size_t wye_room_head(const struct wye_request *request);

/* There is room for it, and for the head of a common answer. */
bool wye_room_holds_request(struct wye_request *request);

/* And for that of the answer that it now has. */
bool wye_room_holds_reply(struct wye_request *request);

#endif
