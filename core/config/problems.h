/* SPDX-License-Identifier: MIT
 *
 * problems.h - what is wrong with a config: all of it, so that it can be mended in one go. Main
 * thread.
 */
#ifndef WYE_CORE_CONFIG_PROBLEMS_H
#define WYE_CORE_CONFIG_PROBLEMS_H

#include <stdio.h>

#include <wye/types.h>

#include "base/buffer.h"

/* All zero at first. */
struct wye_problems {
	struct wye_buffer lines;
	unsigned errors, warnings;
};

void wye_problems_fini(struct wye_problems *problems);

/* Adds "FILE:LINE: sentence"; line 0: no place in a file. Control characters in the sentence
 * become spaces or question marks. */
void wye_problem(struct wye_problems *problems, const char *file, unsigned line,
		 const char *format, ...) WYE_PRINTF(4, 5);
void wye_warning(struct wye_problems *problems, const char *file, unsigned line,
		 const char *format, ...) WYE_PRINTF(4, 5);

void wye_problems_print(const struct wye_problems *problems, FILE *out);

#endif
