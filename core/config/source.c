/* SPDX-License-Identifier: MIT
 *
 * source.c - see source.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/source.h"

enum {
	LARGEST = 16 << 20,
	CHUNK = 4096,
};

static int read_all(struct wye_buffer *out, FILE *in)
{
	size_t length;

	do {
		if (out->length > LARGEST)
			return -EFBIG;
		if (wye_buffer_reserve_secret(out, CHUNK))
			return -ENOMEM;
		errno = 0;
		length = fread(out->data + out->length, 1, CHUNK, in);
		out->length += length;
	} while (length);
	return ferror(in) ? -(errno ? errno : EIO) : 0;
}

int wye_source_read(struct wye_buffer *out, const char *path)
{
	FILE *in = fopen(path, "re");
	int error;

	if (!in)
		return -errno;
	setvbuf(in, NULL, _IONBF, 0); /* no copy that nobody wipes */
	error = read_all(out, in);
	fclose(in);
	if (error)
		return error;
	if (memchr(out->data, '\0', out->length))
		return -EILSEQ;
	out->data[out->length] = '\0'; /* the last read left a whole chunk free */
	return 0;
}

char *wye_source_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
}

char *wye_source_path(const char *folder, const char *name, size_t length)
{
	char *path;

	if (!strcmp(folder, "."))
		return strndup(name, length);
	if (asprintf(&path, "%s/%.*s", folder, (int)length, name) < 0)
		return NULL;
	return path;
}

struct wye_text wye_source_line(const struct wye_buffer *source, unsigned line)
{
	const char *at = source->data, *end = at + source->length, *next;

	for (; line > 1 && at < end; line--) {
		next = memchr(at, '\n', (size_t)(end - at));
		at = next ? next + 1 : end;
	}
	next = memchr(at, '\n', (size_t)(end - at));
	return (struct wye_text) { at, (size_t)((next ? next : end) - at) };
}
