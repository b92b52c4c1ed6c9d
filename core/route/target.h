/* SPDX-License-Identifier: MIT
 *
 * target.h - request targets (RFC 9112, 3.2; RFC 3986). Pure; any thread.
 */
#ifndef WYE_CORE_ROUTE_TARGET_H
#define WYE_CORE_ROUTE_TARGET_H

#include <wye/types.h>

/* Splits a target in origin-form or absolute-form into path and query, both still encoded. The
 * query is the rest behind the first '?', without it. */
void wye_target_split(struct wye_text target, struct wye_text *path, struct wye_text *query);

/* True if every escape of a path is "%" and two hex digits, and none is %00, and no byte is a
 * control character. */
bool wye_path_valid(struct wye_text path);

/* Decodes escapes in place; returns the new length. What is no escape stays as it is. */
size_t wye_percent_decode(char *text, size_t length);

#endif
