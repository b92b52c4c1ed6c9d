/* SPDX-License-Identifier: MIT
 *
 * wait.h - requests that wait: their connection is suspended in the engine until a ticket is
 * finished or a step is back from the pool. Http thread only.
 *
 * The engine must see one resume per suspend, on its own thread; and while a connection is
 * suspended it sees neither a disconnect nor a time-out: so each wait has a deadline, and one
 * of over a second watches for a client that goes away.
 */
#ifndef WYE_CORE_HTTP_WAIT_H
#define WYE_CORE_HTTP_WAIT_H

#include "http/request.h"

/* Suspends the request's connection, if it is not yet.
 * Returns 0; -EAGAIN if max_waiting requests of this thread wait already; -ENOMEM. */
int wye_wait_begin(struct wye_request *request) WYE_MUST_CHECK;

/* True while a step is on the pool, in its queue, or on its way back. */
bool wye_wait_on_pool(const struct wye_request *request);

/* The waited-for thing is there: its deadline and ticket are dropped, the connection stays
 * suspended, as the next step may want to wait too. */
void wye_wait_pause(struct wye_request *request);

/* Resumes the connection, if it is suspended: the engine will call for the answer. */
void wye_wait_end(struct wye_request *request);

/* Ends a wait without an answer: the connection will be closed. False if a step is running on
 * the pool, which can't be stopped; it was told. */
bool wye_wait_cut(struct wye_request *request, enum wye_request_end ending);

/* The deadline of a request's context is over. */
void wye_wait_deadline_over(struct wye_context *context);

#endif
