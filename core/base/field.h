/* SPDX-License-Identifier: MIT
 *
 * field.h - header fields (RFC 9110, 5). Pure; any thread.
 */
#ifndef WYE_CORE_BASE_FIELD_H
#define WYE_CORE_BASE_FIELD_H

#include <wye/types.h>

/* True for a field that a step may add to a reply: the name is a token, the value has no CR, LF
 * or NUL, and it is not one that wye sets by itself. */
bool wye_field_valid(const char *name, struct wye_text value);

#endif
