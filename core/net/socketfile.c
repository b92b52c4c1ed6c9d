/* SPDX-License-Identifier: MIT
 *
 * socketfile.c - see socketfile.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/socketfile.h"

/* Returns 0 if nobody answers any more. */
static int probe(const struct sockaddr_un *address)
{
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (descriptor < 0)
		return -errno;
	error = connect(descriptor, (const struct sockaddr *)address, sizeof *address)
			? errno
			: EADDRINUSE;
	close(descriptor);
	return error == ECONNREFUSED ? 0 : -EADDRINUSE;
}

static int remove_stale(const struct sockaddr_un *address)
{
	struct stat old;
	int error;

	if (lstat(address->sun_path, &old))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(old.st_mode))
		return -EEXIST;
	error = probe(address);
	if (!error && unlink(address->sun_path) && errno != ENOENT)
		error = -errno;
	return error;
}

static int bind_to(int descriptor, const struct sockaddr_un *address)
{
	return bind(descriptor, (const struct sockaddr *)address, sizeof *address) ? -errno : 0;
}

/* Before bind(2) a mode narrows what the umask leaves; afterwards it widens it. */
int wye_socket_file_bind(struct wye_socket_file *file, int descriptor, const char *path,
			 mode_t mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat made;
	int error;

	if (strlen(path) > WYE_SOCKET_FILE_MAX)
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	if (fchmod(descriptor, mode))
		return -errno;
	error = bind_to(descriptor, &address);
	if (error == -EADDRINUSE) {
		error = remove_stale(&address);
		if (!error)
			error = bind_to(descriptor, &address);
	}
	if (error)
		return error;
	if (chmod(path, mode) || lstat(path, &made)) {
		error = -errno;
		unlink(path);
		return error;
	}
	*file = (struct wye_socket_file) { path, made.st_dev, made.st_ino };
	return 0;
}

void wye_socket_file_remove(struct wye_socket_file *file)
{
	struct stat now;

	if (file->path && !lstat(file->path, &now) && now.st_dev == file->device &&
	    now.st_ino == file->inode)
		unlink(file->path);
	file->path = NULL;
}
