/* SPDX-License-Identifier: MIT
 *
 * fuzz_head.c - a head that is taken has its fields inside, in order, with nothing in them that
 * may not be there; a request line that is taken is the one that a plain reader takes. Input:
 * one byte says what it is, the rest are the fields, as a client sends them or (bit 1) with any
 * zeros in them; or (bits 7 and 6) a request line.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/field.h"
#include "http/head.h"

#include "../unit/raw_head.h"
#include "target.h"

/* `*at` goes on behind the text. */
static void check_inside(struct wye_text text, const char **at, const char *end)
{
	must(text.data >= *at && text.length <= (size_t)(end - text.data), "outside");
	*at = text.data + text.length;
}

static void check_field(const struct wye_field *field)
{
	struct wye_text value = field->value, trimmed = wye_text_trim(value);

	must(field->name.length, "no name");
	for (size_t i = 0; i < field->name.length; i++)
		must(wye_byte_is(field->name.data[i], WYE_BYTE_TOKEN),
		     "a name that is no token");
	must(trimmed.data == value.data && trimmed.length == value.length, "blanks");
	for (size_t i = 0; i < value.length; i++)
		must((unsigned char)value.data[i] >= ' ' || value.data[i] == '\t', "a control");
}

static void check_head(const struct wye_head *head, size_t length)
{
	const char *at = head->count ? head->fields[0].name.data : "";
	const char *end = head->count ? at + length : at;

	for (size_t i = 0; i < head->count; i++) {
		check_inside(head->fields[i].name, &at, end);
		check_inside(head->fields[i].value, &at, end);
		check_field(&head->fields[i]);
	}
	must(!head->host.data || wye_head_is_host(head->host), "a bad host");
	must(!(head->chunked && head->has_length), "two lengths");
	must(head->has_length || !head->length, "a length from nowhere");
}

/* ---- the request line ---- */

/* As the engine splits it: at the first and the last blank, with zeros for what it has cut. */
static bool split_line(char *bytes, size_t length, struct wye_request_line *line)
{
	char *end = memchr(bytes, '\n', length), *blank, *version;

	if (!end)
		return false;
	blank = memchr(bytes, ' ', (size_t)(end - bytes));
	version = blank ? memrchr(bytes, ' ', (size_t)(end - bytes)) : NULL;
	if (!version || version == blank)
		return false;
	line->rest = end + 1;
	*end = *blank = *version++ = '\0';
	if (end[-1] == '\r')
		end[-1] = '\0';
	line->method = (struct wye_text) { bytes, strlen(bytes) };
	line->target = (struct wye_text) { blank + 1, strlen(blank + 1) };
	line->version = (struct wye_text) { version, strlen(version) };
	line->between = (size_t)(version - bytes) - line->method.length;
	return true;
}

/* RFC 9112, 3: a token, a blank, a target without blanks and NUL, a blank, a version, CRLF. Or
 * NUL and LF, which look the same once the engine has zeroed them: the intake has seen them
 * before. */
static bool is_line(const char *bytes, size_t length)
{
	const char *end = memchr(bytes, '\n', length), *at = bytes, *version;

	while (at < end && wye_byte_is(*at, WYE_BYTE_TOKEN))
		at++;
	if (at == bytes || *at != ' ')
		return false;
	version = (const char *)memrchr(bytes, ' ', (size_t)(end - bytes)) + 1;
	if (end - version != 9 || (end[-1] && end[-1] != '\r') ||
	    (memcmp(version, "HTTP/1.0", 8) && memcmp(version, "HTTP/1.1", 8)))
		return false;
	return !memchr(at, '\0', (size_t)(version - at));
}

static void run_line(char *bytes, size_t length)
{
	struct wye_request_line line = { .fields = 0 };
	char *copy = malloc(length + 1);

	if (copy) {
		memcpy(copy, bytes, length);
		if (split_line(bytes, length, &line))
			must(!wye_head_check_line(&line).status == is_line(copy, length),
			     "taken, or not");
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct wye_request_line line = { .version = { "HTTP/1.1", 8 } };
	struct wye_arena arena;
	char first[1];
	struct wye_head head;
	size_t size = length ? length - 1 : 0;
	char *bytes;

	if (!length)
		return 0;
	bytes = calloc(1, size + 1);
	if (!bytes)
		return 0;
	memcpy(bytes, data + 1, size);
	if (data[0] >= 0xc0) {
		run_line(bytes, size);
		free(bytes);
		return 0;
	}
	if (data[0] & 1)
		line.version.data = "HTTP/1.0";
	line.fields = data[0] >> 2; /* what a confused engine has counted */
	if (!(data[0] & 2)) {
		struct raw_head raw = raw_head_zero(bytes, size);

		size = raw.length;
		line.fields = raw.fields;
	}
	bytes = realloc(bytes, size ? size : 1);
	line.rest = bytes;
	line.end = bytes + size;
	wye_arena_init(&arena, first, 0);
	if (!wye_head_read(&head, &arena, &line).status)
		check_head(&head, size);
	(void)wye_head_is_host((struct wye_text) { (const char *)data + 1, length - 1 });
	wye_arena_reset(&arena);
	free(bytes);
	return 0;
}
