/* SPDX-License-Identifier: MIT
 *
 * fuzz_target.c - parts of a target lie inside it; a normalised path has no dot segments and
 * normalises to itself; lists of pairs are no longer than what they were split from.
 */
#include <stdlib.h>
#include <string.h>

#include "route/pairs.h"
#include "route/target.h"
#include "target.h"

static bool inside(struct wye_text part, struct wye_text whole)
{
	return !part.length || (part.data >= whole.data && part.length <= whole.length &&
				(size_t)(part.data - whole.data) <= whole.length - part.length);
}

static void check_parts(const struct wye_target *parts, struct wye_text target)
{
	must(inside(parts->authority, target), "authority");
	must(inside(parts->query, target), "query");
	must(inside(parts->path, target) ||
		     (parts->path.length == 1 && parts->path.data[0] == '/'),
	     "path");
	must(parts->authority.length + parts->path.length + parts->query.length <=
		     target.length + 1,
	     "parts overlap");
}

/* ---- paths ---- */

static void check_segments(const char *path, size_t length)
{
	const char *end = path + length;

	must(length && path[0] == '/', "no slash in front");
	while (path < end) {
		const char *segment = path + 1,
			   *slash = memchr(segment, '/', (size_t)(end - segment));

		path = slash ? slash : end;
		must(path - segment != 1 || segment[0] != '.', "a dot segment");
		must(path - segment != 2 || memcmp(segment, "..", 2), "a double dot segment");
	}
}

/* A path that needs no decoding is its own normal form; so is what was normalised, but for "%"
 * that stood for itself. */
static void check_path(struct wye_text path)
{
	enum wye_path_kind kind = wye_path_check(path);
	char *out = malloc(path.length), *again;
	size_t length;

	if (kind == WYE_PATH_BAD || !out) {
		free(out);
		return;
	}
	length = wye_path_normalise(path, out);
	must(length <= path.length, "longer");
	check_segments(out, length);
	if (kind == WYE_PATH_PLAIN)
		must(length == path.length && !memcmp(out, path.data, length), "plain");
	again = malloc(length);
	if (again && !memchr(out, '%', length)) {
		must(wye_path_normalise((struct wye_text) { out, length }, again) == length,
		     "twice: length");
		must(!memcmp(out, again, length), "twice");
	}
	free(again);
	free(out);
}

/* ---- pairs ---- */

static void check_pairs(const struct wye_pairs *pairs, size_t length)
{
	size_t sum = 0;

	for (size_t i = 0; i < pairs->count; i++)
		sum += pairs->items[i].name.length + pairs->items[i].value.length;
	must(sum <= length && pairs->count <= length, "pairs from nowhere");
}

static void run_pairs(struct wye_text text)
{
	struct wye_pairs form = { 0 }, cookies = { 0 };
	struct wye_arena arena;
	char first[1];
	char *decoded = malloc(text.length + 1);

	wye_arena_init(&arena, first, 0);
	wye_pairs_parse_form(&form, &arena, text);
	check_pairs(&form, text.length);
	(void)wye_pairs_find(&form, "a");
	wye_pairs_parse_cookies(&cookies, &arena, text);
	check_pairs(&cookies, text.length);
	for (size_t i = 0; i < cookies.count; i++)
		must(inside(cookies.items[i].name, text) &&
			     inside(cookies.items[i].value, text),
		     "a cookie outside");
	if (decoded)
		must(wye_percent_decode(text, true, decoded) <= text.length, "decoded");
	free(decoded);
	wye_arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct wye_text target = { (const char *)data, length };
	struct wye_target parts = wye_target_parse(target);

	check_parts(&parts, target);
	if (parts.form == WYE_TARGET_ORIGIN || parts.form == WYE_TARGET_ABSOLUTE)
		check_path(parts.path);
	run_pairs(parts.query);
	run_pairs(target);
	return 0;
}
