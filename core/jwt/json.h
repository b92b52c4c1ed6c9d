/* SPDX-License-Identifier: MIT
 *
 * json.h - JSON objects from strangers, read strictly (RFC 8259): a name twice, a NUL, bytes
 * behind the end, or nesting that goes deep makes it none. Any thread.
 */
#ifndef WYE_CORE_JWT_JSON_H
#define WYE_CORE_JWT_JSON_H

#include <jansson.h>

#include <wye/types.h>

enum {
	WYE_JSON_DEPTH = 32, /* brackets within brackets, at most */
};

/* NULL for anything but one such object; or without memory. */
json_t *wye_json_object(struct wye_text text);

/* A member that is a text; `data` is NULL if there is none, or it is of another type. */
struct wye_text wye_json_string(const json_t *object, const char *name);

#endif
