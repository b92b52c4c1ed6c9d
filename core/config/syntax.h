/* SPDX-License-Identifier: MIT
 *
 * syntax.h - what is wrong with a config before its settings are looked at: one line for the
 * first mistake, with the text in which it is. Main thread.
 */
#ifndef WYE_CORE_CONFIG_SYNTAX_H
#define WYE_CORE_CONFIG_SYNTAX_H

#include <libconfig.h>

#include "base/buffer.h"
#include "config/problems.h"

/* A file of a config. */
struct wye_syntax_file {
	const char *path;
	struct wye_buffer source;
};

/* Looks through a main file and all that it includes, ahead of libconfig, which would take an
 * open string or comment for the end of the file, and ends the program at a folder as an
 * include. Returns 0; -EINVAL with a problem; -ENOMEM. */
int wye_syntax_check(const struct wye_syntax_file *file, const char *folder,
		     struct wye_problems *problems) WYE_MUST_CHECK;

/* Makes a problem of libconfig's error, which is in `file`. */
void wye_syntax_explain(const config_t *config, const struct wye_syntax_file *file,
			struct wye_problems *problems);

#endif
