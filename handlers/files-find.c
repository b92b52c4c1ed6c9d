/* SPDX-License-Identifier: MIT
 *
 * files-find.c - see files.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "files.h"
#include "files-encoding.h"

/* ---- what the request asks for ---- */

/* Where a field goes; NULL for all that say nothing about files. */
static struct wye_text *place_of(struct files_asked *asked, struct wye_text name)
{
	static const struct {
		const char *name;
		size_t length, offset;
	} places[] = {
#define PLACE(text, member) { text, sizeof text - 1, offsetof(struct files_asked, member) }
		PLACE("If-None-Match", conditions.none_match),
		PLACE("If-Modified-Since", conditions.modified),
		PLACE("Accept-Encoding", accept),
		PLACE("Range", conditions.range),
		PLACE("If-Range", conditions.if_range),
		PLACE("If-Match", conditions.match),
		PLACE("If-Unmodified-Since", conditions.not_modified),
#undef PLACE
	};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (name.length == places[i].length &&
		    !strncasecmp(name.data, places[i].name, name.length))
			return (struct wye_text *)((char *)asked + places[i].offset);
	return NULL;
}

/* A field that comes twice is one list (RFC 9110, 5.3). */
static struct wye_text join(struct wye_request *request, struct wye_text a, struct wye_text b)
{
	char *out = wye_request_allocate(request, a.length + b.length + 1);

	if (!out)
		return a;
	memcpy(out, a.data, a.length);
	out[a.length] = ',';
	memcpy(out + a.length + 1, b.data, b.length);
	return (struct wye_text) { out, a.length + b.length + 1 };
}

void files_read_fields(struct wye_request *request, struct files_asked *asked)
{
	struct wye_field field;

	for (size_t i = 0; wye_request_header_at(request, i, &field); i++) {
		struct wye_text *place = place_of(asked, field.name);

		if (place)
			*place = place->data ? join(request, *place, field.value) : field.value;
	}
}

/* ---- finding ---- */

int files_open_root(const struct files *files)
{
	int root = open(files->root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? -errno : root;
}

/* Opens a regular file or a folder. 0 or a negative errno. */
static int open_file(const struct files *files, int root, const char *name,
		     struct files_found *found)
{
	int descriptor = files_open(files->way, root, name);

	if (descriptor < 0)
		return descriptor;
	if (fstat(descriptor, &found->state) ||
	    (!S_ISREG(found->state.st_mode) && !S_ISDIR(found->state.st_mode))) {
		close(descriptor);
		return -ENOENT;
	}
	found->descriptor = descriptor;
	return 0;
}

/* Puts the file of a coding in the plain one's place, if there is one. */
static bool open_coded(const struct files *files, int root, const struct files_coding *coding,
		       struct files_found *found)
{
	struct files_found coded;
	size_t length = strlen(found->name);
	int error;

	strcpy(found->name + length, coding->ending); /* files_name() has left room */
	error = open_file(files, root, found->name, &coded);
	found->name[length] = '\0';
	if (error)
		return false;
	if (!S_ISREG(coded.state.st_mode)) {
		close(coded.descriptor);
		return false;
	}
	close(found->descriptor);
	found->descriptor = coded.descriptor;
	found->state = coded.state;
	found->coding = coding;
	return true;
}

/* The codings that the client likes at least as well as none, in the order of its weights and
 * then of the config. */
static void choose_coding(const struct files *files, int root, struct wye_text accept,
			  struct files_found *found)
{
	unsigned weights[FILES_CODINGS], plain;

	if (!files->coding_count || !accept.data)
		return;
	plain = files_weight(accept, "identity", 0);
	for (size_t i = 0; i < files->coding_count; i++)
		weights[i] = files_weight(accept, files->codings[i]->name, 0);
	for (size_t turn = 0; turn < files->coding_count; turn++) {
		size_t best = 0;

		for (size_t i = 1; i < files->coding_count; i++)
			if (weights[i] > weights[best])
				best = i;
		if (!weights[best] || weights[best] < plain ||
		    open_coded(files, root, files->codings[best], found))
			return;
		weights[best] = 0;
	}
}

static bool is_page(struct wye_text path)
{
	const char *slash = path.length ? memrchr(path.data, '/', path.length) : NULL;
	size_t skip = slash ? (size_t)(slash + 1 - path.data) : 0;

	return path.length == skip || !memchr(path.data + skip, '.', path.length - skip);
}

static int find_in(const struct files *files, int root, struct wye_text path,
		   const struct files_asked *asked, struct files_found *found)
{
	struct wye_text fallback = { files->fallback, 0 };
	int error = -ENOENT;

	fallback.length = files->fallback ? strlen(files->fallback) : 0;
	found->coding = NULL;
	if (files_name(path, files->index, files->dotfiles, found->name))
		error = open_file(files, root, found->name, found);
	if (error && files->fallback && files_is_missing(error) && is_page(path) &&
	    files_name(fallback, NULL, true, found->name))
		error = open_file(files, root, found->name, found);
	if (!error && S_ISREG(found->state.st_mode))
		choose_coding(files, root, asked->accept, found);
	return error;
}

int files_find(const struct files *files, struct wye_text path, const struct files_asked *asked,
	       struct files_found *found)
{
	int root = files_open_root(files), error;

	if (root < 0)
		return root;
	error = find_in(files, root, path, asked, found);
	close(root);
	return error;
}
