/* SPDX-License-Identifier: MIT
 *
 * body.h - a request's body as it arrives: kept whole, shown piece by piece to a handler that
 * wants that, or dropped when the answer is there before its end. Http thread, in an engine's
 * call.
 */
#ifndef WYE_CORE_HTTP_BODY_H
#define WYE_CORE_HTTP_BODY_H

#include "http/request.h"

/* The head is read and there is a body: it is refused at once, or the chain runs. */
enum MHD_Result wye_body_begin(struct wye_request *request, void **context);

/* The same after the chain has waited: the engine repeats its first call. */
enum MHD_Result wye_body_go_on(struct wye_request *request, void **context);

/* A piece has come; it is taken as a whole, and `length` is 0 then. */
enum MHD_Result wye_body_piece(struct wye_request *request, const char *data, size_t *length);

/* Refuses what has come of it, and ends the connection. To be returned from an engine's call.
 */
enum MHD_Result wye_body_refuse(struct wye_request *request, struct wye_fault fault);

/* All of it has come: the handler runs, unless there is an answer. */
void wye_body_end(struct wye_request *request);

#endif
