/* SPDX-License-Identifier: MIT
 *
 * file-watch.c - see file-watch.h.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <wye/loop.h>

#include "file-watch.h"

/* ---- the file ---- */

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool has_changed(struct file_watch *watch)
{
	const struct stat last = watch->last;
	struct stat now;

	if (stat(watch->path, &now))
		return false;
	watch->last = now;
	return now.st_dev != last.st_dev || now.st_ino != last.st_ino ||
	       now.st_size != last.st_size || !same_time(now.st_mtim, last.st_mtim) ||
	       !same_time(now.st_ctim, last.st_ctim);
}

void file_watch_init(struct file_watch *watch, const char *path)
{
	watch->path = path;
	if (stat(path, &watch->last))
		memset(&watch->last, 0, sizeof watch->last);
}

/* ---- the thread ---- */

/* Waits for a second. False: the thread is to end. */
static bool pause_for_a_second(struct file_watch *watch)
{
	struct timespec until;
	bool go_on;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	pthread_mutex_lock(&watch->lock);
	while (!watch->stop && !pthread_cond_timedwait(&watch->ended, &watch->lock, &until))
		;
	go_on = !watch->stop;
	pthread_mutex_unlock(&watch->lock);
	return go_on;
}

static void *run(void *argument)
{
	struct file_watch *watch = argument;

	while (pause_for_a_second(watch))
		if (has_changed(watch))
			watch->changed(watch->argument);
	return NULL;
}

static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t clock;

	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &clock);
	pthread_condattr_destroy(&clock);
}

int file_watch_start(struct file_watch *watch, void (*changed)(void *argument), void *argument)
{
	int error;

	watch->changed = changed;
	watch->argument = argument;
	watch->stop = false;
	pthread_mutex_init(&watch->lock, NULL);
	init_condition(&watch->ended);
	error = pthread_create(&watch->thread, NULL, run, watch);
	watch->running = !error;
	if (!error)
		pthread_setname_np(watch->thread, "file-watch");
	return -error;
}

void file_watch_stop(struct file_watch *watch)
{
	if (!watch->running)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->stop = true;
	pthread_cond_signal(&watch->ended);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	pthread_cond_destroy(&watch->ended);
	pthread_mutex_destroy(&watch->lock);
	watch->running = false;
}

/* ---- the loops ---- */

struct crossing {
	pthread_mutex_t lock;
	pthread_cond_t over;
	unsigned left;
};

static void passed(void *argument)
{
	struct crossing *crossing = argument;

	pthread_mutex_lock(&crossing->lock);
	if (!--crossing->left)
		pthread_cond_signal(&crossing->over);
	pthread_mutex_unlock(&crossing->lock);
}

/* Without memory it tries again: who goes on too early frees what is in use. False if the loop
 * has ended. */
static bool post_in_any_case(struct wye_loop *loop, struct crossing *crossing)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int error;

	while ((error = wye_loop_post(loop, passed, crossing)) == -ENOMEM)
		nanosleep(&moment, NULL);
	return !error;
}

void loops_pass(void)
{
	struct crossing crossing = { .lock = PTHREAD_MUTEX_INITIALIZER,
				     .over = PTHREAD_COND_INITIALIZER,
				     .left = wye_loop_count() };

	for (unsigned i = 0, count = crossing.left; i < count; i++)
		if (!post_in_any_case(wye_loop_at(i), &crossing))
			passed(&crossing);
	pthread_mutex_lock(&crossing.lock);
	while (crossing.left)
		pthread_cond_wait(&crossing.over, &crossing.lock);
	pthread_mutex_unlock(&crossing.lock);
}
