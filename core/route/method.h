/* SPDX-License-Identifier: MIT
 *
 * method.h - methods as bits (RFC 9110, 9). Any thread.
 */
#ifndef WYE_CORE_ROUTE_METHOD_H
#define WYE_CORE_ROUTE_METHOD_H

#include <wye/types.h>

/* Others are WYE_METHOD_OTHER and match no route. */
enum wye_method {
	WYE_METHOD_GET = 1,
	WYE_METHOD_HEAD = 2,
	WYE_METHOD_POST = 4,
	WYE_METHOD_PUT = 8,
	WYE_METHOD_DELETE = 16,
	WYE_METHOD_PATCH = 32,
	WYE_METHOD_OPTIONS = 64,
	WYE_METHOD_OTHER = 128,
};

enum wye_method wye_method_parse(struct wye_text name);
/* "GET"; NULL for WYE_METHOD_OTHER. */
const char *wye_method_name(enum wye_method method);
/* Writes "GET, HEAD"; returns its length. HEAD is in it where GET is. `out` holds 64 bytes. */
size_t wye_method_list(unsigned methods, char out[64]);

#endif
