/* SPDX-License-Identifier: MIT
 *
 * test_jobs.c - the blocking pool: its bound, withdrawing, stopping, and the way back.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/jobs.h"
#include "base/metric.h"
#include "driven_loop.h"
#include "unit.h"

struct task {
	struct wye_job job;  /* first */
	sem_t *started, *go; /* or NULL */
	atomic_uint runs;
	unsigned dones;
	bool astray; /* ran on a loop, or came back to another one */
};

static struct driven driven;
static struct wye_jobs *jobs;
static sem_t started, go;

static void run(struct wye_job *job)
{
	struct task *task = (struct task *)job;

	task->astray |= wye_loop_current() != NULL;
	if (task->started)
		sem_post(task->started);
	while (task->go && sem_wait(task->go))
		;
	atomic_fetch_add(&task->runs, 1);
}

static void done(struct wye_job *job)
{
	struct task *task = (struct task *)job;

	task->astray |= !wye_loop_here(job->loop) || job->out;
	task->dones++;
}

static int submit(struct task *task)
{
	task->job.run = run;
	task->job.done = done;
	return wye_jobs_submit(jobs, &task->job);
}

/* Submits a task that holds the pool's only thread until `go` is posted. */
static void hold(struct task *task)
{
	task->started = &started;
	task->go = &go;
	assert_int_equal(submit(task), 0);
	while (sem_wait(&started))
		;
}

static void wait_for(const struct task *task)
{
	while (!task->dones)
		driven_turn(&driven);
	assert_int_equal(task->dones, 1);
	assert_int_equal(atomic_load(&task->runs), 1);
	assert_false(task->astray);
	assert_false(task->job.out);
}

static int64_t metric(const char *name)
{
	return wye_metric_read(wye_metric_register(name, WYE_GAUGE));
}

static int set_up(void **state)
{
	(void)state;
	sem_init(&started, 0, 0);
	sem_init(&go, 0, 0);
	return driven_start(&driven, 0) | wye_jobs_create(&jobs, 1, 2);
}

static int tear_down(void **state)
{
	(void)state;
	if (!wye_jobs_stop(jobs, 5000) || metric("blocking_queued") ||
	    metric("blocking_running"))
		return -1;
	wye_jobs_destroy(jobs);
	driven_end(&driven);
	sem_destroy(&started);
	sem_destroy(&go);
	return 0;
}

static void bound(void **state)
{
	struct task holder = { 0 }, waiting[2] = { 0 }, more = { 0 };
	int64_t refused = metric("blocking_refused_total");

	(void)state;
	hold(&holder);
	assert_int_equal(submit(&waiting[0]), 0);
	assert_int_equal(submit(&waiting[1]), 0);
	assert_int_equal(submit(&more), -EAGAIN);
	assert_false(more.job.out);
	assert_true(waiting[1].job.out);
	assert_int_equal(metric("blocking_queued"), 2);
	assert_int_equal(metric("blocking_running"), 1);
	assert_int_equal(metric("blocking_refused_total"), refused + 1);
	sem_post(&go);
	wait_for(&holder);
	wait_for(&waiting[0]);
	wait_for(&waiting[1]);
	assert_int_equal(submit(&more), 0);
	wait_for(&more);
}

static void withdraw(void **state)
{
	struct task holder = { 0 }, waiting[3] = { 0 };

	(void)state;
	assert_false(wye_jobs_withdraw(jobs, &waiting[0].job)); /* was never there */
	hold(&holder);
	assert_false(wye_jobs_withdraw(jobs, &holder.job));
	assert_int_equal(submit(&waiting[0]), 0);
	assert_int_equal(submit(&waiting[1]), 0);
	assert_true(wye_jobs_withdraw(jobs, &waiting[0].job));
	assert_false(waiting[0].job.out);
	assert_false(wye_jobs_withdraw(jobs, &waiting[0].job));
	assert_int_equal(submit(&waiting[2]), 0); /* there is room again */
	sem_post(&go);
	wait_for(&waiting[1]);
	wait_for(&waiting[2]);
	assert_int_equal(holder.dones, 1);
	assert_false(wye_jobs_withdraw(jobs, &holder.job));
	assert_int_equal(atomic_load(&waiting[0].runs) + waiting[0].dones, 0);
	assert_int_equal(submit(&waiting[0]), 0); /* it can be used again */
	wait_for(&waiting[0]);
}

static void stop_with_a_job_running(void **state)
{
	struct task holder = { 0 }, waiting = { 0 };

	(void)state;
	hold(&holder);
	assert_int_equal(submit(&waiting), 0);
	assert_false(wye_jobs_stop(jobs, 20));
	sem_post(&go);
	assert_true(wye_jobs_stop(jobs, 5000));
	wait_for(&holder);
	assert_int_equal(atomic_load(&waiting.runs), 0); /* no more is started */
	assert_true(wye_jobs_withdraw(jobs, &waiting.job));
	assert_int_equal(waiting.dones, 0);
}

/* What comes back to a loop that has ended is dropped. */
static void loop_ends_first(void **state)
{
	struct task holder = { 0 };

	(void)state;
	hold(&holder);
	wye_loop_end(&driven.loop);
	sem_post(&go);
	assert_true(wye_jobs_stop(jobs, 5000));
	assert_int_equal(atomic_load(&holder.runs), 1);
	assert_int_equal(holder.dones, 0);
}

static void nothing_to_stop(void **state)
{
	(void)state;
	assert_true(wye_jobs_stop(NULL, 0));
	wye_jobs_destroy(NULL);
}

/* ---- many threads and loops ---- */

enum { LOOPS = 3, TASKS = 16, ROUNDS = 300 };

struct server {
	struct driven own;
	struct wye_jobs *pool;
	unsigned withdrawn, refused, finished;
	bool failed;
};

static bool server_round(struct server *server, struct task *tasks)
{
	for (unsigned i = 0; i < TASKS; i++) {
		tasks[i].job.run = run;
		tasks[i].job.done = done;
		tasks[i].dones = 0;
		if (wye_jobs_submit(server->pool, &tasks[i].job))
			server->refused++;
	}
	for (unsigned i = 0; i < TASKS; i += 3)
		server->withdrawn +=
			tasks[i].job.out && wye_jobs_withdraw(server->pool, &tasks[i].job);
	for (unsigned i = 0; i < TASKS; i++) {
		while (tasks[i].job.out)
			driven_turn(&server->own);
		if (tasks[i].dones > 1 || tasks[i].astray)
			return false;
		server->finished += tasks[i].dones;
	}
	return true;
}

static void *serve(void *argument)
{
	struct server *server = argument;
	struct task tasks[TASKS] = { 0 };
	unsigned runs = 0;

	wye_loop_enter(&server->own.loop);
	for (unsigned i = 0; i < ROUNDS && !server->failed; i++)
		server->failed = !server_round(server, tasks);
	for (unsigned i = 0; i < TASKS; i++)
		runs += atomic_load(&tasks[i].runs);
	server->failed |=
		runs != server->finished ||
		server->finished + server->refused + server->withdrawn != ROUNDS * TASKS;
	driven_end(&server->own);
	return NULL;
}

static void back_to_the_loop_that_submitted(void **state)
{
	struct server servers[LOOPS];
	pthread_t threads[LOOPS];
	struct wye_jobs *pool;

	(void)state;
	assert_int_equal(wye_jobs_create(&pool, 4, 20), 0);
	for (unsigned i = 0; i < LOOPS; i++) {
		servers[i] = (struct server) { .pool = pool };
		assert_int_equal(driven_init(&servers[i].own, i + 1), 0);
	}
	for (unsigned i = 0; i < LOOPS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, serve, &servers[i]), 0);
	for (unsigned i = 0; i < LOOPS; i++) {
		pthread_join(threads[i], NULL);
		assert_false(servers[i].failed);
		assert_true(servers[i].finished > 0);
	}
	assert_true(wye_jobs_stop(pool, 5000));
	wye_jobs_destroy(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(withdraw, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stop_with_a_job_running, set_up, tear_down),
		cmocka_unit_test_setup_teardown(loop_ends_first, set_up, tear_down),
		cmocka_unit_test(nothing_to_stop),
		cmocka_unit_test_setup_teardown(back_to_the_loop_that_submitted, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
