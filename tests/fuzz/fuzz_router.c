/* SPDX-License-Identifier: MIT
 *
 * fuzz_router.c - the tree finds what a list of patterns, compared segment by segment, finds:
 * the route, its parameters, and the methods that are allowed. Input: patterns, a line each, of
 * which the first byte says the methods; an empty line; paths, of which it says the method.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "route/router.h"
#include "route/target.h"
#include "target.h"

enum { PATTERNS = 16, PATHS = 16, LONGEST = 256 };

/* ---- input ---- */

/* ---- patterns, naively ---- */

struct pattern {
	char text[LONGEST];
	unsigned methods;
};

static struct pattern patterns[PATTERNS];
static size_t pattern_count;

/* How good a segment fits, in this order. */
enum fit { NONE, REST, PARAMETER, LITERAL };

static int nibble(char byte)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = byte ? strchr(digits, byte) : NULL;

	return at ? (int)(at - digits) % 16 : -1;
}

/* The next byte of a pattern, decoded; WYE_PATH_SLASH for an encoded slash. */
static char decoded(const char **at)
{
	char byte = *(*at)++;

	if (byte != '%')
		return byte;
	byte = (char)(nibble((*at)[0]) * 16 + nibble((*at)[1]));
	*at += 2;
	return byte == '/' ? WYE_PATH_SLASH : byte;
}

/* Compares the segments that begin at `pattern` and `path`. */
static bool same_segment(const char *pattern, struct wye_text segment)
{
	const char *end = pattern + strcspn(pattern, "/");

	for (size_t i = 0; i < segment.length; i++)
		if (pattern == end || decoded(&pattern) != segment.data[i])
			return false;
	return pattern == end;
}

struct naive {
	enum fit fits[LONGEST]; /* of each segment */
	size_t count;
	struct wye_text values[WYE_PARAMETERS_MAX];
	size_t parameters;
};

static void naive_value(struct naive *naive, const char *from, const char *to)
{
	naive->values[naive->parameters++] = (struct wye_text) { from, (size_t)(to - from) };
}

/* One segment; NONE: the pattern does not fit. */
static enum fit naive_segment(struct naive *naive, const char *pattern, const char *at,
			      const char *end)
{
	const char *slash = memchr(at, '/', (size_t)(end - at)), *stop = slash ? slash : end;

	if (*pattern == '*') {
		naive_value(naive, at, end);
		return REST;
	}
	if (*pattern == ':') {
		if (stop > at)
			naive_value(naive, at, stop);
		return stop > at ? PARAMETER : NONE;
	}
	return same_segment(pattern, (struct wye_text) { at, (size_t)(stop - at) }) ? LITERAL
										    : NONE;
}

static bool naive_match(struct naive *naive, const char *pattern, struct wye_text path)
{
	const char *at = path.data, *end = at + path.length;

	*naive = (struct naive) { .count = 0 };
	while (*pattern == '/' && at < end && *at == '/') {
		enum fit fit = naive_segment(naive, ++pattern, ++at, end);

		naive->fits[naive->count++] = fit;
		if (fit == NONE)
			return false;
		if (fit == REST)
			return true;
		pattern += strcspn(pattern, "/");
		while (at < end && *at != '/')
			at++;
	}
	return !*pattern && at == end;
}

/* The first segment that differs decides; of two that are alike it is the method. */
static bool is_better(const struct naive *a, const struct naive *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (a->fits[i] != b->fits[i])
			return a->fits[i] > b->fits[i];
	return false;
}

static bool same_shape(const struct naive *a, const struct naive *b)
{
	return a->count == b->count && !memcmp(a->fits, b->fits, a->count * sizeof a->fits[0]);
}

static bool serves(const struct pattern *pattern, enum wye_method method)
{
	return pattern->methods & method ||
	       (method == WYE_METHOD_HEAD && pattern->methods & WYE_METHOD_GET);
}

/* HEAD's own route is better than GET's of the same shape. */
static bool replaces(const struct pattern *pattern, const struct naive *naive,
		     const struct pattern *best, const struct naive *best_naive,
		     enum wye_method method)
{
	if (!best || is_better(naive, best_naive))
		return true;
	return same_shape(naive, best_naive) && pattern->methods & method &&
	       !(best->methods & method);
}

static const struct pattern *naive_find(struct wye_text path, enum wye_method method,
					struct naive *out, unsigned *allowed)
{
	const struct pattern *best = NULL;

	*allowed = 0;
	for (size_t i = 0; i < pattern_count; i++) {
		struct naive naive;

		if (!naive_match(&naive, patterns[i].text, path))
			continue;
		*allowed |= patterns[i].methods;
		if (!serves(&patterns[i], method) ||
		    !replaces(&patterns[i], &naive, best, out, method))
			continue;
		best = &patterns[i];
		*out = naive;
	}
	return best;
}

/* ---- the tree against it ---- */

static void check_parameters(const struct wye_match *match, const struct naive *naive)
{
	must(match->count == naive->parameters, "another count of parameters");
	for (size_t i = 0; i < match->count; i++) {
		struct wye_text value = match->parameters[i].value;

		must(value.length == naive->values[i].length &&
			     value.data == naive->values[i].data,
		     "another value");
		must(match->parameters[i].name.length, "no name");
	}
}

/* An encoded slash is one in a parameter, and stays encoded in a rest. */
static void check_text(const struct wye_parameter *parameter, struct wye_arena *arena)
{
	struct wye_text text = wye_parameter_text(parameter, arena);
	size_t expected = parameter->value.length;

	for (size_t i = 0; parameter->rest && i < parameter->value.length; i++)
		expected += parameter->value.data[i] == WYE_PATH_SLASH ? 2 : 0;
	must(text.length == expected, "a text of another length");
	must(!text.length || !memchr(text.data, WYE_PATH_SLASH, text.length), "not encoded");
}

static void check_path(const struct wye_router *router, struct wye_text path,
		       enum wye_method method, struct wye_arena *arena)
{
	struct naive naive = { .count = 0 };
	struct wye_match match;
	unsigned allowed;
	const struct pattern *expected = naive_find(path, method, &naive, &allowed);

	wye_match_init(&match);
	must(wye_router_find(router, method, path, &match) == !!expected, "found or not");
	must(match.value == expected, "another route");
	must(expected ? !(match.allowed & ~allowed) : match.allowed == allowed,
	     "other methods are allowed");
	if (!expected)
		return;
	check_parameters(&match, &naive);
	for (size_t i = 0; i < match.count; i++)
		check_text(&match.parameters[i], arena);
}

static void run_path(const struct wye_router *router, struct wye_text line)
{
	enum wye_method method = (enum wye_method)(1u << line.data[0] % 8u);
	struct wye_target target =
		wye_target_parse((struct wye_text) { line.data + 1, line.length - 1 });
	struct wye_arena arena;
	char first[1];

	if (target.form != WYE_TARGET_ORIGIN && target.form != WYE_TARGET_ABSOLUTE)
		return;
	if (target.kind == WYE_PATH_BAD)
		return;
	wye_arena_init(&arena, first, 0);
	check_path(router, wye_target_routed(&target, &arena), method, &arena);
	wye_arena_reset(&arena);
}

static bool is_taken(const struct pattern *pattern, const struct pattern *other)
{
	const char *a = pattern->text, *b = other->text;

	if (!(pattern->methods & other->methods))
		return false;
	while (*a && *b) {
		bool wild = *a == '/' && (a[1] == ':' || a[1] == '*');

		if (wild && (*b != '/' || a[1] != b[1]))
			return false;
		if (!wild && *b == '/' && (b[1] == ':' || b[1] == '*'))
			return false;
		if (wild) {
			a += 1 + strcspn(a + 1, "/");
			b += 1 + strcspn(b + 1, "/");
		} else if (*a == '/' || *b == '/') {
			if (*a++ != *b++)
				return false;
		} else if (decoded(&a) != decoded(&b)) {
			return false;
		}
	}
	return *a == *b;
}

static void add(struct wye_router *router, struct wye_text line)
{
	struct pattern *pattern = &patterns[pattern_count];
	struct wye_pattern parsed;
	struct wye_error why = { "" };
	const void *other = NULL;
	bool taken = false;
	int checked, error;

	memcpy(pattern->text, line.data + 1, line.length - 1);
	pattern->text[line.length - 1] = '\0';
	pattern->methods =
		(unsigned char)line.data[0] & 0x7f ? (unsigned char)line.data[0] & 0x7f : 1;
	checked = wye_pattern_parse(&parsed, pattern->text, &why);
	error = wye_router_add(router, pattern->text, pattern->methods, pattern, &other, &why);
	must(checked == 0 || (checked == error && why.text[0]), "refused, or not");
	for (size_t i = 0; !checked && i < pattern_count; i++)
		taken = taken || is_taken(pattern, &patterns[i]);
	if (!checked)
		must(error == (taken ? -EEXIST : 0), "taken, or not");
	pattern_count += !error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct wye_text text = { (const char *)data, length }, line;
	struct wye_router *router;

	must(!wye_router_create(&router), "a router");
	pattern_count = 0;
	while ((line = take_line(&text)).length)
		if (pattern_count < PATTERNS && line.length <= LONGEST)
			add(router, line);
	for (size_t paths = 0; text.length && paths < PATHS; paths++) {
		line = take_line(&text);
		if (line.length > 1 && line.length <= LONGEST)
			run_path(router, line);
	}
	wye_router_destroy(router);
	return 0;
}
