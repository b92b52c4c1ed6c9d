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

/* A byte of a token (RFC 9110, 5.6.2). */
bool wye_is_token_byte(char byte);

/* A text equals a name in any case. */
bool wye_text_is(struct wye_text text, const char *name);

/* The first field of that name, in any case; data NULL if there is none. */
struct wye_text wye_field_find(const struct wye_field *fields, size_t count, const char *name);

/* True if a comma-separated list holds a token, in any case (RFC 9110, 5.6.1). */
bool wye_list_has(struct wye_text list, const char *token);

/* Takes the next element off the front of a comma-separated list, without blanks round it;
 * empty ones are skipped. False at the end. */
bool wye_list_next(struct wye_text *list, struct wye_text *element);

/* Takes the last element off the end. */
bool wye_list_last(struct wye_text *list, struct wye_text *element);

/* Without blanks (SP, HTAB) at both ends. */
struct wye_text wye_text_trim(struct wye_text text);

#endif
