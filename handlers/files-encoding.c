/* SPDX-License-Identifier: MIT
 *
 * files-encoding.c - see files-encoding.h.
 */
#include <string.h>
#include <strings.h>

#include "files-encoding.h"

static struct wye_text trim(const char *from, const char *to)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (from < to && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	return (struct wye_text) { from, (size_t)(to - from) };
}

/* "0.875" is 875; what is no weight is 0, so that the coding is not used. */
static unsigned thousandths(struct wye_text text)
{
	unsigned value = 0, digits = 0;

	for (size_t i = 0; i < text.length; i++) {
		if (i == 1) {
			if (text.data[i] != '.')
				return 0;
			continue;
		}
		if (text.data[i] < '0' || text.data[i] > '9' || digits == 4)
			return 0;
		value = value * 10 + (unsigned)(text.data[i] - '0');
		digits++;
	}
	for (; digits && digits < 4; digits++)
		value *= 10;
	return value > 1000 ? 0 : value;
}

/* What stands behind the first ";" of an element. */
static unsigned weight_of(struct wye_text parameters)
{
	if (parameters.length < 2 || (parameters.data[0] | 0x20) != 'q' ||
	    parameters.data[1] != '=')
		return 0;
	return thousandths((struct wye_text) { parameters.data + 2, parameters.length - 2 });
}

unsigned files_weight(struct wye_text accept, const char *coding, unsigned unnamed)
{
	const char *at = accept.data, *end = at ? at + accept.length : at;
	size_t length = strlen(coding);

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma ? comma : end;
		const char *mark = memchr(at, ';', (size_t)(stop - at));
		struct wye_text name = trim(at, mark ? mark : stop);
		unsigned weight = mark ? weight_of(trim(mark + 1, stop)) : 1000;

		if (name.length == length && !strncasecmp(name.data, coding, length))
			return weight;
		if (name.length == 1 && *name.data == '*')
			unnamed = weight;
		at = stop + 1;
	}
	return unnamed;
}
