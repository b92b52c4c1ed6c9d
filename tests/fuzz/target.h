/* SPDX-License-Identifier: MIT
 *
 * target.h - what all fuzz targets share.
 */
#ifndef WYE_TESTS_FUZZ_TARGET_H
#define WYE_TESTS_FUZZ_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/types.h>

/* What libFuzzer and runner.c call with each input. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

/* Ends the program, which is a finding. */
static inline void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

/* Up to the next end of line, which is taken off, too; all of a text that has none. */
static inline struct wye_text take_line(struct wye_text *text)
{
	const char *stop = text->length ? memchr(text->data, '\n', text->length) : NULL;
	size_t length = stop ? (size_t)(stop - text->data) : text->length;
	struct wye_text line = { text->data, length };

	text->data += length + (stop != NULL);
	text->length -= length + (stop != NULL);
	return line;
}

#endif
