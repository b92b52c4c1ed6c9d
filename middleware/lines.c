/* SPDX-License-Identifier: MIT
 *
 * lines.c - see lines.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"

static int read_all(FILE *file, const char *path,
		    int (*take)(void *argument, const char *line, struct wye_error *why),
		    void *argument, struct wye_error *why)
{
	struct wye_error reason = { "" };
	char *line = NULL;
	size_t room = 0;
	int error = 0;

	for (unsigned number = 1; !error && getline(&line, &room, file) >= 0; number++) {
		line[strcspn(line, "\r\n")] = '\0';
		if (*line && *line != '#')
			error = take(argument, line, &reason);
		if (error == -EINVAL)
			wye_error_set(why, "%s:%u: %s", path, number, reason.text);
	}
	if (line)
		explicit_bzero(line, room);
	free(line);
	return error;
}

static int cant_read(const char *path, struct wye_error *why)
{
	int error = errno ? errno : EIO;

	wye_error_set(why, "can't read \"%s\": %s", path, strerror(error));
	return -error;
}

int lines_read(const char *path,
	       int (*take)(void *argument, const char *line, struct wye_error *why),
	       void *argument, struct wye_error *why)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
	int error;

	if (!file) {
		error = cant_read(path, why);
		if (descriptor >= 0)
			close(descriptor);
		return error;
	}
	errno = 0;
	error = read_all(file, path, take, argument, why);
	if (!error && ferror(file))
		error = cant_read(path, why);
	fclose(file);
	return error;
}
