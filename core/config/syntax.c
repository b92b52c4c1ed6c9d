/* SPDX-License-Identifier: MIT
 *
 * syntax.c - see syntax.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/sketch.h"
#include "config/source.h"
#include "config/syntax.h"

enum {
	SHOWN = 60, /* characters of a line */
	NESTED = 9, /* libconfig's own limit is 10 and less clear */
};

static bool is_blank(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static struct wye_text trim(struct wye_text text)
{
	while (text.length && is_blank(*text.data)) {
		text.data++;
		text.length--;
	}
	while (text.length && is_blank(text.data[text.length - 1]))
		text.length--;
	return text;
}

/* The bytes of the first so many characters (UTF-8). */
static size_t cut(struct wye_text text, unsigned characters)
{
	size_t at = 0;

	for (; at < text.length; at++)
		if (((unsigned char)text.data[at] & 0xc0) != 0x80 && !characters--)
			break;
	return at;
}

static void report(const struct wye_syntax_file *file, unsigned line, const char *hint,
		   struct wye_problems *problems)
{
	struct wye_text text = trim(wye_source_line(&file->source, line));
	size_t length = cut(text, SHOWN);

	wye_problem(problems, file->path, line, "syntax error %s%.*s%s%s%s%s",
		    text.length ? "near: " : "at the end of the file", (int)length, text.data,
		    length < text.length ? "..." : "", *hint ? " (" : "", hint,
		    *hint ? ")" : "");
}

/* ---- ahead of libconfig ---- */

struct visit {
	const struct visit *from; /* the file that includes this one */
	const struct wye_syntax_file *file;
	const char *folder;
	struct wye_problems *problems;
};

static int visit(const struct visit *visit);

static int refuse(const struct visit *visit, unsigned line, const char *path,
		  const char *reason)
{
	wye_problem(visit->problems, visit->file->path, line, "can't include \"%s\": %s", path,
		    reason);
	return -EINVAL;
}

static const char *check_nesting(const struct visit *visit, const char *path)
{
	unsigned nested = 1;

	for (; visit; visit = visit->from, nested++)
		if (!strcmp(visit->file->path, path))
			return "it would include itself";
	return nested > NESTED ? "too many files include one another" : NULL;
}

static int include_file(const struct visit *from, struct wye_syntax_file *file, unsigned line)
{
	const struct visit next = { from, file, from->folder, from->problems };
	const char *reason = check_nesting(from, file->path);
	int error;

	if (reason)
		return refuse(from, line, file->path, reason);
	error = wye_source_read(&file->source, file->path);
	if (error == -EILSEQ)
		return refuse(from, line, file->path, "it is no text, a NUL is in it");
	return error ? refuse(from, line, file->path, strerror(-error)) : visit(&next);
}

static int include(void *context, struct wye_text name, unsigned line)
{
	const struct visit *from = context;
	char *path = wye_source_path(from->folder, name.data, name.length);
	struct wye_syntax_file file = { .path = path };
	int error;

	if (!path)
		return -ENOMEM;
	/* Versions of libconfig differ in what they make of these. */
	if (*name.data == '/' || memchr(name.data, '\\', name.length))
		error = refuse(from, line, path + strlen(path) - name.length,
			       "the name must be relative to the main file's folder, "
			       "without backslashes");
	else
		error = include_file(from, &file, line);
	wye_buffer_fini(&file.source);
	free(path);
	return error;
}

static int refuse_number(const struct visit *visit, const struct wye_sketch *sketch)
{
	bool is_long = memchr(sketch->large.data, 'L', sketch->large.length);

	wye_problem(visit->problems, visit->file->path, sketch->large_line,
		    is_long ? "%.*s is too large" : "%.*s needs an \"L\" behind it",
		    (int)sketch->large.length, sketch->large.data);
	return -EINVAL;
}

static int visit(const struct visit *visit)
{
	static const char *const HINTS[] = {
		[WYE_SKETCH_STRING] = "the string has no closing quote",
		[WYE_SKETCH_COMMENT] = "the comment has no \"*/\"",
		[WYE_SKETCH_INCLUDE] = "the file's name has no closing quote",
	};
	struct wye_sketch sketch = { .include = include, .context = (void *)visit };
	const struct wye_buffer *source = &visit->file->source;
	int error =
		wye_sketch_read(&sketch, (struct wye_text) { source->data, source->length });

	if (!error && sketch.large_line)
		error = refuse_number(visit, &sketch);
	if (error || sketch.state == WYE_SKETCH_CODE)
		return error;
	report(visit->file, sketch.state_line, HINTS[sketch.state], visit->problems);
	return -EINVAL;
}

int wye_syntax_check(const struct wye_syntax_file *file, const char *folder,
		     struct wye_problems *problems)
{
	return visit(&(struct visit) { NULL, file, folder, problems });
}

/* ---- behind libconfig ---- */

static void explain_shape(const struct wye_syntax_file *file, unsigned line, char hint[128])
{
	struct wye_text text = { file->source.data, file->source.length };
	struct wye_text last = wye_source_line(&file->source, line);
	struct wye_sketch sketch = { .include = NULL };

	text.length = (size_t)(last.data + last.length - text.data);
	if (wye_sketch_read(&sketch, text))
		return;
	if (sketch.string_to == line)
		snprintf(hint, 128, "a string that begins in line %u ends here",
			 sketch.string_from);
	else if (sketch.misfit_line == line)
		snprintf(hint, 128, "%s", sketch.misfit);
	else if (text.length == file->source.length && sketch.depth &&
		 sketch.depth <= WYE_SKETCH_DEPTH)
		snprintf(hint, 128, "the \"%c\" of line %u is not closed",
			 sketch.open[sketch.depth - 1].kind,
			 sketch.open[sketch.depth - 1].line);
}

/* How many settings of a line libconfig took, all before the one that it refused. */
static unsigned count_taken(config_setting_t *setting, const char *file, unsigned line)
{
	const char *other = config_setting_source_file(setting);
	unsigned count = 0;

	if (config_setting_name(setting) && config_setting_source_line(setting) == line)
		count = file && other ? !strcmp(file, other) : file == other;
	if (config_setting_is_aggregate(setting))
		for (int i = 0; i < config_setting_length(setting); i++)
			count += count_taken(config_setting_get_elem(setting, (unsigned)i),
					     file, line);
	return count;
}

static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\' && at + 1 < end;
	return at < end ? at + 1 : end;
}

static const char *skip_name(const char *at, const char *end)
{
	static const char NAME[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789-_*";

	while (at < end && strchr(NAME, *at))
		at++;
	return at;
}

static bool is_assigned(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at < end && (*at == '=' || *at == ':');
}

/* The next name in front of a "=" or ":"; NULL data if there is none. */
static struct wye_text next_name(const char *at, const char *end)
{
	while (at < end) {
		const char *start = at;

		at = *at == '"' ? skip_string(at, end) : skip_name(at, end);
		if (at == start)
			at++;
		else if (*start != '"' && is_assigned(at, end))
			return (struct wye_text) { start, (size_t)(at - start) };
	}
	return (struct wye_text) { NULL, 0 };
}

static void explain_duplicate(const config_t *config, const struct wye_syntax_file *file,
			      unsigned line, char hint[128])
{
	struct wye_text text = wye_source_line(&file->source, line);
	const char *end = text.data + text.length;
	unsigned taken =
		count_taken(config_root_setting(config), config_error_file(config), line);
	struct wye_text name;

	for (name = next_name(text.data, end); name.data && taken; taken--)
		name = next_name(name.data + name.length, end);
	if (name.data)
		snprintf(hint, 128, "\"%.*s\" is already set", (int)name.length, name.data);
	else
		snprintf(hint, 128, "it is already set");
}

void wye_syntax_explain(const config_t *config, const struct wye_syntax_file *file,
			struct wye_problems *problems)
{
	const char *text = config_error_text(config);
	unsigned line = (unsigned)config_error_line(config);
	char hint[128] = "";

	if (!text || !strcmp(text, "syntax error"))
		explain_shape(file, line, hint);
	else if (strstr(text, "duplicate"))
		explain_duplicate(config, file, line, hint);
	else if (strstr(text, "mismatched"))
		snprintf(hint, sizeof hint,
			 "the elements of [ ] must be of one type; ( ) takes any");
	else
		snprintf(hint, sizeof hint, "%s", text);
	report(file, line, hint, problems);
}
