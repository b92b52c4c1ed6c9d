/* SPDX-License-Identifier: MIT
 *
 * jobs.c - see jobs.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/jobs.h"
#include "base/metric.h"
#include "base/until.h"

struct wye_jobs {
	pthread_mutex_t lock;
	pthread_cond_t work, ended;
	TAILQ_HEAD(, wye_job) queue;
	unsigned queued, limit;
	unsigned running; /* threads that have not ended */
	bool stop;
	wye_metric metric_queued, metric_running, metric_refused;
};

static void come_back(struct wye_mail *mail)
{
	struct wye_job *job = (struct wye_job *)mail;

	job->out = false;
	job->done(job);
}

static void run_job(struct wye_jobs *jobs, struct wye_job *job)
{
	struct wye_loop *loop = job->loop;

	wye_metric_add(jobs->metric_running, 1);
	job->run(job);
	wye_metric_add(jobs->metric_running, -1);
	if (wye_loop_mail(loop, &job->mail, come_back))
		return; /* the loop has ended: so has all that the job belongs to */
}

static void *work(void *argument)
{
	struct wye_jobs *jobs = argument;

	pthread_mutex_lock(&jobs->lock);
	while (!jobs->stop) {
		struct wye_job *job = TAILQ_FIRST(&jobs->queue);

		if (!job) {
			pthread_cond_wait(&jobs->work, &jobs->lock);
			continue;
		}
		TAILQ_REMOVE(&jobs->queue, job, place);
		job->queued = false;
		jobs->queued--;
		pthread_mutex_unlock(&jobs->lock);
		wye_metric_add(jobs->metric_queued, -1);
		run_job(jobs, job);
		pthread_mutex_lock(&jobs->lock);
	}
	jobs->running--;
	pthread_cond_signal(&jobs->ended);
	pthread_mutex_unlock(&jobs->lock);
	return NULL;
}

static void init_jobs(struct wye_jobs *jobs, unsigned queue)
{
	pthread_condattr_t clock;

	pthread_mutex_init(&jobs->lock, NULL);
	pthread_cond_init(&jobs->work, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&jobs->ended, &clock);
	pthread_condattr_destroy(&clock);
	TAILQ_INIT(&jobs->queue);
	jobs->limit = queue;
	jobs->metric_queued = wye_metric_register("blocking_queued", WYE_GAUGE);
	jobs->metric_running = wye_metric_register("blocking_running", WYE_GAUGE);
	jobs->metric_refused = wye_metric_register("blocking_refused_total", WYE_COUNTER);
}

static int start_thread(struct wye_jobs *jobs, unsigned index)
{
	pthread_t thread;
	char name[16];
	int error;

	jobs->running++;
	error = pthread_create(&thread, NULL, work, jobs);
	if (error) {
		jobs->running--;
		return -error;
	}
	snprintf(name, sizeof name, "blocking-%u", index % 1000);
	pthread_setname_np(thread, name);
	pthread_detach(thread);
	return 0;
}

int wye_jobs_create(struct wye_jobs **out, unsigned threads, unsigned queue)
{
	struct wye_jobs *jobs = calloc(1, sizeof *jobs);
	int error = 0;

	if (!jobs)
		return -ENOMEM;
	init_jobs(jobs, queue);
	pthread_mutex_lock(&jobs->lock);
	for (unsigned i = 0; i < threads && !error; i++)
		error = start_thread(jobs, i);
	pthread_mutex_unlock(&jobs->lock);
	if (error) {
		if (wye_jobs_stop(jobs, 1000))
			wye_jobs_destroy(jobs);
		return error;
	}
	*out = jobs;
	return 0;
}

bool wye_jobs_stop(struct wye_jobs *jobs, unsigned milliseconds)
{
	const struct timespec until = wye_until(CLOCK_MONOTONIC, milliseconds);
	bool ended;
	int error = 0;

	if (!jobs)
		return true;
	pthread_mutex_lock(&jobs->lock);
	jobs->stop = true;
	pthread_cond_broadcast(&jobs->work);
	while (jobs->running && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&jobs->ended, &jobs->lock, &until);
	ended = !jobs->running;
	pthread_mutex_unlock(&jobs->lock);
	return ended;
}

void wye_jobs_destroy(struct wye_jobs *jobs)
{
	if (!jobs)
		return;
	pthread_mutex_destroy(&jobs->lock);
	pthread_cond_destroy(&jobs->work);
	pthread_cond_destroy(&jobs->ended);
	free(jobs);
}

int wye_jobs_submit(struct wye_jobs *jobs, struct wye_job *job)
{
	bool room;

	job->loop = wye_loop_current();
	job->out = true; /* before the pool can hold it; taken back if it does not */
	pthread_mutex_lock(&jobs->lock);
	room = jobs->queued < jobs->limit;
	if (room) {
		TAILQ_INSERT_TAIL(&jobs->queue, job, place);
		job->queued = true;
		jobs->queued++;
		pthread_cond_signal(&jobs->work);
	}
	pthread_mutex_unlock(&jobs->lock);
	wye_metric_add(room ? jobs->metric_queued : jobs->metric_refused, 1);
	if (room)
		return 0;
	job->out = false;
	return -EAGAIN;
}

bool wye_jobs_withdraw(struct wye_jobs *jobs, struct wye_job *job)
{
	bool queued;

	pthread_mutex_lock(&jobs->lock);
	queued = job->queued;
	if (queued) {
		TAILQ_REMOVE(&jobs->queue, job, place);
		job->queued = false;
		jobs->queued--;
	}
	pthread_mutex_unlock(&jobs->lock);
	if (!queued)
		return false;
	job->out = false;
	wye_metric_add(jobs->metric_queued, -1);
	return true;
}
