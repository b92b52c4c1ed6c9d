/* SPDX-License-Identifier: MIT
 *
 * challenge.c - see challenge.h.
 */
#include <errno.h>
#include <stdio.h>

#include "challenge.h"

/* As a quoted string (RFC 9110, 5.6.4), without a look at what is in it. */
static bool is_quotable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	return true;
}

int challenge_make(char **out, const char *scheme, const char *more,
		   const struct wye_settings *settings, struct wye_error *why)
{
	const char *realm = wye_setting_string(settings, "realm");

	if (!is_quotable(realm)) {
		wye_setting_error(settings, "realm", why,
				  "\"realm\" is ASCII without quotes and backslashes");
		return -EINVAL;
	}
	if (asprintf(out, "%s realm=\"%s\"%s", scheme, realm, more) >= 0)
		return 0;
	*out = NULL;
	return -ENOMEM;
}
