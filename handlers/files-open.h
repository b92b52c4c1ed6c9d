/* SPDX-License-Identifier: MIT
 *
 * files-open.h - from a request's path to an open file beneath a root, and nowhere else. Any
 * thread.
 */
#ifndef WYE_HANDLERS_FILES_OPEN_H
#define WYE_HANDLERS_FILES_OPEN_H

#include <limits.h>

#include <wye/types.h>

/* Bytes of a name, with room for the ending of a precompressed file and the NUL. */
#define FILES_NAME PATH_MAX

/* Writes the name, relative to the root, that a decoded path stands for; one that ends in a
 * slash, or is empty, has `index` appended (NULL: it is none). Refused is what could lead
 * elsewhere or mean two things: empty segments, "." and "..", backslashes, NUL, encoded slashes
 * ("%2F", as wye_request_rest() has them); and, unless `dotfiles`, segments that begin with a
 * dot.
 *
 * Returns the length; 0 if it is refused. */
size_t files_name(struct wye_text path, const char *index, bool dotfiles, char out[FILES_NAME]);

/* How a name is opened, so that no symbolic link leads out of the root. */
enum files_way {
	FILES_BENEATH, /* openat2(2): links within the root are followed */
	FILES_WALK,    /* segment by segment, where the kernel or a seccomp filter has no such
			  call: no links at all */
};
enum files_way files_way_of_kernel(void);

/* Opens a name of files_name() for reading; a FIFO does not wait. Returns a descriptor, or a
 * negative errno. */
int files_open(enum files_way way, int root, const char *name) WYE_MUST_CHECK;

/* Returns true for errors that say no more than that there is no such file. */
bool files_is_missing(int error);

#endif
