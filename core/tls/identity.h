/* SPDX-License-Identifier: MIT
 *
 * identity.h - a certificate with its chain, its key and the names that it is for, as they are
 * in files. Main thread.
 */
#ifndef WYE_CORE_TLS_IDENTITY_H
#define WYE_CORE_TLS_IDENTITY_H

#include <time.h>

#include <openssl/x509.h>

#include "tls/context.h"

/* Types of keys: of each a listener has one certificate for a name. */
enum wye_tls_key_type {
	WYE_TLS_KEY_RSA,
	WYE_TLS_KEY_RSA_PSS,
	WYE_TLS_KEY_EC,
	WYE_TLS_KEY_ED25519,
	WYE_TLS_KEY_ED448,
	WYE_TLS_KEY_TYPES,
};

struct wye_tls_identity {
	X509 *certificate;
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
	enum wye_tls_key_type type;
	char **names; /* folded */
	size_t name_count;
	struct wye_error doubt; /* what clients may hold against it; empty: nothing */
};

/* Returns 0, or a negative errno with the setting that is wrong and a sentence. All that `out`
 * holds is freed by the other in either case. */
int wye_tls_identity_load(struct wye_tls_identity *out, const struct wye_tls_pair *files,
			  enum wye_tls_setting *wrong, struct wye_error *why) WYE_MUST_CHECK;
void wye_tls_identity_fini(struct wye_tls_identity *identity);

/* Until when the certificate is right; 0: that can't be said. */
time_t wye_tls_identity_end(const struct wye_tls_identity *identity);

#endif
