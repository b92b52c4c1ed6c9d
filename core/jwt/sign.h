/* SPDX-License-Identifier: MIT
 *
 * sign.h - makes tokens, for `wye token` and for tests; a server only checks them.
 */
#ifndef WYE_CORE_JWT_SIGN_H
#define WYE_CORE_JWT_SIGN_H

#include <openssl/evp.h>

#include "base/buffer.h"

struct wye_jwt_signer {
	struct wye_text secret; /* `data` NULL: there is none, but a key */
	EVP_PKEY *pkey;
};

/* Appends a token in compact form. Header and payload are JSON texts. Returns 0; -EINVAL: the
 * key does not allow the algorithm; -EIO: it could not sign; -ENOMEM. */
int wye_jwt_sign(struct wye_buffer *out, const struct wye_jwt_signer *signer,
		 unsigned algorithm, struct wye_text header,
		 struct wye_text payload) WYE_MUST_CHECK;

/* The private key of a PEM file; NULL if it holds none. */
EVP_PKEY *wye_jwt_private_key(struct wye_text pem);

#endif
