/* SPDX-License-Identifier: MIT
 *
 * field.h - header fields (RFC 9110, 5). Pure; any thread.
 */
#ifndef WYE_CORE_BASE_FIELD_H
#define WYE_CORE_BASE_FIELD_H

#include <wye/types.h>

/* True for a field that a step may add to a reply: the name is a token, the value has no
 * control byte but HTAB, and it is not one that wye sets by itself. */
bool wye_field_valid(const char *name, struct wye_text value);

/* True for a field that a step may change in a request: likewise, and not one by which the
 * message was read. */
bool wye_request_field_valid(const char *name, struct wye_text value);

/* True for a Content-Type that can be sent: without control bytes but HTAB. */
bool wye_type_valid(const char *type);

/* What a byte may stand in; a bit each. */
enum wye_byte_class {
	WYE_BYTE_TOKEN = 1, /* RFC 9110, 5.6.2 */
	WYE_BYTE_HOST = 2,  /* a name of RFC 3986, 3.2.2, without escapes */
	WYE_BYTE_TEXT = 4,  /* a field's value: no control byte but HTAB (RFC 9110, 5.5) */
};

extern const uint8_t wye_byte_classes[256];

static inline bool wye_byte_is(char byte, enum wye_byte_class class_)
{
	return wye_byte_classes[(unsigned char)byte] & class_;
}

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
