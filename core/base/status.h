/* SPDX-License-Identifier: MIT
 *
 * status.h - the first lines of answers that wye writes by itself. Pure but for the clock; any
 * thread.
 */
#ifndef WYE_CORE_BASE_STATUS_H
#define WYE_CORE_BASE_STATUS_H

#include "base/buffer.h"

/* "Not Found" (RFC 9110, 15; RFC 6585); "Unknown" for others. */
const char *wye_status_reason(unsigned status);

/* Appends status line, Date (RFC 9110, 6.6.1) and Connection: close. Returns 0 or -ENOMEM. */
int wye_status_begin(struct wye_buffer *out, unsigned status) WYE_MUST_CHECK;

/* Appends one field. */
int wye_status_field(struct wye_buffer *out, struct wye_text name,
		     struct wye_text value) WYE_MUST_CHECK;

/* Appends the end of the head and a body with its length. */
int wye_status_body(struct wye_buffer *out, const void *body, size_t length) WYE_MUST_CHECK;

#endif
