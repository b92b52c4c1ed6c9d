/* SPDX-License-Identifier: MIT
 *
 * work-queue.c - see work-queue.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "work-queue.h"

struct work_queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct work *first, **last;
	unsigned waiting, limit;
	bool stop;
	void (*run)(struct work *work);
	void (*drop)(struct work *work);
	unsigned count;
	pthread_t threads[];
};

/* NULL: the queue is being ended. */
static struct work *take(struct work_queue *queue)
{
	struct work *work = NULL;

	pthread_mutex_lock(&queue->lock);
	while (!queue->first && !queue->stop)
		pthread_cond_wait(&queue->filled, &queue->lock);
	if (!queue->stop) {
		work = queue->first;
		queue->first = work->next;
		if (!queue->first)
			queue->last = &queue->first;
		queue->waiting--;
	}
	pthread_mutex_unlock(&queue->lock);
	return work;
}

static void *serve(void *argument)
{
	struct work_queue *queue = argument;
	struct work *work;

	while ((work = take(queue)))
		queue->run(work);
	return NULL;
}

int work_queue_create(struct work_queue **out, unsigned threads, unsigned limit,
		      const char *name, void (*run)(struct work *work),
		      void (*drop)(struct work *work))
{
	struct work_queue *queue =
		calloc(1, sizeof *queue + threads * sizeof queue->threads[0]);
	int error = 0;

	if (!queue)
		return -ENOMEM;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->filled, NULL);
	queue->last = &queue->first;
	queue->limit = limit;
	queue->run = run;
	queue->drop = drop;
	while (queue->count < threads && !error) {
		error = pthread_create(&queue->threads[queue->count], NULL, serve, queue);
		if (!error)
			pthread_setname_np(queue->threads[queue->count++], name);
	}
	if (error)
		work_queue_destroy(queue);
	else
		*out = queue;
	return -error;
}

void work_queue_stop(struct work_queue *queue)
{
	if (!queue)
		return;
	pthread_mutex_lock(&queue->lock);
	queue->stop = true;
	pthread_cond_broadcast(&queue->filled);
	pthread_mutex_unlock(&queue->lock);
	for (unsigned i = 0; i < queue->count; i++)
		pthread_join(queue->threads[i], NULL);
	queue->count = 0;
	while (queue->first) { /* nobody else takes or puts any more */
		struct work *work = queue->first;

		queue->first = work->next;
		queue->drop(work);
	}
}

void work_queue_destroy(struct work_queue *queue)
{
	if (!queue)
		return;
	work_queue_stop(queue);
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

int work_queue_put(struct work_queue *queue, struct work *work)
{
	bool room;

	work->next = NULL;
	pthread_mutex_lock(&queue->lock);
	room = queue->waiting < queue->limit && !queue->stop;
	if (room) {
		*queue->last = work;
		queue->last = &work->next;
		queue->waiting++;
		pthread_cond_signal(&queue->filled);
	}
	pthread_mutex_unlock(&queue->lock);
	return room ? 0 : -EAGAIN;
}
