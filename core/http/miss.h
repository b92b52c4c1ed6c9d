/* SPDX-License-Identifier: MIT
 *
 * miss.h - answers to requests that no route takes: 404, 405 with Allow, OPTIONS, a redirect to
 * the path with or without its last slash, 426 where only WebSocket is served. Http thread.
 */
#ifndef WYE_CORE_HTTP_MISS_H
#define WYE_CORE_HTTP_MISS_H

#include "http/request.h"

void wye_miss_answer(struct wye_request *request);

#endif
