/* SPDX-License-Identifier: MIT
 *
 * socketfile.h - the file of a listening Unix socket: made with its mode, in place of one that
 * was left behind, and removed at the end. Main thread.
 */
#ifndef WYE_CORE_NET_SOCKETFILE_H
#define WYE_CORE_NET_SOCKETFILE_H

#include <sys/stat.h>

#include <wye/types.h>

/* Longest path (unix(7)). */
#define WYE_SOCKET_FILE_MAX 107

struct wye_socket_file {
	const char *path; /* borrowed; NULL: none */
	dev_t device;     /* what was made: a later one in its place is another's */
	ino_t inode;
};

/* Binds an AF_UNIX socket to a path, which is borrowed until the file is removed. At no time
 * may more users connect than `mode` says.
 *
 * Returns 0; -EADDRINUSE if somebody answers there; -EEXIST if there is a file that is no
 * socket; -ENAMETOOLONG; another negative errno. */
int wye_socket_file_bind(struct wye_socket_file *file, int descriptor, const char *path,
			 mode_t mode) WYE_MUST_CHECK;

/* Removes it, if it is still the one that was made. */
void wye_socket_file_remove(struct wye_socket_file *file);

#endif
