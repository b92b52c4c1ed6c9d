/* SPDX-License-Identifier: MIT
 *
 * events.h - event streams (<wye/stream.h>): the taker that a request becomes when its answer
 * is one. It moves with its socket to a stream loop and stays there until the end.
 */
#ifndef WYE_CORE_HTTP_EVENTS_H
#define WYE_CORE_HTTP_EVENTS_H

#include "http/request.h"

void wye_events_register_metrics(void);

/* Hands a sealed request and its socket over; both belong to a stream loop from now on, also if
 * that fails. Http thread, in an engine's call, to be answered with MHD_NO. */
void wye_events_hand_over(struct wye_request *request);

#endif
