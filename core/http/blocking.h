/* SPDX-License-Identifier: MIT
 *
 * blocking.h - the pool of threads for steps that declare that they block: a fixed number of
 * threads and a bounded queue. One per program; created by main before the http threads.
 */
#ifndef WYE_CORE_HTTP_BLOCKING_H
#define WYE_CORE_HTTP_BLOCKING_H

#include "http/request.h"

struct wye_blocking_pool;

int wye_blocking_create(struct wye_blocking_pool **out, unsigned threads,
			unsigned queue) WYE_MUST_CHECK;

/* Starts no more steps and waits for those that are running, at most so long. Returns true if
 * all threads have ended. What is queued stays so until it is withdrawn. NULL is accepted. */
bool wye_blocking_stop(struct wye_blocking_pool *pool, unsigned milliseconds);

/* Frees a pool that has stopped and whose queue nobody names any more. */
void wye_blocking_destroy(struct wye_blocking_pool *pool);

/* Suspends the request and queues its present step. WYE_DEFERRED; or WYE_ANSWERED with 503 if
 * the queue is full. Http thread. */
enum wye_verdict wye_blocking_submit(struct wye_request *request);

/* Takes a step out of the queue again; false if it runs already. Http thread. */
bool wye_blocking_withdraw(struct wye_request *request);

#endif
