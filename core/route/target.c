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

/* Length of "http://authority" in front of an absolute-form; 0 otherwise. */
static size_t authority(struct wye_text target)
{
	size_t scheme = target.length > 7 && !strncasecmp(target.data, "http://", 7)    ? 7
			: target.length > 8 && !strncasecmp(target.data, "https://", 8) ? 8
											: 0;

	if (!scheme)
		return 0;
	while (scheme < target.length && target.data[scheme] != '/' &&
	       target.data[scheme] != '?')
		scheme++;
	return scheme;
}

void wye_target_split(struct wye_text target, struct wye_text *path, struct wye_text *query)
{
	size_t skip = authority(target);
	const char *start = target.data + skip, *mark;
	size_t length = target.length - skip;

	mark = length ? memchr(start, '?', length) : NULL;
	*path = (struct wye_text) { start, mark ? (size_t)(mark - start) : length };
	*query = (struct wye_text) { NULL, 0 };
	if (mark)
		*query = (struct wye_text) { mark + 1, length - path->length - 1 };
	if (skip && !path->length)
		*path = (struct wye_text) { "/", 1 };
}

bool wye_path_valid(struct wye_text path)
{
	for (size_t i = 0; i < path.length; i++) {
		unsigned char byte = (unsigned char)path.data[i];

		if (byte <= 0x20 || byte == 0x7f)
			return false;
		if (byte == '%' && escape(path.data + i, path.length - i) <= 0)
			return false;
	}
	return true;
}

size_t wye_percent_decode(char *text, size_t length)
{
	size_t out = 0;

	for (size_t i = 0; i < length; i++) {
		int value = escape(text + i, length - i);

		if (value >= 0)
			i += 2;
		text[out++] = value >= 0 ? (char)value : text[i];
	}
	return out;
}
