/* SPDX-License-Identifier: MIT
 *
 * file.c - see wye/file.h.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <wye/file.h>
#include <wye/log.h>

#include "base/until.h"

enum {
	INTERVAL = 1000, /* milliseconds */
};

static struct {
	pthread_mutex_t lock; /* of all below; held during calls */
	pthread_cond_t ended; /* the thread is to end */
	pthread_t thread;
	struct wye_file_watch *watches;
	bool running;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER };

/* ---- looking ---- */

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Both times: what is moved here keeps its own, what is written within one tick its size. */
static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       same_time(a->st_mtim, b->st_mtim) && same_time(a->st_ctim, b->st_ctim);
}

static void look(struct wye_file_watch *watch)
{
	struct stat now;

	if (stat(watch->path, &now) || same(&now, &watch->last))
		return;
	watch->last = now;
	watch->changed(watch->argument);
}

static void *run(void *unused)
{
	struct timespec until;

	pthread_mutex_lock(&all.lock);
	while (all.watches) {
		until = wye_until(CLOCK_MONOTONIC, INTERVAL);
		if (pthread_cond_clockwait(&all.ended, &all.lock, CLOCK_MONOTONIC, &until))
			for (struct wye_file_watch *one = all.watches; one; one = one->next)
				look(one);
	}
	pthread_mutex_unlock(&all.lock);
	return unused;
}

/* ---- beginning and ending ---- */

void wye_file_watch_init(struct wye_file_watch *watch, const char *path)
{
	watch->path = path;
	if (stat(path, &watch->last))
		memset(&watch->last, 0, sizeof watch->last);
}

int wye_file_watch_start(struct wye_file_watch *watch, void (*changed)(void *argument),
			 void *argument)
{
	int error = 0;

	if (eaccess(watch->path, R_OK) && errno == EACCES)
		wye_log(WYE_LOG_WARNING, "%s can't be read again: %s", watch->path,
			strerror(errno));
	watch->changed = changed;
	watch->argument = argument;
	pthread_mutex_lock(&all.lock);
	watch->next = all.watches;
	all.watches = watch;
	if (!all.running) {
		error = pthread_create(&all.thread, NULL, run, NULL);
		all.running = !error;
		if (error)
			all.watches = watch->next;
		else
			pthread_setname_np(all.thread, "wye-files");
	}
	pthread_mutex_unlock(&all.lock);
	return -error;
}

void wye_file_watch_stop(struct wye_file_watch *watch)
{
	struct wye_file_watch **link = &all.watches;
	bool last;

	pthread_mutex_lock(&all.lock);
	while (*link && *link != watch)
		link = &(*link)->next;
	if (*link)
		*link = watch->next;
	last = all.running && !all.watches;
	if (last) {
		all.running = false;
		pthread_cond_signal(&all.ended);
	}
	pthread_mutex_unlock(&all.lock);
	if (last)
		pthread_join(all.thread, NULL);
}
