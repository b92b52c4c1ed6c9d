/* SPDX-License-Identifier: MIT
 *
 * problems.c - see problems.h.
 */
#include <stdarg.h>

#include "config/problems.h"

void wye_problems_fini(struct wye_problems *problems)
{
	wye_buffer_fini(&problems->lines);
	problems->errors = problems->warnings = 0;
}

/* A problem is one line, and nothing in it may steer a terminal: texts are from files. */
static void make_plain(char *text)
{
	unsigned char before = 0;

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '\t' || byte == '\n')
			*text = ' ';
		else if (byte < ' ' || byte == 0x7f)
			*text = '?';
		else if (byte >= 0x80 && byte < 0xa0 && before < 0x80)
			*text = '?';
		else if (byte >= 0x80 && byte < 0xa0 && before == 0xc2) /* U+0080 ff. */
			text[-1] = text[0] = '?';
		before = (unsigned char)*text;
	}
}

WYE_PRINTF(5, 0)
static void add(struct wye_problems *problems, const char *file, unsigned line,
		const char *kind, const char *format, va_list arguments)
{
	char text[1024];
	int error = 0;

	vsnprintf(text, sizeof text, format, arguments);
	make_plain(text);
	if (file && line)
		error = wye_buffer_printf(&problems->lines, "%s:%u: ", file, line);
	else if (file)
		error = wye_buffer_printf(&problems->lines, "%s: ", file);
	if (!error)
		error = wye_buffer_printf(&problems->lines, "%s%s\n", kind, text);
	if (error)
		fprintf(stderr, "%s\n", text);
}

void wye_problem(struct wye_problems *problems, const char *file, unsigned line,
		 const char *format, ...)
{
	va_list arguments;

	problems->errors++;
	va_start(arguments, format);
	add(problems, file, line, "", format, arguments);
	va_end(arguments);
}

void wye_warning(struct wye_problems *problems, const char *file, unsigned line,
		 const char *format, ...)
{
	va_list arguments;

	problems->warnings++;
	va_start(arguments, format);
	add(problems, file, line, "warning: ", format, arguments);
	va_end(arguments);
}

void wye_problems_print(const struct wye_problems *problems, FILE *out)
{
	if (problems->lines.length)
		fwrite(problems->lines.data, 1, problems->lines.length, out);
	fflush(out);
}
