/* SPDX-License-Identifier: MIT
 *
 * cookie.c - the value of a Set-Cookie field (RFC 6265bis, 4.1); see <wye/http.h>.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <wye/http.h>

#include "base/field.h"

enum {
	PAIR = 4096, /* bytes of name and value (5.6) */
	PATH = 1024, /* of an attribute's value */
	DOMAIN = 255,
};

/* ---- rules ---- */

static bool is_name(const char *name)
{
	size_t length = 0;

	while (name[length] && wye_byte_is(name[length], WYE_BYTE_TOKEN))
		length++;
	return length && !name[length];
}

/* A pair of quotes round all of it is part of the value, and allowed. */
static bool is_value(struct wye_text value)
{
	if (value.length >= 2 && value.data[0] == '"' && value.data[value.length - 1] == '"')
		value = (struct wye_text) { value.data + 1, value.length - 2 };
	for (size_t i = 0; i < value.length; i++) {
		unsigned char byte = (unsigned char)value.data[i];

		if (byte <= ' ' || byte >= 0x7f || strchr("\",;\\", byte))
			return false;
	}
	return true;
}

/* Browsers drop a blank at its end (5.6). */
static bool is_path(const char *path)
{
	size_t length = strlen(path);

	if (path[0] != '/' || length > PATH || path[length - 1] == ' ')
		return false;
	for (; *path; path++)
		if ((unsigned char)*path < ' ' || (unsigned char)*path >= 0x7f || *path == ';')
			return false;
	return true;
}

static bool is_domain(const char *domain)
{
	size_t length = strlen(domain);

	return length && length <= DOMAIN && domain[0] != '.' && domain[0] != '-' &&
	       strspn(domain, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			      "0123456789.-") == length;
}

/* Browsers compare prefixes in any case (4.1.3). */
static bool has_prefix(const struct wye_cookie *cookie, const char *prefix)
{
	return !strncasecmp(cookie->name, prefix, strlen(prefix));
}

static bool prefix_holds(const struct wye_cookie *cookie)
{
	if (has_prefix(cookie, "__Secure-"))
		return cookie->secure;
	if (has_prefix(cookie, "__Host-"))
		return cookie->secure && cookie->path && !strcmp(cookie->path, "/") &&
		       !cookie->domain;
	return true;
}

static bool is_right(const struct wye_cookie *cookie)
{
	if (!is_name(cookie->name) || !is_value(cookie->value) ||
	    strlen(cookie->name) + cookie->value.length > PAIR)
		return false;
	if ((cookie->path && !is_path(cookie->path)) ||
	    (cookie->domain && !is_domain(cookie->domain)))
		return false;
	if ((cookie->same_site == WYE_SAME_SITE_NONE || cookie->partitioned) && !cookie->secure)
		return false;
	return prefix_holds(cookie);
}

/* ---- writing ---- */

static char *put(char *at, const char *text)
{
	return stpcpy(at, text);
}

static char *put_times(char *at, const struct wye_cookie *cookie)
{
	if (cookie->max_age)
		at += sprintf(at, "; Max-Age=%" PRId64,
			      cookie->max_age > 0 ? cookie->max_age : 0);
	if (cookie->expires) {
		at = put(at, "; Expires=");
		wye_http_date_write(cookie->expires, at);
		at += WYE_HTTP_DATE - 1;
	}
	return at;
}

static char *put_flags(char *at, const struct wye_cookie *cookie)
{
	static const char *const same_site[] = {
		[WYE_SAME_SITE_UNSAID] = "",
		[WYE_SAME_SITE_STRICT] = "; SameSite=Strict",
		[WYE_SAME_SITE_LAX] = "; SameSite=Lax",
		[WYE_SAME_SITE_NONE] = "; SameSite=None",
	};

	if (cookie->secure)
		at = put(at, "; Secure");
	if (cookie->http_only)
		at = put(at, "; HttpOnly");
	at = put(at, same_site[cookie->same_site]);
	return cookie->partitioned ? put(at, "; Partitioned") : at;
}

int wye_cookie_write(const struct wye_cookie *cookie, char out[WYE_COOKIE_MAX])
{
	char *at = out;

	if (!is_right(cookie))
		return -EINVAL;
	at = put(put(at, cookie->name), "=");
	if (cookie->value.length)
		memcpy(at, cookie->value.data, cookie->value.length);
	at += cookie->value.length;
	if (cookie->path)
		at = put(put(at, "; Path="), cookie->path);
	if (cookie->domain)
		at = put(put(at, "; Domain="), cookie->domain);
	at = put_flags(put_times(at, cookie), cookie);
	return (int)(at - out);
}
