/* SPDX-License-Identifier: MIT
 *
 * raw_head.h - for tests: turns the fields of a head as sent into what libmicrohttpd leaves of
 * them. It ends lines at CRLF and at a bare CR or LF, and zeroes those; in each line it zeroes
 * the first colon, which it looks for as in a string; an empty line, or one that begins with a
 * NUL, ends the head; a line without a colon it refuses by itself.
 */
#ifndef WYE_TESTS_UNIT_RAW_HEAD_H
#define WYE_TESTS_UNIT_RAW_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct raw_head {
	bool complete; /* the head's end was found, and the engine does not refuse it */
	size_t length; /* of the head; what follows is body */
	size_t fields; /* that the engine has seen: folded lines are none */
};

static size_t raw_line_end(const char *bytes, size_t length, size_t at, size_t *next)
{
	while (at < length && bytes[at] != '\r' && bytes[at] != '\n')
		at++;
	*next = at + 1;
	if (at + 1 < length && bytes[at] == '\r' && bytes[at + 1] == '\n')
		*next = at + 2;
	return at;
}

static struct raw_head raw_head_zero(char *bytes, size_t length)
{
	struct raw_head head = { 0 };
	size_t at = 0;

	while (at < length) {
		size_t next, stop = raw_line_end(bytes, length, at, &next);
		char *line = bytes + at, *colon;

		if (stop == length)
			return head;
		memset(bytes + stop, 0, next - stop);
		at = next;
		if (!*line) {
			head.complete = true;
			head.length = at;
			return head;
		}
		if (*line == ' ' || *line == '\t')
			continue;
		colon = strchr(line, ':');
		if (!colon)
			return head;
		*colon = '\0';
		head.fields++;
	}
	return head;
}

#endif
