/* SPDX-License-Identifier: MIT
 *
 * wye/file.h - tells when a file has changed: for keys, passwords and lists that are read again
 * while the program runs. One thread for all of them looks once a second, also at what is
 * mounted over a network or replaced through a link; it runs while any file is watched.
 */
#ifndef WYE_FILE_H
#define WYE_FILE_H

#include <sys/stat.h>

#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Embedded in its owner's memory, all zero before it is used. The members are private. */
struct wye_file_watch {
	const char *path;
	void (*changed)(void *argument);
	void *argument;
	struct wye_file_watch *next;
	struct stat last;
};

/* Remembers what the file is now: to be called before it is read for the first time. `path` is
 * the caller's, and stays. Main thread: a plugin's open(). */
WYE_API void wye_file_watch_init(struct wye_file_watch *watch, const char *path);

/* From now on `changed(argument)` is called when it is another file, was written to, or is
 * there again; on the thread that looks, which may wait. What is written during a call is told
 * by the next. What loops read is replaced with the help of wye_loops_pass(). Main thread: a
 * plugin's start(). A file that the user of the program may not read is warned of. Returns 0; a
 * negative errno. */
WYE_API int wye_file_watch_start(struct wye_file_watch *watch, void (*changed)(void *argument),
				 void *argument) WYE_MUST_CHECK;
/* Ends: no call is under way afterwards. One that is not watched is left alone. Main thread: a
 * plugin's stop(). */
WYE_API void wye_file_watch_stop(struct wye_file_watch *watch);

#ifdef __cplusplus
}
#endif
#endif
