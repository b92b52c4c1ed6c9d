/* SPDX-License-Identifier: MIT
 *
 * file-watch.h - a thread that looks once a second whether a file has changed, for secrets that
 * are read again while the program runs; and a way to replace what loops read without a lock.
 */
#ifndef WYE_MIDDLEWARE_FILE_WATCH_H
#define WYE_MIDDLEWARE_FILE_WATCH_H

#include <pthread.h>
#include <sys/stat.h>

#include <wye/types.h>

/* In its owner's memory, all zero at first; which stays until file_watch_stop(). The members
 * are private. */
struct file_watch {
	const char *path;
	struct stat last;
	void (*changed)(void *argument);
	void *argument;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool running, stop;
};

/* Remembers what the file is now: to be called before it is read for the first time. `path` is
 * the caller's. Main thread. */
void file_watch_init(struct file_watch *watch, const char *path);

/* From now on `changed(argument)` is called on the watch's thread whenever the file is another
 * one, or was written to. One that has vanished is waited for. Main thread. Returns 0 or a
 * negative errno. */
int file_watch_start(struct file_watch *watch, void (*changed)(void *argument),
		     void *argument) WYE_MUST_CHECK;

/* Ends the thread; no call is under way afterwards. One that does not run is left alone. Main
 * thread. */
void file_watch_stop(struct file_watch *watch);

/* Waits until each loop has begun a turn after this call: what was replaced before it is seen
 * by no callback any more, as callbacks keep nothing. Any thread but a loop's. */
void loops_pass(void);

#endif
