/* SPDX-License-Identifier: MIT
 *
 * field-list.h - fields whose values are lists (RFC 9110, 5.6.1), and Vary, which is one.
 */
#ifndef WYE_MIDDLEWARE_FIELD_LIST_H
#define WYE_MIDDLEWARE_FIELD_LIST_H

#include <wye/rest.h>

/* True if the list has this word, in any case, as an element of its own. */
bool field_list_has(struct wye_text list, const char *word);

/* Says that the answer depends on a field of the request (RFC 9110, 12.5.5), unless its Vary
 * says so already. In a step of the request. */
void field_list_vary(struct wye_request *request, const char *field);

#endif
