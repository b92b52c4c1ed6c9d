/* SPDX-License-Identifier: MIT
 *
 * wye/http.h - small things of HTTP that handlers and middleware need alike. Pure: any thread,
 * no allocation.
 */
#ifndef WYE_HTTP_H
#define WYE_HTTP_H

#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a date, with the NUL behind it. */
#define WYE_HTTP_DATE 30

/* Writes a time (seconds since 1970, years 0 to 9999) as "Sun, 06 Nov 1994 08:49:37 GMT" (RFC
 * 9110, 5.6.7), whatever the locale. */
WYE_API void wye_http_date_write(int64_t time, char out[WYE_HTTP_DATE]);

/* Reads a date in that form or one of the two obsolete ones. False if it is none. */
WYE_API bool wye_http_date_read(struct wye_text text, int64_t *time) WYE_MUST_CHECK;

/* ---- cookies (RFC 6265bis) ---- */

enum wye_same_site {
	WYE_SAME_SITE_UNSAID, /* browsers take it as LAX */
	WYE_SAME_SITE_STRICT,
	WYE_SAME_SITE_LAX,
	WYE_SAME_SITE_NONE, /* needs `secure` */
};

/* A cookie to be set; all zero but size, name and value is one of the session, for the host and
 * the path's folder. `size` is sizeof of it. */
struct wye_cookie {
	size_t size;
	const char *name;
	struct wye_text value;
	const char *path, *domain; /* NULL: not said */
	int64_t max_age;           /* seconds; negative: it is deleted at once; 0: not said */
	int64_t expires;           /* seconds since 1970; 0: not said */
	enum wye_same_site same_site;
	bool secure, http_only;
	bool partitioned; /* needs `secure` */
};

/* Bytes that are enough for any. */
#define WYE_COOKIE_MAX 5632

/* Writes the value of a Set-Cookie field. Browsers drop what breaks these rules without a word,
 * so that is refused.
 *
 * Returns the length; -EINVAL: the name is no token, the value has a byte that is none of a
 * cookie's (blanks, quotes in it, commas, semicolons, backslashes, control bytes, non-ASCII:
 * encode it), both are longer than 4,096 bytes, path (1,024) or domain (255) are none, what
 * needs `secure` has it not, or a name that begins with "__Secure-" is not secure, one with
 * "__Host-" not secure, with path "/" and no domain. */
WYE_API int wye_cookie_write(const struct wye_cookie *cookie,
			     char out[WYE_COOKIE_MAX]) WYE_MUST_CHECK;

/* True for a field that wye_reply_header() takes; to check those of a config at the start. */
WYE_API bool wye_http_field_valid(const char *name, struct wye_text value);

#ifdef __cplusplus
}
#endif
#endif
