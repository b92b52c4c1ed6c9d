/* SPDX-License-Identifier: MIT
 *
 * files.h - tells when a file has changed: one thread for all of them looks once a second, and
 * calls on that thread. It runs while any file is watched.
 */
#ifndef WYE_CORE_BASE_FILES_H
#define WYE_CORE_BASE_FILES_H

#include <sys/stat.h>

#include <wye/types.h>

/* Embedded in its owner's memory. The members are private, but for the first three. */
struct wye_file_watch {
	const char *path;
	/* It is another file now, or was written to, or is there again. Looks are between
	 * calls, so what is written meanwhile is told by the next. */
	void (*changed)(void *argument);
	void *argument;
	struct wye_file_watch *next;
	struct stat last;
};

/* Begins. `before` is what the file was when the owner has read it last. Main thread. Returns
 * 0; a negative errno. */
int wye_file_watch_start(struct wye_file_watch *watch,
			 const struct stat *before) WYE_MUST_CHECK;
/* Ends: no call is under way afterwards. One that is not watched is left alone. Main thread. */
void wye_file_watch_stop(struct wye_file_watch *watch);

#endif
