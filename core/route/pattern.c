/* SPDX-License-Identifier: MIT
 *
 * pattern.c - see pattern.h.
 */
#include <errno.h>
#include <string.h>

#include "route/pattern.h"
#include "route/target.h"

size_t wye_pattern_name_length(const char *text)
{
	return strcspn(text, "/");
}

static int add_name(struct wye_pattern *pattern, const char *text, size_t length,
		    struct wye_error *why)
{
	if (!length) {
		wye_error_set(why, "a parameter has no name");
		return -EINVAL;
	}
	if (pattern->count == WYE_PARAMETERS_MAX) {
		wye_error_set(why, "more than %d parameters", WYE_PARAMETERS_MAX);
		return -EINVAL;
	}
	for (unsigned i = 0; i < pattern->count; i++)
		if (pattern->names[i].length == length &&
		    !memcmp(pattern->names[i].data, text, length)) {
			wye_error_set(why, "two parameters are named \"%.*s\"", (int)length,
				      text);
			return -EINVAL;
		}
	pattern->names[pattern->count++] = (struct wye_text) { text, length };
	return 0;
}

/* "." or "..", encoded or not. */
static bool is_dots(struct wye_text segment)
{
	char decoded[sizeof "%2e%2e"];
	size_t length;

	if (segment.length >= sizeof decoded)
		return false;
	length = wye_percent_decode(segment, false, decoded);
	return length && length <= 2 && decoded[0] == '.' && decoded[length - 1] == '.';
}

static bool has_dot_segment(struct wye_text path)
{
	const char *at = path.data, *end = path.data + path.length, *slash;

	for (; at < end; at = slash + 1) {
		slash = memchr(at, '/', (size_t)(end - at));
		if (!slash)
			slash = end;
		if (is_dots((struct wye_text) { at, (size_t)(slash - at) }))
			return true;
	}
	return false;
}

/* What no request's path can be: they come with dot segments removed, and none has "?". */
static int check_literal(const char *text, struct wye_error *why)
{
	struct wye_text path = { text, strlen(text) };
	struct wye_target target = wye_target_parse(path);

	if (target.form != WYE_TARGET_ORIGIN || target.query.data) {
		wye_error_set(why, "a path has no blanks, control bytes, \"?\" or \"#\"");
		return -EINVAL;
	}
	if (target.kind == WYE_PATH_BAD) {
		wye_error_set(why,
			      "a \"%%\" needs two hexadecimal digits, and %%00 is no path");
		return -EINVAL;
	}
	if (has_dot_segment(path)) {
		wye_error_set(why, "a path with dot segments is never requested");
		return -EINVAL;
	}
	return 0;
}

int wye_pattern_parse(struct wye_pattern *pattern, const char *text, struct wye_error *why)
{
	int error = 0;

	memset(pattern, 0, sizeof *pattern);
	if (text[0] != '/') {
		wye_error_set(why, "a path begins with \"/\"");
		return -EINVAL;
	}
	error = check_literal(text, why);
	for (const char *at = text; *at && !error; at++) {
		if (at[0] != '/' || (at[1] != ':' && at[1] != '*'))
			continue;
		error = add_name(pattern, at + 2, wye_pattern_name_length(at + 2), why);
		pattern->rest = at[1] == '*';
		if (!error && pattern->rest && at[2 + wye_pattern_name_length(at + 2)]) {
			wye_error_set(why, "\"*%.*s\" is not at the end",
				      (int)wye_pattern_name_length(at + 2), at + 2);
			return -EINVAL;
		}
	}
	return error;
}
