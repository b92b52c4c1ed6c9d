/* SPDX-License-Identifier: MIT
 *
 * files.h - a route that serves files, and what is found for a request; shared by the files of
 * this handler. A route is read-only once it is made; the rest is of one request's thread.
 */
#ifndef WYE_HANDLERS_FILES_H
#define WYE_HANDLERS_FILES_H

#include <sys/stat.h>

#include <wye/rest.h>

#include "files-condition.h"
#include "files-open.h"
#include "files-type.h"

/* A content coding whose files are made beforehand. */
struct files_coding {
	const char *name, *ending;
};

enum {
	FILES_CODINGS = 3, /* that are known */
	FILES_ETAG = 64,
};

/* A route. Texts live as long as its settings. */
struct files {
	const struct wye_settings *settings;
	enum files_way way;
	const char *root, *index, *fallback, *default_type; /* index, fallback: may be NULL */
	struct wye_text cache_control;
	const struct files_coding *codings[FILES_CODINGS];
	size_t coding_count;
	bool dotfiles, nosniff;
	size_t type_count;
	struct files_type types[]; /* of the config */
};

/* What a request asks for beside the path. */
struct files_asked {
	struct files_conditions conditions;
	struct wye_text accept; /* Accept-Encoding */
};

/* A regular file or a folder. */
struct files_found {
	int descriptor;
	struct stat state;
	const struct files_coding *coding; /* NULL: the plain file */
	char name[FILES_NAME];             /* of the plain file */
};

/* ---- files-find.c ---- */

/* A descriptor of the root; a negative errno. */
int files_open_root(const struct files *files) WYE_MUST_CHECK;

void files_read_fields(struct wye_request *request, struct files_asked *asked);

/* Opens what a decoded path stands for. 0 or a negative errno. */
int files_find(const struct files *files, struct wye_text path, const struct files_asked *asked,
	       struct files_found *found) WYE_MUST_CHECK;

/* ---- files-reply.c: each answers the request ---- */

void files_reply_error(struct wye_request *request, int error);

/* To the same path with a slash behind it. */
void files_reply_folder(struct wye_request *request);

/* With the file, or what its preconditions make of it; the descriptor is taken over. */
void files_reply(struct wye_request *request, const struct files *files,
		 const struct files_asked *asked, struct files_found *found);

#endif
