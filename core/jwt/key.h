/* SPDX-License-Identifier: MIT
 *
 * key.h - keys of JSON Web Signatures: what each kind of key allows, and whether a signature
 * is by it (RFC 7518, 3). Made on one thread; then any thread verifies with it.
 */
#ifndef WYE_CORE_JWT_KEY_H
#define WYE_CORE_JWT_KEY_H

#include <openssl/evp.h>

#include <wye/types.h>

/* A bit each, so that a set is a number. */
enum wye_jwt_algorithm {
	WYE_JWT_HS256 = 1,
	WYE_JWT_HS384 = 2,
	WYE_JWT_HS512 = 4,
	WYE_JWT_RS256 = 8,
	WYE_JWT_ES256 = 16,
	WYE_JWT_EDDSA = 32,
	WYE_JWT_HMAC = WYE_JWT_HS256 | WYE_JWT_HS384 | WYE_JWT_HS512,
	WYE_JWT_ALL = 63,
};

enum {
	WYE_JWT_HMACS = 3,
	WYE_JWT_RSA_BITS = 2048, /* of a key, at least (RFC 7518, 3.3) */
	WYE_JWT_SIGNATURE_MAX = 2048,
};

/* By its name, in that case exactly; 0: there is none, "none" included. */
unsigned wye_jwt_algorithm(struct wye_text name);

/* What a kind of key allows; 0: nothing that is known here. */
unsigned wye_jwt_algorithms_of_secret(size_t length);
unsigned wye_jwt_algorithms_of(const EVP_PKEY *pkey);
/* Name of the digest for OpenSSL; NULL: the algorithm has its own. */
const char *wye_jwt_digest(unsigned algorithm);

struct wye_jwt_key {
	struct wye_jwt_key *next;
	char *id; /* `kid`; NULL: any token may be by it */
	size_t id_length;
	unsigned algorithms;
	EVP_MAC_CTX *macs[WYE_JWT_HMACS]; /* keyed: each verification works with a copy */
	EVP_PKEY *pkey;                   /* or NULL */
};

/* Each returns 0; -EINVAL with a sentence; -ENOMEM. The second takes `pkey` over, also on
 * failure. */
int wye_jwt_key_create_secret(struct wye_jwt_key **out, const void *secret, size_t length,
			      struct wye_error *why) WYE_MUST_CHECK;
int wye_jwt_key_create_public(struct wye_jwt_key **out, EVP_PKEY *pkey,
			      struct wye_error *why) WYE_MUST_CHECK;
int wye_jwt_key_set_id(struct wye_jwt_key *key, const char *id, size_t length) WYE_MUST_CHECK;
/* NULL is accepted. */
void wye_jwt_key_destroy(struct wye_jwt_key *key);

/* True if the signature of `text` is by this key. The algorithm is one that the key allows. */
bool wye_jwt_key_verify(const struct wye_jwt_key *key, unsigned algorithm, struct wye_text text,
			const unsigned char *signature, size_t length);

#endif
