/* SPDX-License-Identifier: MIT
 *
 * redirect-target.c - see redirect-target.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "redirect-target.h"

enum {
	VALUES = 16, /* parameters of a pattern, at most */
	NAME = 64,
};

/* A parameter, and the literal text in front of it. */
struct part {
	struct wye_text before;
	char name[NAME];
	bool rest;     /* it stands for several segments */
	bool in_query; /* it stands behind a "?" */
};

struct redirect_target {
	size_t count;
	struct part parts[VALUES];
	struct wye_text tail; /* behind the last parameter, without the fragment */
	struct wye_text fragment;
	bool has_query;
};

/* ---- the template ---- */

/* Whether the pattern has "/:name" or "/" "*name". */
static bool find_parameter(const char *pattern, const char *name, bool *rest)
{
	size_t length = strlen(name);

	for (const char *at = strchr(pattern, '/'); at; at = strchr(at + 1, '/'))
		if ((at[1] == ':' || at[1] == '*') && !strncmp(at + 2, name, length) &&
		    (!at[2 + length] || at[2 + length] == '/')) {
			*rest = at[1] == '*';
			return true;
		}
	return false;
}

/* Behind scheme and host, where what a client sent may stand; NULL if it is no URL. */
static const char *path_of(const char *text)
{
	const char *host = !strncmp(text, "https://", 8)  ? text + 8
			   : !strncmp(text, "http://", 7) ? text + 7
							  : NULL;
	size_t length;

	if (!host)
		return *text == '/' && text[1] != '/' ? text + 1 : NULL;
	length = strcspn(host, "/?#{");
	if (!length || host[length] == '{')
		return NULL;
	return host + length;
}

static bool is_clean(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f ||
		    strchr("\"<>\\^`|", *text))
			return false;
	return true;
}

/* Reads "{name}" at `open`; returns what stands behind it, or NULL with a sentence. */
static const char *read_part(struct part *part, const char *open, const char *end,
			     const char *pattern, struct wye_error *why)
{
	const char *close = memchr(open, '}', (size_t)(end - open));
	size_t length = close ? (size_t)(close - open - 1) : 0;

	if (!length || length >= NAME) {
		wye_error_set(why, "a \"{\" begins the name of a parameter: \"{id}\"");
		return NULL;
	}
	memcpy(part->name, open + 1, length);
	part->name[length] = '\0';
	if (find_parameter(pattern, part->name, &part->rest))
		return close + 1;
	wye_error_set(why, "the route %s has no parameter \"%s\"", pattern, part->name);
	return NULL;
}

/* What stands between the parameters, up to the fragment. */
static int read_parts(struct redirect_target *target, const char *text, const char *end,
		      const char *pattern, struct wye_error *why)
{
	const char *question = memchr(text, '?', (size_t)(end - text)), *open;

	target->has_query = question;
	while ((open = memchr(text, '{', (size_t)(end - text)))) {
		struct part *part = &target->parts[target->count];

		if (target->count++ == VALUES) {
			wye_error_set(why, "more than %d parameters", VALUES);
			return -EINVAL;
		}
		part->before = (struct wye_text) { text, (size_t)(open - text) };
		part->in_query = question && question < open;
		text = read_part(part, open, end, pattern, why);
		if (!text)
			return -EINVAL;
	}
	target->tail = (struct wye_text) { text, (size_t)(end - text) };
	return 0;
}

static int read_template(struct redirect_target *target, const char *text, const char *pattern,
			 struct wye_error *why)
{
	size_t length = strcspn(text, "#");

	target->fragment = (struct wye_text) { text + length, strlen(text + length) };
	if (!path_of(text)) {
		wye_error_set(why,
			      "\"%s\" begins neither with \"/\" and a path nor with "
			      "\"http://\" or \"https://\" and a host",
			      text);
		return -EINVAL;
	}
	if (!is_clean(text) || strchr(text + length, '{')) {
		wye_error_set(why, "\"%s\" has a byte that no URL has", text);
		return -EINVAL;
	}
	return read_parts(target, text, text + length, pattern, why);
}

int redirect_target_create(struct redirect_target **out, const char *text, const char *pattern,
			   struct wye_error *why)
{
	struct redirect_target *target = calloc(1, sizeof *target);
	int error;

	if (!target) {
		wye_error_set(why, "out of memory");
		return -ENOMEM;
	}
	error = read_template(target, text, pattern, why);
	if (error)
		free(target);
	else
		*out = target;
	return error;
}

void redirect_target_destroy(struct redirect_target *target)
{
	free(target);
}

size_t redirect_target_count(const struct redirect_target *target)
{
	return target->count;
}

const char *redirect_target_name(const struct redirect_target *target, size_t index)
{
	return target->parts[index].name;
}

/* ---- filling it in ---- */

/* RFC 3986, 2.3. */
static bool is_unreserved(char byte)
{
	unsigned char lower = (unsigned char)byte | 0x20;

	return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') ||
	       (byte && strchr("-._~", byte));
}

/* What means itself where the value stands (RFC 3986, 3.3). */
static bool is_kept(const struct part *part, char byte)
{
	if (is_unreserved(byte))
		return true;
	if (part->in_query || !byte)
		return false;
	if (byte == '/')
		return part->rest;
	return strchr("!$&'()*+,;=:@", byte);
}

static char *put(char *out, struct wye_text text)
{
	if (text.length)
		memcpy(out, text.data, text.length);
	return out + text.length;
}

static char *put_value(char *out, const struct part *part, struct wye_text value)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < value.length; i++) {
		unsigned char byte = (unsigned char)value.data[i];
		bool escaped =
			part->rest && i + 2 < value.length && !memcmp(value.data + i, "%2F", 3);

		if (escaped || is_kept(part, value.data[i])) {
			*out++ = (char)byte;
		} else {
			*out++ = '%';
			*out++ = digits[byte >> 4];
			*out++ = digits[byte & 0xf];
		}
	}
	return out;
}

/* Two in front would begin a host: a value may have begun with one, or may be empty. */
static size_t one_slash(char *out, size_t length)
{
	while (length > 1 && out[0] == '/' && out[1] == '/')
		memmove(out, out + 1, --length);
	return length;
}

size_t redirect_target_room(const struct redirect_target *target, const struct wye_text *values,
			    struct wye_text query)
{
	size_t room = target->tail.length + target->fragment.length + query.length + 1;

	for (size_t i = 0; i < target->count; i++)
		room += target->parts[i].before.length + 3 * values[i].length;
	return room;
}

size_t redirect_target_write(const struct redirect_target *target,
			     const struct wye_text *values, struct wye_text query, char *out)
{
	char *at = out;

	for (size_t i = 0; i < target->count; i++) {
		at = put(at, target->parts[i].before);
		at = put_value(at, &target->parts[i], values[i]);
	}
	at = put(at, target->tail);
	if (query.data) {
		*at++ = target->has_query ? '&' : '?';
		at = put(at, query);
	}
	return one_slash(out, (size_t)(put(at, target->fragment) - out));
}
