/* SPDX-License-Identifier: MIT
 *
 * work-queue.h - threads of a middleware's own for what takes long, with a bounded queue in
 * front. Made and ended on the main thread; work is given from any thread.
 */
#ifndef WYE_MIDDLEWARE_WORK_QUEUE_H
#define WYE_MIDDLEWARE_WORK_QUEUE_H

#include <wye/types.h>

struct work_queue;

/* At the head of what it belongs to. */
struct work {
	struct work *next;
};

/* Each work is given to `run` on one of the threads, or, once the queue is being ended, to
 * `drop`. Returns 0; a negative errno. */
int work_queue_create(struct work_queue **out, unsigned threads, unsigned limit,
		      const char *name, void (*run)(struct work *work),
		      void (*drop)(struct work *work)) WYE_MUST_CHECK;

/* Ends the threads, which finish what they have begun; what waits is dropped. NULL is accepted.
 */
void work_queue_stop(struct work_queue *queue);

/* Frees it, after the last call of work_queue_put(). NULL is accepted. */
void work_queue_destroy(struct work_queue *queue);

/* Returns 0; -EAGAIN if `limit` wait already, or it was stopped: the work stays the caller's.
 */
int work_queue_put(struct work_queue *queue, struct work *work) WYE_MUST_CHECK;

#endif
