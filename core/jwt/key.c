/* SPDX-License-Identifier: MIT
 *
 * key.c - see key.h.
 */
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "jwt/key.h"

enum {
	P256_BYTES = 32, /* of r, and of s (RFC 7518, 3.4) */
};

/* The HMACs first, in the order of `macs`. */
static const struct {
	unsigned algorithm;
	const char *name, *digest;
	size_t length; /* of a secret, at least: that of the digest (RFC 7518, 3.2) */
} ALGORITHMS[] = {
	{ WYE_JWT_HS256, "HS256", "SHA256", 32 }, { WYE_JWT_HS384, "HS384", "SHA384", 48 },
	{ WYE_JWT_HS512, "HS512", "SHA512", 64 }, { WYE_JWT_RS256, "RS256", "SHA256", 0 },
	{ WYE_JWT_ES256, "ES256", "SHA256", 0 },  { WYE_JWT_EDDSA, "EdDSA", NULL, 0 },
};
#define COUNT (sizeof ALGORITHMS / sizeof ALGORITHMS[0])

unsigned wye_jwt_algorithm(struct wye_text name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (name.length == 5 && !memcmp(name.data, ALGORITHMS[i].name, 5))
			return ALGORITHMS[i].algorithm;
	return 0;
}

unsigned wye_jwt_algorithms_of_secret(size_t length)
{
	unsigned allowed = 0;

	for (size_t i = 0; i < WYE_JWT_HMACS; i++)
		if (length >= ALGORITHMS[i].length)
			allowed |= ALGORITHMS[i].algorithm;
	return allowed;
}

static bool is_p256(const EVP_PKEY *pkey)
{
	char group[32];
	size_t length;

	return EVP_PKEY_get_group_name(pkey, group, sizeof group, &length) &&
	       !strcmp(group, "prime256v1");
}

unsigned wye_jwt_algorithms_of(const EVP_PKEY *pkey)
{
	if (EVP_PKEY_is_a(pkey, "RSA"))
		return EVP_PKEY_get_bits(pkey) >= WYE_JWT_RSA_BITS ? WYE_JWT_RS256 : 0;
	if (EVP_PKEY_is_a(pkey, "EC"))
		return is_p256(pkey) ? WYE_JWT_ES256 : 0;
	return EVP_PKEY_is_a(pkey, "ED25519") ? WYE_JWT_EDDSA : 0;
}

const char *wye_jwt_digest(unsigned algorithm)
{
	for (size_t i = 0; i < COUNT; i++)
		if (ALGORITHMS[i].algorithm == algorithm)
			return ALGORITHMS[i].digest;
	return NULL;
}

/* ---- making one ---- */

static EVP_MAC_CTX *keyed_mac(EVP_MAC *hmac, const char *digest, const void *secret,
			      size_t length)
{
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);

	if (mac && !EVP_MAC_init(mac, secret, length, parameters)) {
		EVP_MAC_CTX_free(mac);
		return NULL;
	}
	return mac;
}

static int make_macs(struct wye_jwt_key *key, const void *secret, size_t length)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	int error = hmac ? 0 : -ENOMEM;

	for (size_t i = 0; i < WYE_JWT_HMACS && !error; i++) {
		if (!(key->algorithms & ALGORITHMS[i].algorithm))
			continue;
		key->macs[i] = keyed_mac(hmac, ALGORITHMS[i].digest, secret, length);
		if (!key->macs[i])
			error = -ENOMEM;
	}
	EVP_MAC_free(hmac); /* each context holds it */
	return error;
}

int wye_jwt_key_create_secret(struct wye_jwt_key **out, const void *secret, size_t length,
			      struct wye_error *why)
{
	struct wye_jwt_key *key;

	if (!wye_jwt_algorithms_of_secret(length)) {
		wye_error_set(why, "a secret of %zu bytes; HS256 needs 32 at least", length);
		return -EINVAL;
	}
	key = calloc(1, sizeof *key);
	if (!key)
		return -ENOMEM;
	key->algorithms = wye_jwt_algorithms_of_secret(length);
	if (make_macs(key, secret, length)) {
		wye_jwt_key_destroy(key);
		return -ENOMEM;
	}
	*out = key;
	return 0;
}

static void complain(const EVP_PKEY *pkey, struct wye_error *why)
{
	if (EVP_PKEY_is_a(pkey, "RSA"))
		wye_error_set(why, "an RSA key of %d bits; RS256 needs %d at least",
			      EVP_PKEY_get_bits(pkey), WYE_JWT_RSA_BITS);
	else
		wye_error_set(why, "a key of a kind that is not known here: RSA, P-256 and "
				   "Ed25519 are");
}

int wye_jwt_key_create_public(struct wye_jwt_key **out, EVP_PKEY *pkey, struct wye_error *why)
{
	struct wye_jwt_key *key = NULL;
	unsigned algorithms = wye_jwt_algorithms_of(pkey);

	if (algorithms)
		key = calloc(1, sizeof *key);
	if (!key) {
		if (!algorithms)
			complain(pkey, why);
		EVP_PKEY_free(pkey);
		return algorithms ? -ENOMEM : -EINVAL;
	}
	key->algorithms = algorithms;
	key->pkey = pkey;
	*out = key;
	return 0;
}

int wye_jwt_key_set_id(struct wye_jwt_key *key, const char *id, size_t length)
{
	key->id = malloc(length + 1);
	if (!key->id)
		return -ENOMEM;
	memcpy(key->id, id, length);
	key->id[length] = '\0';
	key->id_length = length;
	return 0;
}

void wye_jwt_key_destroy(struct wye_jwt_key *key)
{
	if (!key)
		return;
	for (size_t i = 0; i < WYE_JWT_HMACS; i++)
		EVP_MAC_CTX_free(key->macs[i]);
	EVP_PKEY_free(key->pkey);
	free(key->id);
	free(key);
}

/* ---- verifying ---- */

static bool verify_mac(const struct wye_jwt_key *key, unsigned algorithm, struct wye_text text,
		       const unsigned char *signature, size_t length)
{
	unsigned char made[EVP_MAX_MD_SIZE];
	EVP_MAC_CTX *mac = NULL;
	size_t size = 0;
	bool same;

	for (size_t i = 0; i < WYE_JWT_HMACS; i++)
		if (ALGORITHMS[i].algorithm == algorithm)
			mac = EVP_MAC_CTX_dup(key->macs[i]);
	same = mac && EVP_MAC_update(mac, (const unsigned char *)text.data, text.length) &&
	       EVP_MAC_final(mac, made, &size, sizeof made) && size == length &&
	       !CRYPTO_memcmp(made, signature, size);
	EVP_MAC_CTX_free(mac);
	return same;
}

/* OpenSSL takes the two numbers in DER. */
static int ecdsa_der(const unsigned char *raw, unsigned char **der)
{
	ECDSA_SIG *numbers = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, P256_BYTES, NULL),
	       *s = BN_bin2bn(raw + P256_BYTES, P256_BYTES, NULL);
	int length = -1;

	if (numbers && r && s && ECDSA_SIG_set0(numbers, r, s)) {
		length = i2d_ECDSA_SIG(numbers, der);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(numbers);
	return length;
}

static bool verify_public(const struct wye_jwt_key *key, unsigned algorithm,
			  struct wye_text text, const unsigned char *signature, size_t length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool right = context &&
		     EVP_DigestVerifyInit_ex(context, NULL, wye_jwt_digest(algorithm), NULL,
					     NULL, key->pkey, NULL) == 1 &&
		     EVP_DigestVerify(context, signature, length,
				      (const unsigned char *)text.data, text.length) == 1;

	EVP_MD_CTX_free(context);
	if (!right)
		ERR_clear_error();
	return right;
}

static bool verify_ecdsa(const struct wye_jwt_key *key, struct wye_text text,
			 const unsigned char *signature, size_t length)
{
	unsigned char *der = NULL;
	int size;
	bool right;

	if (length != 2 * P256_BYTES)
		return false;
	size = ecdsa_der(signature, &der);
	right = size > 0 && verify_public(key, WYE_JWT_ES256, text, der, (size_t)size);
	OPENSSL_free(der);
	return right;
}

bool wye_jwt_key_verify(const struct wye_jwt_key *key, unsigned algorithm, struct wye_text text,
			const unsigned char *signature, size_t length)
{
	if (algorithm & WYE_JWT_HMAC)
		return verify_mac(key, algorithm, text, signature, length);
	if (algorithm == WYE_JWT_ES256)
		return verify_ecdsa(key, text, signature, length);
	return verify_public(key, algorithm, text, signature, length);
}
