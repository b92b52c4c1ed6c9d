/* SPDX-License-Identifier: MIT
 *
 * files-condition.c - see files-condition.h.
 */
#include <string.h>
#include <strings.h>

#include <wye/http.h>

#include "files-condition.h"

/* ---- entity tags ---- */

enum comparison { WEAK, STRONG };

static void skip(struct wye_text *text, size_t count)
{
	text->data += count;
	text->length -= count;
}

static void skip_separators(struct wye_text *list)
{
	while (list->length && strchr(" \t,", *list->data) && *list->data)
		skip(list, 1);
}

/* Takes the next tag off a list, with its quotes. False at the end, and at what is no tag. */
static bool next_tag(struct wye_text *list, struct wye_text *tag, bool *weak)
{
	const char *end;

	skip_separators(list);
	*weak = list->length > 2 && !memcmp(list->data, "W/", 2);
	if (*weak)
		skip(list, 2);
	if (list->length < 2 || *list->data != '"')
		return false;
	end = memchr(list->data + 1, '"', list->length - 1);
	if (!end)
		return false;
	*tag = (struct wye_text) { list->data, (size_t)(end + 1 - list->data) };
	skip(list, tag->length);
	return true;
}

static bool same(struct wye_text a, struct wye_text b)
{
	return a.length == b.length && !memcmp(a.data, b.data, a.length);
}

/* RFC 9110, 8.8.3.2. There is a file, so "*" matches; its own tag is strong. */
static bool tags_match(struct wye_text list, struct wye_text etag, enum comparison how)
{
	struct wye_text tag;
	bool weak;

	if (list.length == 1 && *list.data == '*')
		return true;
	while (next_tag(&list, &tag, &weak))
		if (same(tag, etag) && !(weak && how == STRONG))
			return true;
	return false;
}

/* ---- preconditions ---- */

/* A date that is none counts as no condition (13.1.3, 13.1.4). */
static bool changed_since(struct wye_text date, int64_t modified, bool otherwise)
{
	int64_t time;

	return wye_http_date_read(date, &time) ? modified > time : otherwise;
}

unsigned files_judge(const struct files_conditions *conditions,
		     const struct files_validators *current)
{
	if (conditions->match.data) {
		if (!tags_match(conditions->match, current->etag, STRONG))
			return 412;
	} else if (changed_since(conditions->not_modified, current->modified, false)) {
		return 412;
	}
	if (conditions->none_match.data)
		return tags_match(conditions->none_match, current->etag, WEAK) ? 304 : 200;
	return changed_since(conditions->modified, current->modified, true) ? 200 : 304;
}

/* ---- ranges ---- */

static bool take_number(struct wye_text *text, uint64_t *number)
{
	size_t digits = 0;

	*number = 0;
	for (; digits < text->length && text->data[digits] >= '0' && text->data[digits] <= '9';
	     digits++) {
		unsigned digit = (unsigned)(text->data[digits] - '0');

		if (*number > (UINT64_MAX - digit) / 10)
			*number = UINT64_MAX; /* beyond any file */
		else
			*number = *number * 10 + digit;
	}
	skip(text, digits);
	return digits;
}

enum { UNIT = 6 }; /* bytes of "bytes=", in any case */

static bool is_of_bytes(struct wye_text range)
{
	return range.length > UNIT && !strncasecmp(range.data, "bytes=", UNIT);
}

static enum files_extent suffix(struct wye_text range, uint64_t size, uint64_t *first,
				uint64_t *length)
{
	skip(&range, 1);
	if (!take_number(&range, length) || range.length)
		return FILES_WHOLE;
	if (!*length)
		return FILES_OUTSIDE;
	if (*length > size)
		*length = size;
	*first = size - *length;
	return size ? FILES_PART : FILES_WHOLE; /* nothing has no part that could be named */
}

static enum files_extent interval(struct wye_text range, uint64_t size, uint64_t *first,
				  uint64_t *length)
{
	uint64_t last = UINT64_MAX;

	if (!take_number(&range, first) || !range.length || *range.data != '-')
		return FILES_WHOLE;
	skip(&range, 1);
	if (range.length && (!take_number(&range, &last) || range.length))
		return FILES_WHOLE;
	if (last < *first)
		return FILES_WHOLE; /* malformed */
	if (*first >= size)
		return FILES_OUTSIDE;
	*length = (last < size ? last + 1 : size) - *first;
	return FILES_PART;
}

/* RFC 9110, 13.1.5. */
static bool range_is_wanted(const struct files_conditions *conditions,
			    const struct files_validators *current, int64_t now)
{
	struct wye_text tag = conditions->if_range;
	int64_t time;

	if (!tag.data)
		return true;
	if (wye_http_date_read(tag, &time))
		return time == current->modified && now > time;
	return same(tag, current->etag);
}

enum files_extent files_extent(const struct files_conditions *conditions,
			       const struct files_validators *current, uint64_t size,
			       int64_t now, uint64_t *first, uint64_t *length)
{
	struct wye_text range = conditions->range;
	enum files_extent extent = FILES_WHOLE;

	if (range.data && is_of_bytes(range) && range_is_wanted(conditions, current, now)) {
		skip(&range, UNIT);
		skip_separators(&range);
		extent = range.length && *range.data == '-'
				 ? suffix(range, size, first, length)
				 : interval(range, size, first, length);
	}
	if (extent != FILES_PART) {
		*first = 0;
		*length = size;
	}
	return extent;
}
