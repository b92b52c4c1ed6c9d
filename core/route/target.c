/* SPDX-License-Identifier: MIT
 *
 * target.c - see target.h.
 */
#include <string.h>
#include <strings.h>

#include "route/target.h"

static int hex(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The value of an escape at `text`, or -1. */
static int escape(const char *text, size_t left)
{
	if (left < 3 || text[0] != '%' || hex(text[1]) < 0 || hex(text[2]) < 0)
		return -1;
	return hex(text[1]) << 4 | hex(text[2]);
}

/* ---- forms ---- */

/* Length of "http://" or "https://" in front; 0 otherwise. */
static size_t scheme(struct wye_text target)
{
	if (target.length > 7 && !strncasecmp(target.data, "http://", 7))
		return 7;
	return target.length > 8 && !strncasecmp(target.data, "https://", 8) ? 8 : 0;
}

static bool has_bad_byte(struct wye_text target)
{
	for (size_t i = 0; i < target.length; i++) {
		unsigned char byte = (unsigned char)target.data[i];

		if (byte <= 0x20 || byte == 0x7f || byte == '#')
			return true;
	}
	return false;
}

static enum wye_target_form form_of(struct wye_text target)
{
	if (has_bad_byte(target) || !target.length)
		return WYE_TARGET_BAD;
	if (target.data[0] == '/')
		return WYE_TARGET_ORIGIN;
	if (target.length == 1 && target.data[0] == '*')
		return WYE_TARGET_ASTERISK;
	return scheme(target) ? WYE_TARGET_ABSOLUTE : WYE_TARGET_BAD;
}

static size_t until_path(struct wye_text target, size_t at)
{
	while (at < target.length && target.data[at] != '/' && target.data[at] != '?')
		at++;
	return at;
}

struct wye_target wye_target_parse(struct wye_text target)
{
	struct wye_target out = { .form = form_of(target) };
	size_t start = 0;
	const char *mark;

	if (out.form == WYE_TARGET_ABSOLUTE) {
		size_t skip = scheme(target);

		start = until_path(target, skip);
		out.authority = (struct wye_text) { target.data + skip, start - skip };
	}
	out.path = (struct wye_text) { target.data + start, target.length - start };
	mark = out.path.length ? memchr(out.path.data, '?', out.path.length) : NULL;
	if (mark) {
		out.query.data = mark + 1;
		out.query.length = (size_t)(out.path.data + out.path.length - out.query.data);
		out.path.length = (size_t)(mark - out.path.data);
	}
	if (!out.path.length) /* RFC 9110, 4.2.3 */
		out.path = (struct wye_text) { "/", 1 };
	out.kind = wye_path_check(out.path);
	return out;
}

/* ---- paths ---- */

enum wye_path_kind wye_path_check(struct wye_text path)
{
	enum wye_path_kind kind = WYE_PATH_PLAIN;

	for (size_t i = 0; i < path.length; i++) {
		if (path.data[i] == '%') {
			if (escape(path.data + i, path.length - i) <= 0)
				return WYE_PATH_BAD;
			kind = WYE_PATH_CODED;
		} else if (path.data[i] == '.' && i && path.data[i - 1] == '/') {
			kind = WYE_PATH_CODED;
		}
	}
	return kind;
}

static size_t decode_segment(struct wye_text segment, char *out)
{
	size_t length = 0;

	for (size_t i = 0; i < segment.length; i++) {
		int value = escape(segment.data + i, segment.length - i);

		if (value >= 0)
			i += 2;
		out[length++] = value == '/' ? WYE_PATH_SLASH
				: value >= 0 ? (char)value
					     : segment.data[i];
	}
	return length;
}

/* 1 for ".", 2 for "..", else 0. */
static unsigned dots(const char *segment, size_t length)
{
	if (!length || length > 2 || segment[0] != '.')
		return 0;
	return length == 1 ? 1 : segment[1] == '.' ? 2 : 0;
}

/* Back to behind the slash in front of the last segment; the root has none. */
static size_t drop_segment(const char *out, size_t length)
{
	if (length > 1)
		length--;
	while (length > 1 && out[length - 1] != '/')
		length--;
	return length;
}

/* `length` always stands behind a slash when a segment begins. */
size_t wye_path_normalise(struct wye_text path, char *out)
{
	const char *at = path.data, *end = path.data + path.length;
	size_t length = 0;

	if (at < end)
		out[length++] = *at++; /* the first slash */
	while (at < end) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		const char *stop = slash ? slash : end;
		size_t size = decode_segment((struct wye_text) { at, (size_t)(stop - at) },
					     out + length);
		unsigned points = dots(out + length, size);

		at = slash ? slash + 1 : end;
		if (points == 2)
			length = drop_segment(out, length);
		else if (!points)
			length += size;
		if (slash && !points)
			out[length++] = '/';
	}
	return length;
}

struct wye_text wye_target_routed(const struct wye_target *target, struct wye_arena *arena)
{
	char *out;

	if (target->kind == WYE_PATH_PLAIN)
		return target->path;
	out = wye_arena_allocate(arena, target->path.length);
	return (struct wye_text) { out, out ? wye_path_normalise(target->path, out) : 0 };
}

size_t wye_percent_decode(struct wye_text text, bool plus, char *out)
{
	size_t length = 0;

	for (size_t i = 0; i < text.length; i++) {
		int value = escape(text.data + i, text.length - i);
		char byte = text.data[i];

		if (value >= 0) {
			byte = (char)value;
			i += 2;
		} else if (plus && byte == '+') {
			byte = ' ';
		}
		out[length++] = byte;
	}
	return length;
}
