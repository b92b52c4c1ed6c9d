/* SPDX-License-Identifier: MIT
 *
 * hide.c - what no log may show: names of query parameters and header fields whose values are
 * secrets, and URLs without them; public functions of <wye/log.h>. Names are added on the main
 * thread before any request; then read-only, on any.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wye/log.h>

static const char *const USUAL[] = { "access_token",    "api-key",       "api_key",
				     "apikey",          "authorization", "client_secret",
				     "cookie",          "id_token",      "jwt",
				     "passwd",          "password",      "proxy-authorization",
				     "refresh_token",   "secret",        "session",
				     "sessionid",       "set-cookie",    "sig",
				     "signature",       "token",         "x-amz-security-token",
				     "x-amz-signature", "x-api-key",     "x-auth-token" };

struct hidden {
	struct hidden *next;
	char name[];
};

static const char STARS[] = "***";

static struct hidden *more;

/* ---- names ---- */

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The first byte of an encoded name, which is taken off. */
static char take_byte(struct wye_text *text)
{
	char byte = *text->data;
	int high = -1, low = -1;

	if (byte == '%' && text->length > 2) {
		high = hex_value(text->data[1]);
		low = hex_value(text->data[2]);
	}
	if (high < 0 || low < 0) {
		text->data++;
		text->length--;
		return byte == '+' ? ' ' : byte;
	}
	text->data += 3;
	text->length -= 3;
	return (char)(high << 4 | low);
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

static bool is(const char *name, struct wye_text text)
{
	while (text.length && *name)
		if (lower(take_byte(&text)) != lower(*name++))
			return false;
	return !text.length && !*name;
}

/* Most names end at their first byte, which is decoded once for all. */
bool wye_log_hides_parameter(struct wye_text name)
{
	struct wye_text rest = name;
	char first = name.length ? lower(take_byte(&rest)) : '\0';

	for (size_t i = 0; i < sizeof USUAL / sizeof USUAL[0]; i++)
		if (*USUAL[i] == first && is(USUAL[i], name))
			return true;
	for (const struct hidden *one = more; one; one = one->next)
		if (lower(*one->name) == first && is(one->name, name))
			return true;
	return false;
}

int wye_log_hide_parameter(const char *name)
{
	size_t size = strlen(name) + 1;
	struct hidden *one = malloc(sizeof *one + size);

	if (!one)
		return -ENOMEM;
	memcpy(one->name, name, size);
	one->next = more;
	more = one;
	return 0;
}

bool wye_log_hides_field(const char *name)
{
	return wye_log_hides_parameter((struct wye_text) { name, strlen(name) });
}

/* ---- URLs ---- */

/* What is copied so far, and the room for it. */
struct copy {
	char *data;
	size_t length, size;
};

static void put(struct copy *copy, const char *from, const char *end)
{
	size_t length = (size_t)(end - from), room = copy->size - copy->length;

	length = length < room ? length : room;
	memcpy(copy->data + copy->length, from, length);
	copy->length += length;
}

/* The next secret from `at` on, and where it ends; NULL if there is none. `at` stands behind a
 * '?' or '&'. */
static const char *find_secret(const char *at, const char *end, const char **stop)
{
	while (at < end) {
		const char *next = memchr(at, '&', (size_t)(end - at));
		const char *equals;

		*stop = next ? next : end;
		equals = memchr(at, '=', (size_t)(*stop - at));
		if (equals && equals + 1 < *stop &&
		    wye_log_hides_parameter((struct wye_text) { at, (size_t)(equals - at) }))
			return equals + 1;
		at = *stop + 1;
	}
	return NULL;
}

/* "user:password" in front of a host (RFC 3986, 3.2.1). */
static const char *find_user(struct wye_text url, const char **stop)
{
	const char *start = memmem(url.data, url.length, "://", 3), *end;

	if (!start)
		return NULL;
	start += 3;
	for (end = start; end < url.data + url.length; end++)
		if (*end == '/' || *end == '?' || *end == '#')
			break;
	*stop = memrchr(start, '@', (size_t)(end - start));
	return *stop && *stop > start ? start : NULL;
}

struct wye_text wye_log_url(struct wye_text url, char *memory, size_t size)
{
	const char *mark = url.length ? memchr(url.data, '?', url.length) : NULL;
	const char *from = url.data, *end = from + url.length, *secret, *stop;
	struct copy copy = { memory, 0, size };

	if (url.length && *url.data != '/' && (secret = find_user(url, &stop))) {
		put(&copy, from, secret);
		put(&copy, STARS, STARS + 3);
		from = stop;
	}
	while (mark && (secret = find_secret(mark + 1, end, &stop))) {
		put(&copy, from, secret);
		put(&copy, STARS, STARS + 3);
		from = mark = stop;
	}
	if (from == url.data)
		return url;
	put(&copy, from, end);
	return (struct wye_text) { memory, copy.length };
}
