/* SPDX-License-Identifier: MIT
 *
 * wye/jwt.h - checks JSON Web Tokens (RFC 7519, RFC 7515) as RFC 8725 advises: the algorithm
 * must be one that the key allows, and everything that isn't plainly right is refused.
 *
 * A verifier is made from rules and keys on one thread; from then on any thread may verify with
 * it. The middleware `jwt` and `token` are made of it.
 */
#ifndef WYE_JWT_H
#define WYE_JWT_H

#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wye_jwt_verifier;

/* A token that was accepted: its claims. */
struct wye_jwt;

/* What must hold of a token. Lists are arrays with NULL at the end; NULL: not looked at. */
struct wye_jwt_rules {
	size_t size; /* sizeof(struct wye_jwt_rules) */
	/* "HS256", "HS384", "HS512", "RS256", "ES256", "EdDSA"; NULL: all that the keys allow
	 */
	const char *const *algorithms;
	const char *const *issuers;   /* `iss` is one of them */
	const char *const *audiences; /* `aud` is, or holds, one of them */
	/* "name": the claim is there; "name=value": it is that text, number or boolean, or a
	 * list that holds it */
	const char *const *claims;
	const char *const *scopes; /* all are in `scope` or `scp`: a list, or words of a text */
	const char *type;          /* the header's `typ`: "at+jwt"; NULL: not looked at */
	unsigned leeway;           /* seconds, for exp, nbf and iat */
	size_t max_token;          /* bytes; 0: 8192 */
};

enum wye_jwt_verdict {
	WYE_JWT_VALID,     /* 0 */
	WYE_JWT_TOO_LARGE, /* above max_token */
	WYE_JWT_MALFORMED, /* not three parts in strict base64url, no strict JSON, a wrong type
			    */
	WYE_JWT_ALGORITHM, /* none that rules and keys allow; or `crit` wants more */
	WYE_JWT_UNKNOWN_KEY, /* its `kid` names none of the keys */
	WYE_JWT_SIGNATURE,   /* does not fit */
	WYE_JWT_EXPIRED,     /* exp */
	WYE_JWT_NOT_YET,     /* nbf, or iat in the future */
	WYE_JWT_ISSUER,      /* iss */
	WYE_JWT_AUDIENCE,    /* aud */
	WYE_JWT_TYPE,        /* typ */
	WYE_JWT_CLAIM,       /* it is genuine, but a required claim is not in it */
	WYE_JWT_SCOPE,       /* likewise, a scope */
	WYE_JWT_NO_MEMORY,
};

/* A few words, fit for error_description of RFC 6750. Any thread. */
WYE_API const char *wye_jwt_verdict_text(enum wye_jwt_verdict verdict);

/* Makes a verifier without keys; the rules are copied. One thread: for a plugin's open().
 * Returns 0; -EINVAL for an unknown algorithm; -ENOMEM. */
WYE_API int wye_jwt_verifier_create(struct wye_jwt_verifier **out,
				    const struct wye_jwt_rules *rules,
				    struct wye_error *why) WYE_MUST_CHECK;
/* NULL is accepted. When no thread verifies with it any more. */
WYE_API void wye_jwt_verifier_destroy(struct wye_jwt_verifier *verifier);

/* Adds keys, before the first verification. A key allows the algorithms of its own kind:
 * a secret HS256 from 32 bytes on, HS384 from 48, HS512 from 64 (RFC 7518, 3.2); RSA of 2048
 * bits or more RS256; P-256 ES256; Ed25519 EdDSA.
 *
 * Each returns 0; -EINVAL with a sentence: too short, unreadable, of an unknown kind, or of
 * none that the rules allow; the errno of open(2) negated; -ENOMEM. */
WYE_API int wye_jwt_add_secret(struct wye_jwt_verifier *verifier, const void *secret,
			       size_t length, struct wye_error *why) WYE_MUST_CHECK;
/* A file's bytes are the secret, but for one newline at the end. */
WYE_API int wye_jwt_add_secret_file(struct wye_jwt_verifier *verifier, const char *path,
				    struct wye_error *why) WYE_MUST_CHECK;
/* All public keys and certificates of a PEM text or file; of a certificate nothing but its key
 * counts.
 */
WYE_API int wye_jwt_add_pem(struct wye_jwt_verifier *verifier, const char *pem, size_t length,
			    struct wye_error *why) WYE_MUST_CHECK;
WYE_API int wye_jwt_add_pem_file(struct wye_jwt_verifier *verifier, const char *path,
				 struct wye_error *why) WYE_MUST_CHECK;
/* A JSON Web Key Set (RFC 7517), at most 1 MB and 64 keys; one per verifier. A token's `kid`
 * picks the key; those not for signatures (`use`, `key_ops`), and of unknown kinds, are left
 * out.
 */
WYE_API int wye_jwt_add_jwks_file(struct wye_jwt_verifier *verifier, const char *path,
				  struct wye_error *why) WYE_MUST_CHECK;

/* Looks once a second, on a thread of its own, whether the JWKS file has changed, and then
 * replaces its keys; a file that can't be used is logged, and the old keys stay. For a plugin's
 * start() and stop(); without a JWKS file both do nothing. Returns 0; a negative errno. */
WYE_API int wye_jwt_watch(struct wye_jwt_verifier *verifier) WYE_MUST_CHECK;
WYE_API void wye_jwt_unwatch(struct wye_jwt_verifier *verifier);

/* Checks a token in compact form (RFC 7515, 7.1). Any thread; no lock, no system call. With
 * WYE_JWT_VALID, `*out` is the token, to be destroyed; `out` may be NULL. */
WYE_API enum wye_jwt_verdict wye_jwt_verify(const struct wye_jwt_verifier *verifier,
					    struct wye_text token, struct wye_jwt **out);

/* ---- an accepted token; one thread at a time ---- */

/* NULL is accepted. */
WYE_API void wye_jwt_destroy(struct wye_jwt *jwt);

/* A claim that is a text; `data` is NULL if there is none, or it is of another type. Lives as
 * long as the token. */
WYE_API struct wye_text wye_jwt_string(const struct wye_jwt *jwt, const char *name);
/* A claim that is a number. False if there is none. */
WYE_API bool wye_jwt_number(const struct wye_jwt *jwt, const char *name, double *out);
/* Shows each claim: a text as it is, anything else as JSON. Valid during the call. Ends at the
 * first result that is not 0, and returns it; -ENOMEM. */
WYE_API int wye_jwt_each(const struct wye_jwt *jwt,
			 int (*visit)(void *argument, const char *name, struct wye_text value),
			 void *argument);

#ifdef __cplusplus
}
#endif
#endif
