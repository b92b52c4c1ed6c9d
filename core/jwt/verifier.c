/* SPDX-License-Identifier: MIT
 *
 * verifier.c - see verifier.h and <wye/jwt.h>.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "jwt/accepted.h"
#include "jwt/base64url.h"
#include "jwt/claims.h"
#include "jwt/header.h"
#include "jwt/json.h"
#include "jwt/set.h"
#include "jwt/verifier.h"

enum {
	TOKEN_MAX = 8192,    /* bytes of a token, unless the rules say otherwise */
	ON_THE_STACK = 8192, /* bytes of a decoded payload */
};

struct wye_jwt_verifier {
	unsigned algorithms;
	size_t max_token;
	char *type;
	struct wye_jwt_checks checks;
	struct wye_jwt_keys keys;
	struct wye_jwt_set *set; /* or NULL */
};

/* ---- making one ---- */

static int read_algorithms(struct wye_jwt_verifier *verifier, const char *const *names,
			   struct wye_error *why)
{
	verifier->algorithms = names && *names ? 0 : WYE_JWT_ALL;
	for (; names && *names; names++) {
		unsigned one = wye_jwt_algorithm((struct wye_text) { *names, strlen(*names) });

		if (!one) {
			wye_error_set(
				why,
				"\"%s\" is no algorithm here: HS256, HS384, HS512, RS256, "
				"ES256 and EdDSA are",
				*names);
			return -EINVAL;
		}
		verifier->algorithms |= one;
	}
	return 0;
}

static int copy_rules(struct wye_jwt_verifier *verifier, const struct wye_jwt_rules *rules)
{
	verifier->max_token = rules->max_token ? rules->max_token : TOKEN_MAX;
	if (rules->type) {
		verifier->type = strdup(rules->type);
		if (!verifier->type)
			return -ENOMEM;
	}
	return wye_jwt_checks_init(&verifier->checks, rules);
}

int wye_jwt_verifier_create(struct wye_jwt_verifier **out, const struct wye_jwt_rules *rules,
			    struct wye_error *why)
{
	struct wye_jwt_verifier *verifier = calloc(1, sizeof *verifier);
	struct wye_jwt_rules known = { 0 };
	int error;

	if (!verifier)
		return -ENOMEM;
	memcpy(&known, rules, rules->size < sizeof known ? rules->size : sizeof known);
	error = read_algorithms(verifier, known.algorithms, why);
	if (!error)
		error = copy_rules(verifier, &known);
	if (error) {
		wye_jwt_verifier_destroy(verifier);
		return error;
	}
	*out = verifier;
	return 0;
}

void wye_jwt_verifier_destroy(struct wye_jwt_verifier *verifier)
{
	if (!verifier)
		return;
	wye_jwt_unwatch(verifier);
	wye_jwt_set_destroy(verifier->set);
	wye_jwt_keys_fini(&verifier->keys);
	wye_jwt_checks_fini(&verifier->checks);
	free(verifier->type);
	free(verifier);
}

/* ---- keys ---- */

/* A key that the rules leave nothing to do is a mistake of the config. `last` is what was the
 * last one before. */
static int check_new(const struct wye_jwt_verifier *verifier, const struct wye_jwt_key *last,
		     struct wye_error *why)
{
	const struct wye_jwt_key *key = last ? last->next : verifier->keys.first;

	for (; key; key = key->next)
		if (!(key->algorithms & verifier->algorithms)) {
			wye_error_set(why, "this kind of key, or its length, allows none of "
					   "the algorithms");
			return -EINVAL;
		}
	return 0;
}

int wye_jwt_add_secret(struct wye_jwt_verifier *verifier, const void *secret, size_t length,
		       struct wye_error *why)
{
	const struct wye_jwt_key *last = verifier->keys.last;
	int error = wye_jwt_keys_add_secret(&verifier->keys, secret, length, why);

	return error ? error : check_new(verifier, last, why);
}

int wye_jwt_add_secret_file(struct wye_jwt_verifier *verifier, const char *path,
			    struct wye_error *why)
{
	struct wye_buffer file = { NULL, 0, 0 };
	struct wye_error what = { "" };
	int error = wye_jwt_read_file(&file, path, why);

	if (!error) {
		struct wye_text secret = wye_jwt_secret_text(&file);

		error = wye_jwt_add_secret(verifier, secret.data, secret.length, &what);
		if (error)
			wye_jwt_name_file(why, path, &what);
	}
	wye_buffer_wipe(&file);
	return error;
}

int wye_jwt_add_pem(struct wye_jwt_verifier *verifier, const char *pem, size_t length,
		    struct wye_error *why)
{
	const struct wye_jwt_key *last = verifier->keys.last;
	int error =
		wye_jwt_keys_add_pem(&verifier->keys, (struct wye_text) { pem, length }, why);

	return error ? error : check_new(verifier, last, why);
}

int wye_jwt_add_pem_file(struct wye_jwt_verifier *verifier, const char *path,
			 struct wye_error *why)
{
	struct wye_buffer file = { NULL, 0, 0 };
	struct wye_error what = { "" };
	int error = wye_jwt_read_file(&file, path, why);

	if (!error) {
		error = wye_jwt_add_pem(verifier, file.data, file.length, &what);
		if (error)
			wye_jwt_name_file(why, path, &what);
	}
	wye_buffer_fini(&file);
	return error;
}

int wye_jwt_add_jwks_file(struct wye_jwt_verifier *verifier, const char *path,
			  struct wye_error *why)
{
	if (!verifier->set)
		return wye_jwt_set_create(&verifier->set, path, why);
	wye_error_set(why, "a second key set");
	return -EINVAL;
}

int wye_jwt_watch(struct wye_jwt_verifier *verifier)
{
	return verifier->set ? wye_jwt_set_watch(verifier->set) : 0;
}

void wye_jwt_unwatch(struct wye_jwt_verifier *verifier)
{
	if (verifier->set)
		wye_jwt_set_unwatch(verifier->set);
}

/* ---- whose signature it is ---- */

static bool may_be_by(const struct wye_jwt_key *key, const struct wye_jwt_header *header)
{
	if (!header->has_id || !key->id)
		return true;
	return key->id_length == header->id_length && header->id_length <= WYE_JWT_ID_MAX &&
	       !memcmp(key->id, header->id, header->id_length);
}

/* Returns the verdict that tells most of the keys of one set, and of the one before. */
static enum wye_jwt_verdict try_keys(const struct wye_jwt_keys *keys,
				     const struct wye_jwt_header *header, struct wye_text text,
				     const unsigned char *signature, size_t length,
				     enum wye_jwt_verdict before)
{
	for (const struct wye_jwt_key *key = keys->first; key; key = key->next) {
		if (!(key->algorithms & header->algorithm))
			continue;
		if (!may_be_by(key, header)) {
			if (before == WYE_JWT_ALGORITHM)
				before = WYE_JWT_UNKNOWN_KEY;
			continue;
		}
		if (wye_jwt_key_verify(key, header->algorithm, text, signature, length))
			return WYE_JWT_VALID;
		before = WYE_JWT_SIGNATURE;
	}
	return before;
}

static enum wye_jwt_verdict check_signature(const struct wye_jwt_verifier *verifier,
					    const struct wye_jwt_parts *parts,
					    const struct wye_jwt_header *header)
{
	unsigned char signature[WYE_JWT_SIGNATURE_MAX];
	enum wye_jwt_verdict verdict;
	ssize_t length;
	atomic_uint *mark;

	if (WYE_BASE64URL_BYTES(parts->signature.length) > sizeof signature)
		return WYE_JWT_SIGNATURE;
	length = wye_base64url_decode(signature, parts->signature);
	if (length < 0)
		return WYE_JWT_MALFORMED;
	verdict = try_keys(&verifier->keys, header, parts->signed_, signature, (size_t)length,
			   WYE_JWT_ALGORITHM);
	if (verdict && verifier->set) {
		const struct wye_jwt_keys *keys = wye_jwt_set_enter(verifier->set, &mark);

		verdict = try_keys(keys, header, parts->signed_, signature, (size_t)length,
				   verdict);
		wye_jwt_set_leave(mark);
	}
	return verdict;
}

/* ---- verifying ---- */

/* "application/" may be left out (RFC 7515, 4.1.9). */
static bool is_type(const struct wye_jwt_header *header, const char *wanted)
{
	static const char prefix[] = "application/";
	struct wye_text type = { header->type, header->type_length };

	if (type.length > WYE_JWT_TYPE_MAX)
		return false;
	if (type.length >= sizeof prefix - 1 &&
	    !strncasecmp(type.data, prefix, sizeof prefix - 1)) {
		type.data += sizeof prefix - 1;
		type.length -= sizeof prefix - 1;
	}
	return type.length == strlen(wanted) && !strncasecmp(type.data, wanted, type.length);
}

static json_t *parse_payload(struct wye_text text)
{
	unsigned char stack[ON_THE_STACK], *bytes = stack;
	size_t size = WYE_BASE64URL_BYTES(text.length);
	json_t *json = NULL;
	ssize_t length;

	if (size > sizeof stack)
		bytes = malloc(size);
	if (!bytes)
		return NULL;
	length = wye_base64url_decode(bytes, text);
	if (length >= 0)
		json = wye_json_object(
			(struct wye_text) { (const char *)bytes, (size_t)length });
	if (bytes != stack)
		free(bytes);
	return json;
}

static enum wye_jwt_verdict accept(json_t *claims, struct wye_jwt **out)
{
	struct wye_jwt *jwt = malloc(sizeof *jwt);

	if (!jwt) {
		json_decref(claims);
		return WYE_JWT_NO_MEMORY;
	}
	jwt->claims = claims;
	*out = jwt;
	return WYE_JWT_VALID;
}

/* What is not genuine is not looked into. */
enum wye_jwt_verdict wye_jwt_verify_at(const struct wye_jwt_verifier *verifier,
				       struct wye_text token, double now, struct wye_jwt **out)
{
	const struct wye_jwt_header *header;
	struct wye_jwt_parts parts;
	enum wye_jwt_verdict verdict;
	json_t *claims;

	if (token.length > verifier->max_token)
		return WYE_JWT_TOO_LARGE;
	if (!wye_jwt_split(&parts, token))
		return WYE_JWT_MALFORMED;
	header = wye_jwt_header(parts.header);
	if (header->verdict)
		return header->verdict;
	if (!(header->algorithm & verifier->algorithms))
		return WYE_JWT_ALGORITHM;
	if (verifier->type && !is_type(header, verifier->type))
		return WYE_JWT_TYPE;
	verdict = check_signature(verifier, &parts, header);
	if (verdict)
		return verdict;
	claims = parse_payload(parts.payload);
	if (!claims)
		return WYE_JWT_MALFORMED;
	verdict = wye_jwt_checks_run(&verifier->checks, claims, now);
	if (!verdict && out)
		return accept(claims, out);
	json_decref(claims);
	return verdict;
}

enum wye_jwt_verdict wye_jwt_verify(const struct wye_jwt_verifier *verifier,
				    struct wye_text token, struct wye_jwt **out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return wye_jwt_verify_at(verifier, token,
				 (double)now.tv_sec + (double)now.tv_nsec / 1e9, out);
}
