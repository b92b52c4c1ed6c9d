/* SPDX-License-Identifier: MIT
 *
 * unreadable.h - heads that the engine refuses before it shows them, or closes on without a
 * word. What it says of them is held back (intake.h): wye answers. Http thread.
 */
#ifndef WYE_CORE_HTTP_UNREADABLE_H
#define WYE_CORE_HTTP_UNREADABLE_H

#include "http/request.h"

/* The engine has read the request line, and refuses the rest with this status, or would close
 * on it. Its pool may have no room for an answer. Returned from an engine's call. */
enum MHD_Result wye_unreadable_refuse(struct wye_request *request, unsigned status);

/* A request has ended: where something unreadable follows, notes whether it is to be answered.
 */
void wye_unreadable_expect(const struct wye_request *request);

/* The engine has closed the connection, which no request has: answers if that is for a request
 * line: of one word, with a blank in front, of another version, behind a NUL. */
void wye_unreadable_answer(struct wye_http_connection *connection);

#endif
