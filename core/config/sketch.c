/* SPDX-License-Identifier: MIT
 *
 * sketch.c - see sketch.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/sketch.h"

static char take(struct wye_sketch *sketch)
{
	char taken = *sketch->at++;

	sketch->line += taken == '\n';
	return taken;
}

static bool follows(const struct wye_sketch *sketch, const char *what)
{
	size_t length = strlen(what);

	return (size_t)(sketch->end - sketch->at) >= length &&
	       !memcmp(sketch->at, what, length);
}

static void begin(struct wye_sketch *sketch, enum wye_sketch_state state)
{
	sketch->state = state;
	sketch->state_line = sketch->line;
}

static void skip_line(struct wye_sketch *sketch)
{
	while (sketch->at < sketch->end && *sketch->at != '\n')
		sketch->at++;
}

static void read_comment(struct wye_sketch *sketch)
{
	begin(sketch, WYE_SKETCH_COMMENT);
	sketch->at += 2;
	while (sketch->at < sketch->end && !follows(sketch, "*/"))
		take(sketch);
	if (sketch->at == sketch->end)
		return;
	sketch->at += 2;
	sketch->state = WYE_SKETCH_CODE;
}

static void read_string(struct wye_sketch *sketch)
{
	unsigned line = sketch->line;

	begin(sketch, WYE_SKETCH_STRING);
	if (sketch->string_to == line)
		sketch->state_line = sketch->string_from;
	sketch->at++;
	while (sketch->at < sketch->end && sketch->state == WYE_SKETCH_STRING) {
		char taken = take(sketch);

		if (taken == '"')
			sketch->state = WYE_SKETCH_CODE;
		else if (taken == '\\' && sketch->at < sketch->end)
			take(sketch);
	}
	if (sketch->line > line) {
		sketch->string_from = sketch->state_line;
		sketch->string_to = sketch->line;
	}
}

/* ---- includes ---- */

static bool begins_line(const struct wye_sketch *sketch)
{
	const char *at = sketch->at;

	while (at > sketch->begin && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	return at == sketch->begin || at[-1] == '\n';
}

static int read_include(struct wye_sketch *sketch)
{
	const char *name;

	begin(sketch, WYE_SKETCH_INCLUDE);
	sketch->at += strlen("@include");
	while (sketch->at < sketch->end && (*sketch->at == ' ' || *sketch->at == '\t'))
		sketch->at++;
	if (sketch->at == sketch->end || *sketch->at != '"') {
		sketch->state = WYE_SKETCH_CODE; /* libconfig finds it */
		return 0;
	}
	name = ++sketch->at;
	while (sketch->at < sketch->end && *sketch->at != '"' && *sketch->at != '\n')
		sketch->at++;
	if (sketch->at == sketch->end || *sketch->at == '\n')
		return 0;
	sketch->state = WYE_SKETCH_CODE;
	sketch->at++;
	if (!sketch->include)
		return 0;
	return sketch->include(sketch->context,
			       (struct wye_text) { name, (size_t)(sketch->at - 1 - name) },
			       sketch->line);
}

/* ---- brackets ---- */

static void misfit(struct wye_sketch *sketch, char found)
{
	size_t depth = sketch->depth;

	if (sketch->misfit_line || depth > WYE_SKETCH_DEPTH)
		return;
	sketch->misfit_line = sketch->line;
	if (depth)
		snprintf(sketch->misfit, sizeof sketch->misfit,
			 "\"%c\" inside the \"%c\" of line %u", found,
			 sketch->open[depth - 1].kind, sketch->open[depth - 1].line);
	else
		snprintf(sketch->misfit, sizeof sketch->misfit,
			 "no bracket is open for this \"%c\"", found);
}

static void read_open(struct wye_sketch *sketch, char kind)
{
	if (sketch->depth < WYE_SKETCH_DEPTH) {
		sketch->open[sketch->depth].kind = kind;
		sketch->open[sketch->depth].line = sketch->line;
	}
	sketch->depth++;
}

static void read_close(struct wye_sketch *sketch, char kind, char partner)
{
	size_t depth = sketch->depth;

	if (!depth || (depth <= WYE_SKETCH_DEPTH && sketch->open[depth - 1].kind != partner))
		misfit(sketch, kind);
	if (depth)
		sketch->depth--;
}

static void read_semicolon(struct wye_sketch *sketch)
{
	size_t depth = sketch->depth;

	if (depth && depth <= WYE_SKETCH_DEPTH && sketch->open[depth - 1].kind != '{')
		misfit(sketch, ';');
}

static void read_sign(struct wye_sketch *sketch)
{
	char taken = take(sketch);

	if (taken == '{' || taken == '(' || taken == '[')
		read_open(sketch, taken);
	else if (taken == '}')
		read_close(sketch, taken, '{');
	else if (taken == ')')
		read_close(sketch, taken, '(');
	else if (taken == ']')
		read_close(sketch, taken, '[');
	else if (taken == ';')
		read_semicolon(sketch);
}

/* ---- words ---- */

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '*';
}

static void skip_name(struct wye_sketch *sketch)
{
	while (sketch->at < sketch->end && (is_letter(*sketch->at) || is_digit(*sketch->at) ||
					    *sketch->at == '-' || *sketch->at == '_'))
		sketch->at++;
}

static bool begins_number(const struct wye_sketch *sketch)
{
	const char *at = sketch->at;

	at += *at == '-' || *at == '+';
	at += at < sketch->end && *at == '.';
	return at < sketch->end && is_digit(*at);
}

/* It may go on with a float's point, exponent, or a hexadecimal one's digits. */
static struct wye_text take_number(struct wye_sketch *sketch)
{
	const char *start = sketch->at++;

	while (sketch->at < sketch->end &&
	       (is_digit(*sketch->at) || is_letter(*sketch->at) || *sketch->at == '.'))
		sketch->at++;
	return (struct wye_text) { start, (size_t)(sketch->at - start) };
}

static bool is_float(struct wye_text number)
{
	bool is_hex = memchr(number.data, 'x', number.length) ||
		      memchr(number.data, 'X', number.length);

	return memchr(number.data, '.', number.length) ||
	       (!is_hex && (memchr(number.data, 'e', number.length) ||
			    memchr(number.data, 'E', number.length)));
}

static bool is_large(struct wye_text number)
{
	char text[32];
	long long value;
	char *end;

	if (is_float(number))
		return false;
	if (number.length >= sizeof text)
		return true;
	memcpy(text, number.data, number.length);
	text[number.length] = '\0';
	errno = 0;
	value = strtoll(text, &end, strpbrk(text, "xX") ? 16 : 10);
	if (*end && *end != 'L')
		return false; /* a float, or nothing at all: libconfig knows */
	return errno || (!*end && (value > INT32_MAX || value < INT32_MIN));
}

static void read_number(struct wye_sketch *sketch)
{
	struct wye_text number = take_number(sketch);

	if (sketch->large_line || !is_large(number))
		return;
	sketch->large = number;
	sketch->large_line = sketch->line;
}

int wye_sketch_read(struct wye_sketch *sketch, struct wye_text text)
{
	int stop = 0;

	*sketch = (struct wye_sketch) { .include = sketch->include,
					.context = sketch->context,
					.line = 1,
					.at = text.data,
					.begin = text.data,
					.end = text.data + text.length };
	while (sketch->at < sketch->end && sketch->state == WYE_SKETCH_CODE && !stop) {
		if (*sketch->at == '#' || follows(sketch, "//"))
			skip_line(sketch);
		else if (follows(sketch, "/*"))
			read_comment(sketch);
		else if (*sketch->at == '"')
			read_string(sketch);
		else if (follows(sketch, "@include") && begins_line(sketch))
			stop = read_include(sketch);
		else if (is_letter(*sketch->at))
			skip_name(sketch);
		else if (begins_number(sketch))
			read_number(sketch);
		else
			read_sign(sketch);
	}
	return stop;
}
