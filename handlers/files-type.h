/* SPDX-License-Identifier: MIT
 *
 * files-type.h - the usual media types of files, by the ends of their names. Any thread.
 */
#ifndef WYE_HANDLERS_FILES_TYPE_H
#define WYE_HANDLERS_FILES_TYPE_H

#include <wye/types.h>

struct files_type {
	const char *ending, *name;
};

/* What stands behind the last dot of the name's last segment; NULL if there is none. */
const char *files_ending(const char *name);

/* The Content-Type of an ending, in any case; NULL for an unknown one. Lives for ever. */
const char *files_type(const char *ending);

#endif
