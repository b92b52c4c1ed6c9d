/* SPDX-License-Identifier: MIT
 *
 * chain.h - runs a request through its chain and its handler. Http thread; a step that blocks
 * is sent to the pool, and the run goes on when it is back.
 */
#ifndef WYE_CORE_HTTP_CHAIN_H
#define WYE_CORE_HTTP_CHAIN_H

#include "http/request.h"

/* Finds the route and decides which chain the request runs through. Returns false without
 * memory. */
bool wye_chain_route(struct wye_request *request);

/* Runs request steps, and the handler if the body is read, from where the request is.
 * Afterwards its state is READING (the body is wanted), RESUMED (an answer is there) or
 * WAITING (suspended). */
void wye_chain_run(struct wye_request *request);

/* Shows the handler a piece of the body. Afterwards the state is one of the above. */
void wye_chain_piece(struct wye_request *request, const void *data, size_t length);

/* Goes on after a deferred step has given its verdict. */
void wye_chain_continue(struct wye_request *request, enum wye_verdict verdict);

/* The response steps, in reverse order, for those whose request step ran. */
void wye_chain_response(struct wye_request *request);

/* The done steps, exactly once. */
void wye_chain_done(struct wye_request *request);

#endif
