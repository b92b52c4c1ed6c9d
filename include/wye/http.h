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

/* True for a field that wye_reply_header() takes; to check those of a config at the start. */
WYE_API bool wye_http_field_valid(const char *name, struct wye_text value);

#ifdef __cplusplus
}
#endif
#endif
