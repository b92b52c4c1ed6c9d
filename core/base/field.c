/* SPDX-License-Identifier: MIT
 *
 * field.c - see field.h.
 */
#include <string.h>
#include <strings.h>

#include "base/field.h"

/* RFC 9110, 8.6, 6.6.1; RFC 9112, 6.1, 9.6. */
static const char *const RESERVED[] = { "Content-Length", "Transfer-Encoding", "Connection",
					"Date" };

/* RFC 9110, 5.6.2. */
static bool is_token(const char *name)
{
	static const char extra[] = "!#$%&'*+.^_`|~";

	if (!*name)
		return false;
	for (; *name; name++) {
		unsigned char byte = (unsigned char)*name, lower = byte | 0x20;

		if (!(lower >= 'a' && lower <= 'z') && byte != '-' &&
		    !(byte >= '0' && byte <= '9') && !strchr(extra, byte))
			return false;
	}
	return true;
}

static bool is_reserved(const char *name)
{
	for (size_t i = 0; i < sizeof RESERVED / sizeof RESERVED[0]; i++)
		if ((*name | 0x20) == (RESERVED[i][0] | 0x20) && !strcasecmp(name, RESERVED[i]))
			return true;
	return false;
}

bool wye_field_valid(const char *name, struct wye_text value)
{
	for (size_t i = 0; i < value.length; i++)
		if (value.data[i] == '\r' || value.data[i] == '\n' || !value.data[i])
			return false;
	return !is_reserved(name) && is_token(name);
}
