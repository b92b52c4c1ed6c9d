/* SPDX-License-Identifier: MIT
 *
 * bearer.h - what `jwt` and `token` have in common: settings and keys, where a token stands,
 * and what is said of one that is refused (RFC 6750). Made by open(); then read-only, on any
 * thread.
 */
#ifndef WYE_MIDDLEWARE_BEARER_H
#define WYE_MIDDLEWARE_BEARER_H

#include <wye/jwt.h>
#include <wye/metric.h>
#include <wye/settings.h>

/* What became of a request: the verdict on its token, or why there was none to judge. */
enum {
	BEARER_MISSING = WYE_JWT_NO_MEMORY + 1,
	BEARER_REPEATED, /* it came twice (RFC 6750, 3.1: invalid_request) */
	BEARER_CASES,
};

/* How a case is answered. */
struct bearer_refusal {
	unsigned status;
	char *challenge; /* WWW-Authenticate; NULL: none */
	char *body;
};

struct bearer {
	struct wye_jwt_verifier *verifier;
	const char *cookie, *query, *user_claim; /* the first two may be NULL */
	bool optional;
	double leeway;
	struct bearer_refusal refusals[BEARER_CASES];
	wye_metric counters[BEARER_CASES];
};

/* Rows of a table of settings. */
#define BEARER_SETTINGS                                                                        \
	{ .name = "secret",                                                                    \
	  .type = WYE_SETTING_STRING,                                                          \
	  .sentence = "for HS256 (32 bytes at least), HS384 (48), HS512 (64)" },               \
		{ .name = "secret_file",                                                       \
		  .type = WYE_SETTING_STRING,                                                  \
		  .sentence =                                                                  \
			  "file with such a secret; a newline at its end does not count" },    \
		{ .name = "public_key_file",                                                   \
		  .type = WYE_SETTING_STRING,                                                  \
		  .sentence = "PEM file with public keys or certificates, for RS256, ES256, "  \
			      "EdDSA" },                                                       \
		{ .name = "jwks_file",                                                         \
		  .type = WYE_SETTING_STRING,                                                  \
		  .sentence = "JSON Web Key Set; read again when it changes" },                \
		{ .name = "algorithms",                                                        \
		  .type = WYE_SETTING_STRINGS,                                                 \
		  .flags = WYE_SETTING_FILLED,                                                 \
		  .sentence = "that are taken; without it, all that the keys allow" },         \
		{ .name = "issuer",                                                            \
		  .type = WYE_SETTING_STRINGS,                                                 \
		  .flags = WYE_SETTING_FILLED,                                                 \
		  .sentence = "`iss` must be one of these" },                                  \
		{ .name = "audience",                                                          \
		  .type = WYE_SETTING_STRINGS,                                                 \
		  .flags = WYE_SETTING_FILLED,                                                 \
		  .sentence = "`aud` must be, or hold, one of these" },                        \
		{ .name = "require",                                                           \
		  .type = WYE_SETTING_STRINGS,                                                 \
		  .flags = WYE_SETTING_FILLED,                                                 \
		  .sentence = "claims that must be there: \"name\", or \"name=value\"; else "  \
			      "403" },                                                         \
		{ .name = "scope",                                                             \
		  .type = WYE_SETTING_STRINGS,                                                 \
		  .flags = WYE_SETTING_FILLED,                                                 \
		  .sentence = "that must all be in `scope` or `scp`; else 403" },              \
		{ .name = "type",                                                              \
		  .type = WYE_SETTING_STRING,                                                  \
		  .sentence = "`typ` of the header must be this: \"at+jwt\"" },                \
		{ .name = "leeway",                                                            \
		  .type = WYE_SETTING_INTEGER,                                                 \
		  .fallback = "30",                                                            \
		  .minimum = 0,                                                                \
		  .maximum = 3600,                                                             \
		  .unit = "seconds",                                                           \
		  .sentence = "that clocks may differ, for exp, nbf and iat" },                \
		{ .name = "max_token",                                                         \
		  .type = WYE_SETTING_INTEGER,                                                 \
		  .fallback = "8192",                                                          \
		  .minimum = 64,                                                               \
		  .maximum = 65536,                                                            \
		  .unit = "bytes",                                                             \
		  .sentence = "larger tokens are refused" },                                   \
		{ .name = "cookie",                                                            \
		  .type = WYE_SETTING_STRING,                                                  \
		  .sentence = "cookie that a token may come in" },                             \
		{ .name = "query",                                                             \
		  .type = WYE_SETTING_STRING,                                                  \
		  .sentence = "query parameter that a token may come in; it stands in logs "   \
			      "of proxies then" },                                             \
		{ .name = "user",                                                              \
		  .type = WYE_SETTING_STRING,                                                  \
		  .fallback = "sub",                                                           \
		  .sentence = "claim that becomes the user" },                                 \
		{ .name = "realm",                                                             \
		  .type = WYE_SETTING_STRING,                                                  \
		  .sentence = "said in WWW-Authenticate" },                                    \
	{                                                                                      \
		.name = "optional", .type = WYE_SETTING_BOOLEAN, .fallback = "false",          \
		.sentence =                                                                    \
			"requests without a token pass; a wrong one is refused all the same"   \
	}

/* `prefix` names the metrics. Returns 0, or a negative errno with a sentence; to be closed in
 * both cases. */
int bearer_open(struct bearer *bearer, const struct wye_settings *values, const char *prefix,
		struct wye_error *why) WYE_MUST_CHECK;
void bearer_close(struct bearer *bearer);
/* For the plugin's start(); wye_jwt_unwatch() ends it. */
int bearer_start(const struct bearer *bearer, struct wye_error *why) WYE_MUST_CHECK;

/* A token that was found, and how often. All zero: none. */
struct bearer_token {
	struct wye_text text;
	unsigned count;
};

/* Takes the token of a field if it is Authorization with this scheme (RFC 6750, 2.1). */
void bearer_take_field(struct bearer_token *token, const struct wye_field *field);
/* Takes that of a cookie or parameter of that name. */
void bearer_take_pair(struct bearer_token *token, const char *name,
		      const struct wye_field *pair);

/* Judges what was found, counts it, and fills `jwt` if it is WYE_JWT_VALID. */
int bearer_judge(const struct bearer *bearer, const struct bearer_token *token,
		 struct wye_jwt **jwt);

/* "claim.NAME", as an attribute is called. False for a name above 200 bytes, which gets none.
 */
enum {
	BEARER_NAME = 208,
};
bool bearer_attribute_name(char out[BEARER_NAME], const char *claim);

#endif
