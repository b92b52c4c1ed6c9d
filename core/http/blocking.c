/* SPDX-License-Identifier: MIT
 *
 * blocking.c - see blocking.h. A request is in the queue, or with a thread of the pool, or on
 * its way back as mail to its http thread; `on_pool` is true from submit until the mail is run.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

#include "base/metric.h"
#include "http/blocking.h"
#include "http/chain.h"
#include "http/connection.h"
#include "http/thread.h"
#include "http/wait.h"

struct wye_blocking_pool {
	pthread_mutex_t lock;
	pthread_cond_t work, ended;
	TAILQ_HEAD(, wye_request) queue;
	unsigned queued, limit;
	unsigned running; /* threads that have not ended */
	bool stop;
	wye_metric metric_queued, metric_running, metric_refused;
};

static void come_back(struct wye_mail *mail)
{
	struct wye_request *request =
		(struct wye_request *)((char *)mail - offsetof(struct wye_request, mail));

	if (request->expired) {
		wye_reply_discard(request);
		wye_reply_plain(request, 503, "timed out\n");
		request->verdict = WYE_ANSWERED;
	}
	wye_wait_pause(request);
	wye_chain_continue(request, request->verdict);
}

static void run_step(struct wye_blocking_pool *pool, struct wye_request *request)
{
	struct wye_loop *loop = &request->connection->thread->loop;

	wye_metric_add(pool->metric_running, 1);
	request->verdict = wye_chain_blocking_step(request);
	wye_metric_add(pool->metric_running, -1);
	if (wye_loop_mail(loop, &request->mail, come_back))
		return; /* the loop has ended: so has all that the request needs */
}

static void *work(void *argument)
{
	struct wye_blocking_pool *pool = argument;

	pthread_mutex_lock(&pool->lock);
	while (!pool->stop) {
		struct wye_request *request = TAILQ_FIRST(&pool->queue);

		if (!request) {
			pthread_cond_wait(&pool->work, &pool->lock);
			continue;
		}
		TAILQ_REMOVE(&pool->queue, request, job);
		request->queued = false;
		pool->queued--;
		pthread_mutex_unlock(&pool->lock);
		wye_metric_add(pool->metric_queued, -1);
		run_step(pool, request);
		pthread_mutex_lock(&pool->lock);
	}
	pool->running--;
	pthread_cond_signal(&pool->ended);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void init_pool(struct wye_blocking_pool *pool, unsigned queue)
{
	pthread_condattr_t clock;

	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->ended, &clock);
	pthread_condattr_destroy(&clock);
	TAILQ_INIT(&pool->queue);
	pool->limit = queue;
	pool->metric_queued = wye_metric_register("blocking_queued", WYE_GAUGE);
	pool->metric_running = wye_metric_register("blocking_running", WYE_GAUGE);
	pool->metric_refused = wye_metric_register("blocking_refused_total", WYE_COUNTER);
}

static int start_thread(struct wye_blocking_pool *pool, unsigned index)
{
	pthread_t thread;
	char name[16];
	int error;

	pool->running++;
	error = pthread_create(&thread, NULL, work, pool);
	if (error) {
		pool->running--;
		return -error;
	}
	snprintf(name, sizeof name, "blocking-%u", index % 1000);
	pthread_setname_np(thread, name);
	pthread_detach(thread);
	return 0;
}

int wye_blocking_create(struct wye_blocking_pool **out, unsigned threads, unsigned queue)
{
	struct wye_blocking_pool *pool = calloc(1, sizeof *pool);
	int error = 0;

	if (!pool)
		return -ENOMEM;
	init_pool(pool, queue);
	pthread_mutex_lock(&pool->lock);
	for (unsigned i = 0; i < threads && !error; i++)
		error = start_thread(pool, i);
	pthread_mutex_unlock(&pool->lock);
	if (error) {
		if (wye_blocking_stop(pool, 1000))
			wye_blocking_destroy(pool);
		return error;
	}
	*out = pool;
	return 0;
}

bool wye_blocking_stop(struct wye_blocking_pool *pool, unsigned milliseconds)
{
	struct timespec until;
	bool ended;
	int error = 0;

	if (!pool)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += milliseconds / 1000;
	until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->work);
	while (pool->running && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&pool->ended, &pool->lock, &until);
	ended = !pool->running;
	pthread_mutex_unlock(&pool->lock);
	return ended;
}

void wye_blocking_destroy(struct wye_blocking_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->ended);
	free(pool);
}

static bool enqueue(struct wye_blocking_pool *pool, struct wye_request *request)
{
	bool room;

	pthread_mutex_lock(&pool->lock);
	room = pool->queued < pool->limit;
	if (room) {
		TAILQ_INSERT_TAIL(&pool->queue, request, job);
		request->queued = true;
		pool->queued++;
		pthread_cond_signal(&pool->work);
	}
	pthread_mutex_unlock(&pool->lock);
	wye_metric_add(room ? pool->metric_queued : pool->metric_refused, 1);
	return room;
}

enum wye_verdict wye_blocking_submit(struct wye_request *request)
{
	struct wye_blocking_pool *pool = request->connection->thread->pool;

	if (wye_wait_begin(request))
		goto fail;
	request->on_pool = true;
	/* From here on the pool may hold the request: nothing of it is touched unless that
	 * failed. */
	if (enqueue(pool, request))
		return WYE_DEFERRED;
	request->on_pool = false;
fail:
	wye_reply_header(request, "Retry-After", (struct wye_text) { "1", 1 });
	wye_reply_plain(request, 503, "busy\n");
	return WYE_ANSWERED;
}

bool wye_blocking_withdraw(struct wye_request *request)
{
	struct wye_blocking_pool *pool = request->connection->thread->pool;
	bool queued;

	pthread_mutex_lock(&pool->lock);
	queued = request->queued;
	if (queued) {
		TAILQ_REMOVE(&pool->queue, request, job);
		request->queued = false;
		pool->queued--;
	}
	pthread_mutex_unlock(&pool->lock);
	if (queued)
		wye_metric_add(pool->metric_queued, -1);
	return queued;
}
