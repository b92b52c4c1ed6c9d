/* SPDX-License-Identifier: MIT
 *
 * parameters.h - what stands behind the first word of a Content-Type or a Content-Disposition:
 * ; name=value; name="value" (RFC 9110, 5.6.6). Pure; any thread.
 */
#ifndef WYE_CORE_BASE_PARAMETERS_H
#define WYE_CORE_BASE_PARAMETERS_H

#include <wye/types.h>

/* Cuts the word off the front: what stands in front of the first ";", without blanks. */
struct wye_text wye_parameters_begin(struct wye_text *text);

/* Takes the next parameter. A quoted value is unquoted in place, so `text` must be writable.
 * Returns 1; 0 at the end; -EBADMSG. */
int wye_parameters_next(struct wye_text *text, struct wye_field *out) WYE_MUST_CHECK;

#endif
