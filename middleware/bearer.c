/* SPDX-License-Identifier: MIT
 *
 * bearer.c - see bearer.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wye/log.h>

#include "bearer.h"

enum {
	CHALLENGE = 512, /* bytes of WWW-Authenticate, at most */
	LONGEST_REALM = 128,
};

/* ---- rules and keys ---- */

/* A list with NULL at the end, as rules have it; its strings are the setting's. */
static const char **list_of(const struct wye_settings *values, const char *name)
{
	size_t count = wye_setting_count(values, name);
	const char **list = calloc(count + 1, sizeof *list);

	for (size_t i = 0; list && i < count; i++)
		list[i] = wye_setting_item(values, name, i);
	return list;
}

/* In the order of the members of the rules. */
enum list {
	ALGORITHMS,
	ISSUERS,
	AUDIENCES,
	CLAIMS,
	SCOPES,
	LISTS,
};

static const char *const LIST_NAMES[LISTS] = { "algorithms", "issuer", "audience", "require",
					       "scope" };

static int create_verifier(struct bearer *bearer, const struct wye_settings *values,
			   const char **const lists[LISTS], struct wye_error *why)
{
	const struct wye_jwt_rules rules = {
		.size = sizeof rules,
		.algorithms = lists[ALGORITHMS],
		.issuers = lists[ISSUERS],
		.audiences = lists[AUDIENCES],
		.claims = lists[CLAIMS],
		.scopes = lists[SCOPES],
		.type = wye_setting_string(values, "type"),
		.leeway = (unsigned)wye_setting_integer(values, "leeway"),
		.max_token = (size_t)wye_setting_integer(values, "max_token"),
	};
	struct wye_error what = { "" };
	int error = wye_jwt_verifier_create(&bearer->verifier, &rules, &what);

	if (error)
		wye_setting_error(values, "algorithms", why, "%s",
				  what.text[0] ? what.text : strerror(-error));
	return error;
}

static int make_verifier(struct bearer *bearer, const struct wye_settings *values,
			 struct wye_error *why)
{
	const char **lists[LISTS];
	bool complete = true;
	int error = -ENOMEM;

	for (size_t i = 0; i < LISTS; i++) {
		lists[i] = list_of(values, LIST_NAMES[i]);
		complete = complete && lists[i];
	}
	if (complete)
		error = create_verifier(bearer, values, lists, why);
	else
		wye_error_set(why, "out of memory");
	for (size_t i = 0; i < LISTS; i++)
		free(lists[i]);
	return error;
}

static int add_secret(struct wye_jwt_verifier *verifier, const char *secret,
		      struct wye_error *why)
{
	return wye_jwt_add_secret(verifier, secret, strlen(secret), why);
}

static int add_keys(const struct bearer *bearer, const struct wye_settings *values,
		    struct wye_error *why)
{
	static const struct {
		const char *name;
		int (*add)(struct wye_jwt_verifier *verifier, const char *value,
			   struct wye_error *why);
	} kinds[] = { { "secret", add_secret },
		      { "secret_file", wye_jwt_add_secret_file },
		      { "public_key_file", wye_jwt_add_pem_file },
		      { "jwks_file", wye_jwt_add_jwks_file } };
	unsigned count = 0;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const char *value = wye_setting_string(values, kinds[i].name);
		struct wye_error what = { "" };
		int error = value ? kinds[i].add(bearer->verifier, value, &what) : 0;

		if (error) {
			wye_setting_error(values, kinds[i].name, why, "\"%s\": %s",
					  kinds[i].name,
					  what.text[0] ? what.text : strerror(-error));
			return error;
		}
		count += value != NULL;
	}
	wye_setting_wipe(values, "secret");
	if (count)
		return 0;
	wye_setting_error(values, "secret", why,
			  "there is no key: it needs secret, secret_file, public_key_file or "
			  "jwks_file");
	return -EINVAL;
}

/* ---- answers ---- */

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e || *text == '"' || *text == '\\')
			return false;
	return true;
}

static unsigned status_of(int which)
{
	switch (which) {
	case WYE_JWT_NO_MEMORY:
		return 503;
	case WYE_JWT_CLAIM:
	case WYE_JWT_SCOPE:
		return 403;
	case BEARER_REPEATED:
		return 400;
	default:
		return 401;
	}
}

static const char *text_of(int which)
{
	switch (which) {
	case BEARER_MISSING:
		return "a token is needed";
	case BEARER_REPEATED:
		return "more than one token";
	default:
		return wye_jwt_verdict_text((enum wye_jwt_verdict)which);
	}
}

static char *line_of(int which)
{
	char *line;

	return asprintf(&line, "%s\n", text_of(which)) < 0 ? NULL : line;
}

/* RFC 6750, 3.1; nothing is said of a token that did not come. */
static const char *error_of(int which)
{
	switch (status_of(which)) {
	case 400:
		return "invalid_request";
	case 403:
		return "insufficient_scope";
	default:
		return which == BEARER_MISSING ? NULL : "invalid_token";
	}
}

static void put_scopes(char out[CHALLENGE], const struct wye_settings *values)
{
	size_t count = wye_setting_count(values, "scope"), length = strlen(out);

	for (size_t i = 0; i < count && length < CHALLENGE; i++)
		length += (size_t)snprintf(
			out + length, CHALLENGE - length, "%s%s%s", i ? " " : ", scope=\"",
			wye_setting_item(values, "scope", i), i + 1 == count ? "\"" : "");
	if (length >= CHALLENGE) /* rather nothing of it than half */
		*strstr(out, ", scope=\"") = '\0';
}

static char *challenge_of(int which, const struct wye_settings *values)
{
	const char *realm = wye_setting_string(values, "realm"), *error = error_of(which);
	char text[CHALLENGE];
	int length = snprintf(text, sizeof text, "Bearer%s%s%s", realm ? " realm=\"" : "",
			      realm ? realm : "", realm ? "\"" : "");

	if (error)
		snprintf(text + length, sizeof text - (size_t)length,
			 "%s error=\"%s\", error_description=\"%s\"", realm ? "," : "", error,
			 text_of(which));
	if (which == WYE_JWT_SCOPE)
		put_scopes(text, values);
	return strdup(text);
}

static int make_refusals(struct bearer *bearer, const struct wye_settings *values,
			 struct wye_error *why)
{
	for (int i = WYE_JWT_VALID + 1; i < BEARER_CASES; i++) {
		struct bearer_refusal *refusal = &bearer->refusals[i];

		refusal->status = status_of(i);
		refusal->body = line_of(i);
		if (refusal->status != 503)
			refusal->challenge = challenge_of(i, values);
		if (!refusal->body || (refusal->status != 503 && !refusal->challenge)) {
			wye_error_set(why, "out of memory");
			return -ENOMEM;
		}
	}
	return 0;
}

static int check_texts(const struct wye_settings *values, struct wye_error *why)
{
	const char *realm = wye_setting_string(values, "realm");

	if (realm && (!is_plain(realm) || strlen(realm) > LONGEST_REALM)) {
		wye_setting_error(values, "realm", why,
				  "at most %d plain characters without quotes", LONGEST_REALM);
		return -EINVAL;
	}
	for (size_t i = 0; i < wye_setting_count(values, "scope"); i++)
		if (!is_plain(wye_setting_item(values, "scope", i))) {
			wye_setting_error(values, "scope", why,
					  "plain characters without quotes only");
			return -EINVAL;
		}
	return 0;
}

static void register_counters(struct bearer *bearer, const char *prefix)
{
	static const char *const names[BEARER_CASES] = {
		[WYE_JWT_VALID] = "accepted",
		[WYE_JWT_TOO_LARGE] = "refused_too_large",
		[WYE_JWT_MALFORMED] = "refused_malformed",
		[WYE_JWT_ALGORITHM] = "refused_algorithm",
		[WYE_JWT_UNKNOWN_KEY] = "refused_unknown_key",
		[WYE_JWT_SIGNATURE] = "refused_signature",
		[WYE_JWT_EXPIRED] = "refused_expired",
		[WYE_JWT_NOT_YET] = "refused_not_yet",
		[WYE_JWT_ISSUER] = "refused_issuer",
		[WYE_JWT_AUDIENCE] = "refused_audience",
		[WYE_JWT_TYPE] = "refused_type",
		[WYE_JWT_CLAIM] = "refused_claim",
		[WYE_JWT_SCOPE] = "refused_scope",
		[WYE_JWT_NO_MEMORY] = "refused_no_memory",
		[BEARER_MISSING] = "missing",
		[BEARER_REPEATED] = "refused_repeated",
	};
	char name[64];

	for (size_t i = 0; i < BEARER_CASES; i++) {
		snprintf(name, sizeof name, "%s_%s_total", prefix, names[i]);
		bearer->counters[i] = wye_metric_register(name, WYE_COUNTER);
	}
}

int bearer_open(struct bearer *bearer, const struct wye_settings *values, const char *prefix,
		struct wye_error *why)
{
	int error = check_texts(values, why);

	bearer->cookie = wye_setting_string(values, "cookie");
	bearer->query = wye_setting_string(values, "query");
	bearer->user_claim = wye_setting_string(values, "user");
	bearer->optional = wye_setting_boolean(values, "optional");
	bearer->leeway = (double)wye_setting_integer(values, "leeway");
	if (!error)
		error = make_verifier(bearer, values, why);
	if (!error)
		error = add_keys(bearer, values, why);
	if (!error)
		error = make_refusals(bearer, values, why);
	if (!error && bearer->query) {
		error = wye_log_hide_parameter(bearer->query);
		if (error)
			wye_error_set(why, "out of memory");
	}
	if (!error)
		register_counters(bearer, prefix);
	return error;
}

void bearer_close(struct bearer *bearer)
{
	wye_jwt_verifier_destroy(bearer->verifier);
	for (size_t i = 0; i < BEARER_CASES; i++) {
		free(bearer->refusals[i].challenge);
		free(bearer->refusals[i].body);
	}
}

int bearer_start(const struct bearer *bearer, struct wye_error *why)
{
	int error = wye_jwt_watch(bearer->verifier);

	if (error)
		wye_error_set(why, "can't watch the key set: %s", strerror(-error));
	return error;
}

/* ---- tokens ---- */

void bearer_take_field(struct bearer_token *token, const struct wye_field *field)
{
	static const char name[] = "authorization", scheme[] = "bearer";
	struct wye_text value = field->value;
	size_t at = sizeof scheme - 1;

	if (field->name.length != sizeof name - 1 ||
	    strncasecmp(field->name.data, name, sizeof name - 1) || value.length < at ||
	    strncasecmp(value.data, scheme, at) || (value.length > at && value.data[at] != ' '))
		return;
	while (at < value.length && value.data[at] == ' ')
		at++;
	token->text = (struct wye_text) { value.data + at, value.length - at };
	token->count++;
}

void bearer_take_pair(struct bearer_token *token, const char *name,
		      const struct wye_field *pair)
{
	if (pair->name.length != strlen(name) ||
	    memcmp(pair->name.data, name, pair->name.length))
		return;
	token->text = pair->value;
	token->count++;
}

int bearer_judge(const struct bearer *bearer, const struct bearer_token *token,
		 struct wye_jwt **jwt)
{
	int which = token->count == 1 ? (int)wye_jwt_verify(bearer->verifier, token->text, jwt)
		    : token->count    ? BEARER_REPEATED
				      : BEARER_MISSING;

	wye_metric_add(bearer->counters[which], 1);
	return which;
}

bool bearer_attribute_name(char out[BEARER_NAME], const char *claim)
{
	static const char prefix[] = "claim.";
	size_t length = strlen(claim);

	if (length >= BEARER_NAME - sizeof prefix)
		return false;
	memcpy(out, prefix, sizeof prefix - 1);
	memcpy(out + sizeof prefix - 1, claim, length + 1);
	return true;
}
