/* SPDX-License-Identifier: MIT
 *
 * files-open.c - see files-open.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files-open.h"

enum {
	TRIES = 16,
	ENDING = 4, /* longest ending of a precompressed file, and the NUL */
	HOW = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
};

/* ---- names ---- */

static bool is_refused(struct wye_text segment, bool dotfiles)
{
	const char *name = segment.data;

	if (!segment.length)
		return true;
	if (name[0] != '.')
		return false;
	return !dotfiles || segment.length == 1 || (segment.length == 2 && name[1] == '.');
}

/* The last segment may be empty: then an index is asked for. */
static bool segments_pass(struct wye_text path, bool dotfiles)
{
	const char *at = path.data, *end = path.data + path.length;

	while (at < end) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		const char *stop = slash ? slash : end;

		if (is_refused((struct wye_text) { at, (size_t)(stop - at) }, dotfiles))
			return false;
		at = slash ? slash + 1 : end;
	}
	return true;
}

static bool bytes_pass(struct wye_text path)
{
	return !path.length || (!memchr(path.data, '\0', path.length) &&
				!memchr(path.data, '\\', path.length) &&
				!memmem(path.data, path.length, "%2F", 3));
}

size_t files_name(struct wye_text path, const char *index, bool dotfiles, char out[FILES_NAME])
{
	bool is_folder = !path.length || path.data[path.length - 1] == '/';
	size_t more = is_folder && index ? strlen(index) : 0;

	if (path.length + more + ENDING > FILES_NAME || (is_folder && !index) ||
	    !bytes_pass(path) || !segments_pass(path, dotfiles))
		return 0;
	if (path.length)
		memcpy(out, path.data, path.length);
	if (more)
		memcpy(out + path.length, index, more);
	out[path.length + more] = '\0';
	return path.length + more;
}

/* ---- opening ---- */

/* The kernel gives up with EAGAIN where a link has ".." in it and anything was renamed
 * meanwhile, as it can't be sure then. */
static int open_beneath(int root, const char *name)
{
	struct open_how how = { .flags = HOW,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	long descriptor = -1;

	for (int tries = 0; tries < TRIES; tries++) {
		descriptor = syscall(SYS_openat2, root, name, &how, sizeof how);
		if (descriptor >= 0)
			return (int)descriptor;
		if (errno != EAGAIN)
			break;
	}
	return -errno;
}

/* Opens the folder that a name begins with, and moves on behind it. */
static int step_into(int folder, const char **name, const char *slash)
{
	size_t length = (size_t)(slash - *name);
	char segment[NAME_MAX + 1];
	int descriptor;

	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(segment, *name, length);
	segment[length] = '\0';
	*name = slash + 1;
	descriptor = openat(folder, segment, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return descriptor < 0 ? -errno : descriptor;
}

static int open_walking(int root, const char *name)
{
	int folder = root, descriptor = 0;
	const char *slash;

	while (descriptor >= 0 && (slash = strchr(name, '/'))) {
		descriptor = step_into(folder, &name, slash);
		if (folder != root)
			close(folder);
		folder = descriptor;
	}
	if (descriptor < 0)
		return descriptor;
	descriptor = openat(folder, name, HOW | O_NOFOLLOW);
	if (descriptor < 0)
		descriptor = -errno;
	if (folder != root)
		close(folder);
	return descriptor;
}

int files_open(enum files_way way, int root, const char *name)
{
	return way == FILES_BENEATH ? open_beneath(root, name) : open_walking(root, name);
}

enum files_way files_way_of_kernel(void)
{
	int descriptor = open_beneath(AT_FDCWD, ".");

	if (descriptor >= 0)
		close(descriptor);
	return descriptor == -ENOSYS || descriptor == -EPERM ? FILES_WALK : FILES_BENEATH;
}

/* ELOOP, EXDEV: a link that is not followed; ENXIO, ENODEV: a socket, a device without its
 * driver. */
bool files_is_missing(int error)
{
	switch (-error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
	case EXDEV:
	case ENXIO:
	case ENODEV:
		return true;
	default:
		return false;
	}
}
