/* SPDX-License-Identifier: MIT
 *
 * challenge.h - the WWW-Authenticate of a refusal (RFC 9110, 11.6.1), made once from the
 * setting "realm".
 */
#ifndef WYE_MIDDLEWARE_CHALLENGE_H
#define WYE_MIDDLEWARE_CHALLENGE_H

#include <wye/settings.h>

/* Makes SCHEME realm="..."MORE, to be freed. Returns 0; -EINVAL with a sentence for a realm
 * that would have to be escaped; -ENOMEM. */
int challenge_make(char **out, const char *scheme, const char *more,
		   const struct wye_settings *settings, struct wye_error *why) WYE_MUST_CHECK;

#endif
