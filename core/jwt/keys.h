/* SPDX-License-Identifier: MIT
 *
 * keys.h - a set of keys, and the files that it is read from: secrets, PEM, JSON Web Key Sets
 * (RFC 7517). Made on one thread; then read-only.
 */
#ifndef WYE_CORE_JWT_KEYS_H
#define WYE_CORE_JWT_KEYS_H

#include "base/buffer.h"
#include "jwt/key.h"

enum {
	WYE_JWT_KEYS_MAX = 64,
	WYE_JWT_FILE_MAX = 1 << 20, /* bytes */
};

/* All zero: empty. */
struct wye_jwt_keys {
	struct wye_jwt_key *first, *last;
	size_t count;
	unsigned algorithms; /* of any of them */
};

void wye_jwt_keys_fini(struct wye_jwt_keys *keys);

/* Each returns 0, or a negative errno with a sentence; nothing is taken back of what was added.
 */
int wye_jwt_keys_add(struct wye_jwt_keys *keys, struct wye_jwt_key *key,
		     struct wye_error *why) WYE_MUST_CHECK;
int wye_jwt_keys_add_secret(struct wye_jwt_keys *keys, const void *secret, size_t length,
			    struct wye_error *why) WYE_MUST_CHECK;
int wye_jwt_keys_add_pem(struct wye_jwt_keys *keys, struct wye_text text,
			 struct wye_error *why) WYE_MUST_CHECK;
int wye_jwt_keys_add_jwks(struct wye_jwt_keys *keys, struct wye_text text,
			  struct wye_error *why) WYE_MUST_CHECK;

/* Reads a whole file, or a descriptor to its end; at most WYE_JWT_FILE_MAX bytes. Returns 0, or
 * a negative errno with a sentence. */
int wye_jwt_read_file(struct wye_buffer *out, const char *path,
		      struct wye_error *why) WYE_MUST_CHECK;
int wye_jwt_read(struct wye_buffer *out, int descriptor, const char *name,
		 struct wye_error *why) WYE_MUST_CHECK;
/* Puts the path in front of a sentence about what is in the file. */
void wye_jwt_name_file(struct wye_error *why, const char *path, const struct wye_error *what);
/* Without the newline that editors put at the end. */
struct wye_text wye_jwt_secret_text(const struct wye_buffer *file);
/* True for what is a key of another kind, which would be taken for a secret. */
bool wye_jwt_is_pem(struct wye_text text);

#endif
