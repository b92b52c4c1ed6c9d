/* SPDX-License-Identifier: MIT
 *
 * jobs.h - the blocking pool: a fixed number of threads and a bounded queue for what may wait.
 * One per program; created by main before the loops. A job is embedded in what it belongs to,
 * is submitted by a loop, runs on a thread of the pool, and comes back to that loop as mail.
 */
#ifndef WYE_CORE_BASE_JOBS_H
#define WYE_CORE_BASE_JOBS_H

#include <sys/queue.h>

#include "base/loop.h"

struct wye_jobs;

struct wye_job {
	struct wye_mail mail; /* back to its loop; first */
	struct wye_loop *loop;
	void (*run)(struct wye_job *job);  /* on the pool */
	void (*done)(struct wye_job *job); /* on the loop */
	TAILQ_ENTRY(wye_job) place;
	bool queued; /* under the pool's lock */
	bool out;    /* submitted and not back: in the queue, running, or mail. The loop's. */
};

int wye_jobs_create(struct wye_jobs **out, unsigned threads, unsigned queue) WYE_MUST_CHECK;

/* Starts no more jobs and waits for those that are running, at most so long. Returns true if
 * all threads have ended. What is queued stays so until it is withdrawn. NULL is accepted. */
bool wye_jobs_stop(struct wye_jobs *jobs, unsigned milliseconds);

/* Frees a pool that has stopped and whose queue nobody names any more. */
void wye_jobs_destroy(struct wye_jobs *jobs);

/* Queues a job, with `run` and `done` set, for the calling loop. Returns 0; -EAGAIN if the
 * queue is full. From then on the job and what it belongs to are the pool's until `done`. */
int wye_jobs_submit(struct wye_jobs *jobs, struct wye_job *job) WYE_MUST_CHECK;

/* Takes a job out of the queue again: neither `run` nor `done` will be called. False if it runs
 * already or is on its way back. The job's loop. */
bool wye_jobs_withdraw(struct wye_jobs *jobs, struct wye_job *job);

#endif
