/* SPDX-License-Identifier: MIT
 *
 * lines.h - reads a file of entries, one a line; empty lines and those that begin with "#" are
 * passed over. Any thread.
 */
#ifndef WYE_MIDDLEWARE_LINES_H
#define WYE_MIDDLEWARE_LINES_H

#include <wye/types.h>

/* Calls `take` with each line, which is cleared of secrets afterwards. It returns 0; -EINVAL
 * with a sentence, which then gets the file's name and the line's number; another negative
 * errno. Returns 0, or what was returned, or why the file can't be read, with a sentence. */
int lines_read(const char *path,
	       int (*take)(void *argument, const char *line, struct wye_error *why),
	       void *argument, struct wye_error *why) WYE_MUST_CHECK;

#endif
