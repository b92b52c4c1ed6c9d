/* SPDX-License-Identifier: MIT
 *
 * credentials.h - user and password out of an Authorization field (RFC 7617). Pure; any thread.
 */
#ifndef WYE_MIDDLEWARE_CREDENTIALS_H
#define WYE_MIDDLEWARE_CREDENTIALS_H

#include <wye/types.h>

enum {
	CREDENTIALS_USER_MAX = 255,
	CREDENTIALS_PASSWORD_MAX = 511, /* what crypt(3) takes */
	CREDENTIALS_MAX = CREDENTIALS_USER_MAX + 1 + CREDENTIALS_PASSWORD_MAX,
};

struct credentials {
	size_t user_length, length; /* of the user; of all, with the NUL between them */
	char bytes[CREDENTIALS_MAX + 3];
};

/* Reads "Basic " and strict base64 (RFC 4648, 4). The first colon ends the user. False if it is
 * anything else, too long, or has a control byte in it (RFC 7617, 2). */
bool credentials_read(struct wye_text field, struct credentials *out) WYE_MUST_CHECK;

/* Strings with a NUL at their end. */
static inline const char *credentials_user(const struct credentials *credentials)
{
	return credentials->bytes;
}

static inline const char *credentials_password(const struct credentials *credentials)
{
	return credentials->bytes + credentials->user_length + 1;
}

#endif
