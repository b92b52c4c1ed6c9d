/* SPDX-License-Identifier: MIT
 *
 * field-list.c - see field-list.h.
 */
#include <string.h>
#include <strings.h>

#include "field-list.h"

static bool is_between(char byte)
{
	return byte == ' ' || byte == '\t' || byte == ',';
}

bool field_list_has(struct wye_text list, const char *word)
{
	const char *at = list.data, *end = at + list.length;
	size_t length = strlen(word);

	while (at < end) {
		const char *start = at;

		while (at < end && !is_between(*at))
			at++;
		if ((size_t)(at - start) == length && !strncasecmp(start, word, length))
			return true;
		while (at < end && is_between(*at))
			at++;
	}
	return false;
}

void field_list_vary(struct wye_request *request, const char *field)
{
	struct wye_text vary = wye_reply_find_header(request, "Vary");

	if (!field_list_has(vary, field) && !field_list_has(vary, "*"))
		(void)wye_reply_header(request, "Vary",
				       (struct wye_text) { field, strlen(field) });
}
