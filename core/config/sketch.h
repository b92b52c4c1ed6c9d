/* SPDX-License-Identifier: MIT
 *
 * sketch.h - the shape of a config's text: its strings, comments, brackets, numbers and includes, by
 * the rules of libconfig's lexer. For what libconfig leaves unsaid: it takes a string or comment
 * without an end as the end of the file. Pure.
 */
#ifndef WYE_CORE_CONFIG_SKETCH_H
#define WYE_CORE_CONFIG_SKETCH_H

#include <wye/types.h>

enum {
	WYE_SKETCH_DEPTH = 32, /* brackets; what is deeper is not followed */
};

/* What the end of the text is within. */
enum wye_sketch_state {
	WYE_SKETCH_CODE,
	WYE_SKETCH_STRING,
	WYE_SKETCH_COMMENT,
	WYE_SKETCH_INCLUDE, /* its name has no quote at the end of the line; found at once */
};

struct wye_sketch {
	/* To be set: both for includes only. A result other than 0 ends the reading. */
	int (*include)(void *context, struct wye_text name, unsigned line);
	void *context;

	enum wye_sketch_state state;
	unsigned state_line; /* where that begins */
	unsigned line;       /* the last one */

	/* The last string that goes over a line's end. If one begins where the one before
	 * ended, `from` is that of the first, for there the quote is missing. */
	unsigned string_from, string_to;

	size_t depth;
	struct {
		char kind;
		unsigned line;
	} open[WYE_SKETCH_DEPTH];

	/* The first bracket or semicolon that does not fit; "" if there is none. */
	char misfit[64];
	unsigned misfit_line;

	/* The first whole number that libconfig would cut, without a word: beyond 32 bits, or 64
	 * with an "L" behind it. */
	struct wye_text large;
	unsigned large_line;

	const char *at, *begin, *end; /* its own */
};

/* Reads a text; all but the first two members are results. Returns 0 or what include said. */
int wye_sketch_read(struct wye_sketch *sketch, struct wye_text text);

#endif
