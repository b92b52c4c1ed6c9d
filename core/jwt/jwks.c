/* SPDX-License-Identifier: MIT
 *
 * jwks.c - JSON Web Key Sets (RFC 7517, RFC 7518 6, RFC 8037 2); part of keys.h. What isn't
 * understood is left out, as RFC 7517, 5 asks for.
 */
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "jwt/base64url.h"
#include "jwt/json.h"
#include "jwt/keys.h"

enum {
	NUMBER_MAX = 2048, /* bytes of a decoded member: RSA of 16384 bits */
	P256_BYTES = 32,
	ED25519_BYTES = 32,
};

/* A decoded member; 0: there is none, or it can't be decoded. */
static size_t bytes_of(const json_t *jwk, const char *name, unsigned char out[NUMBER_MAX])
{
	struct wye_text text = wye_json_string(jwk, name);
	ssize_t length = -1;

	if (text.data && WYE_BASE64URL_BYTES(text.length) <= NUMBER_MAX)
		length = wye_base64url_decode(out, text);
	return length > 0 ? (size_t)length : 0;
}

/* A string that nobody reads again. */
static void wipe(const json_t *jwk, const char *name)
{
	struct wye_text text = wye_json_string(jwk, name);

	if (text.data)
		OPENSSL_cleanse((char *)text.data, text.length);
}

static bool is(const json_t *jwk, const char *name, const char *wanted)
{
	struct wye_text text = wye_json_string(jwk, name);

	return text.data && !strcmp(text.data, wanted);
}

/* ---- public keys ---- */

static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *builder)
{
	OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(parameters);
	return pkey;
}

static EVP_PKEY *rsa(const json_t *jwk)
{
	unsigned char modulus[NUMBER_MAX], exponent[NUMBER_MAX];
	size_t n_bytes = bytes_of(jwk, "n", modulus), e_bytes = bytes_of(jwk, "e", exponent);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(modulus, (int)n_bytes, NULL),
	       *e = BN_bin2bn(exponent, (int)e_bytes, NULL);
	EVP_PKEY *pkey = NULL;

	if (n_bytes && e_bytes && builder && n && e &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
		pkey = build("RSA", builder);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(e);
	return pkey;
}

static EVP_PKEY *p256(const json_t *jwk)
{
	unsigned char x[NUMBER_MAX], y[NUMBER_MAX], point[1 + 2 * P256_BYTES] = { 4 };
	OSSL_PARAM_BLD *builder;
	EVP_PKEY *pkey = NULL;

	if (bytes_of(jwk, "x", x) != P256_BYTES || bytes_of(jwk, "y", y) != P256_BYTES)
		return NULL;
	memcpy(point + 1, x, P256_BYTES);
	memcpy(point + 1 + P256_BYTES, y, P256_BYTES);
	builder = OSSL_PARAM_BLD_new();
	if (builder &&
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1",
					    0) &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
					     sizeof point))
		pkey = build("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

static EVP_PKEY *ed25519(const json_t *jwk)
{
	unsigned char x[NUMBER_MAX];

	if (bytes_of(jwk, "x", x) != ED25519_BYTES)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, ED25519_BYTES);
}

static EVP_PKEY *public_key(const json_t *jwk)
{
	if (is(jwk, "kty", "RSA"))
		return rsa(jwk);
	if (is(jwk, "kty", "EC") && is(jwk, "crv", "P-256"))
		return p256(jwk);
	if (is(jwk, "kty", "OKP") && is(jwk, "crv", "Ed25519"))
		return ed25519(jwk);
	return NULL;
}

/* ---- a key ---- */

static bool holds(const json_t *list, const char *wanted)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item) && !strcmp(json_string_value(item), wanted))
			return true;
	}
	return false;
}

/* Whether it is for checking signatures (RFC 7517, 4.2 and 4.3). */
static bool is_for_signatures(const json_t *jwk)
{
	const json_t *use = json_object_get(jwk, "use"),
		     *operations = json_object_get(jwk, "key_ops");

	return (!use || is(jwk, "use", "sig")) && (!operations || holds(operations, "verify"));
}

static int make_secret(struct wye_jwt_key **out, const json_t *jwk)
{
	unsigned char secret[NUMBER_MAX];
	size_t length = bytes_of(jwk, "k", secret);
	int error = wye_jwt_key_create_secret(out, secret, length, NULL);

	OPENSSL_cleanse(secret, sizeof secret);
	wipe(jwk, "k");
	return error;
}

static int make(struct wye_jwt_key **out, const json_t *jwk)
{
	EVP_PKEY *pkey;

	if (is(jwk, "kty", "oct"))
		return make_secret(out, jwk);
	pkey = public_key(jwk);
	ERR_clear_error();
	return pkey ? wye_jwt_key_create_public(out, pkey, NULL) : -EINVAL;
}

/* Its name, and what `alg` leaves of its algorithms. */
static int describe(struct wye_jwt_key *key, const json_t *jwk)
{
	struct wye_text id = wye_json_string(jwk, "kid");

	if (json_object_get(jwk, "alg"))
		key->algorithms &= wye_jwt_algorithm(wye_json_string(jwk, "alg"));
	return id.data ? wye_jwt_key_set_id(key, id.data, id.length) : 0;
}

static int add(struct wye_jwt_keys *keys, const json_t *jwk, struct wye_error *why)
{
	struct wye_jwt_key *key;
	int error;

	if (!json_is_object(jwk) || !is_for_signatures(jwk))
		return 0;
	error = make(&key, jwk);
	if (error)
		return error == -ENOMEM ? error : 0;
	error = describe(key, jwk);
	if (error || !key->algorithms) {
		wye_jwt_key_destroy(key);
		return error;
	}
	return wye_jwt_keys_add(keys, key, why);
}

static int add_all(struct wye_jwt_keys *keys, const json_t *list, struct wye_error *why)
{
	size_t before = keys->count, i;
	const json_t *jwk;

	json_array_foreach(list, i, jwk)
	{
		int error = add(keys, jwk, why);

		if (error)
			return error;
	}
	if (keys->count > before)
		return 0;
	wye_error_set(why, "no key in the set that could check a signature");
	return -EINVAL;
}

int wye_jwt_keys_add_jwks(struct wye_jwt_keys *keys, struct wye_text text,
			  struct wye_error *why)
{
	json_t *set = wye_json_object(text);
	const json_t *list = json_object_get(set, "keys");
	int error = -EINVAL;

	if (json_is_array(list))
		error = add_all(keys, list, why);
	else
		wye_error_set(why, "no JSON Web Key Set: an object with a list \"keys\"");
	json_decref(set);
	return error;
}
