/* SPDX-License-Identifier: MIT
 *
 * passwords.h - a password file: users, and hashes for crypt(3). Made once, then read only.
 */
#ifndef WYE_MIDDLEWARE_PASSWORDS_H
#define WYE_MIDDLEWARE_PASSWORDS_H

#include <wye/types.h>

enum {
	PASSWORDS_HASH_MAX = 255,
};

struct passwords;

/* An empty table. NULL without memory. */
struct passwords *passwords_create(void);
void passwords_destroy(struct passwords *passwords);

/* Adds "USER:HASH", with a hash of bcrypt ($2y$, $2b$, $2a$), SHA-512 ($6$) or yescrypt ($y$);
 * what stands behind another colon is left out. Returns 0; -EINVAL with a sentence; -ENOMEM. */
int passwords_add(struct passwords *passwords, const char *line,
		  struct wye_error *why) WYE_MUST_CHECK;

/* Makes a table of a file; lines that are empty or begin with '#' are left out. Returns 0; a
 * negative errno with a sentence that names the line where there is one. */
int passwords_read(struct passwords **out, const char *path,
		   struct wye_error *why) WYE_MUST_CHECK;

/* After the last one. Returns 0; -EINVAL with a sentence if a user comes twice, or there is
 * none.
 */
int passwords_seal(struct passwords *passwords, struct wye_error *why) WYE_MUST_CHECK;

size_t passwords_count(const struct passwords *passwords);

/* The hash of a user. For an unknown one it is somebody's, always the same one's, so that a
 * guess takes as long as one at a user that there is, and `known` is false. */
const char *passwords_find(const struct passwords *passwords, const char *user, bool *known);

#endif
