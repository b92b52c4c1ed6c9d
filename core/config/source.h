/* SPDX-License-Identifier: MIT
 *
 * source.h - the files of a config as text: what their names are, and what is in them. Main
 * thread.
 */
#ifndef WYE_CORE_CONFIG_SOURCE_H
#define WYE_CORE_CONFIG_SOURCE_H

#include "base/buffer.h"

/* Appends all of a file, and a NUL that `length` does not count. Returns 0 or a negative errno:
 * -EISDIR; -EFBIG above 16 MB; -EILSEQ if a NUL is in it. */
int wye_source_read(struct wye_buffer *out, const char *path) WYE_MUST_CHECK;

/* The folder of a path as given, without a slash at the end; "" for the root. NULL without
 * memory. */
char *wye_source_folder(const char *path);

/* The path of an included file, as one would open it: `folder` is of the main file. Allocated;
 * NULL without memory. */
char *wye_source_path(const char *folder, const char *name, size_t length);

/* The text of one line, the first being 1: empty behind the end. Without its newline. */
struct wye_text wye_source_line(const struct wye_buffer *source, unsigned line);

#endif
