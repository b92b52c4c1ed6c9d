/* SPDX-License-Identifier: MIT
 *
 * claims.c - see claims.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jwt/claims.h"
#include "jwt/json.h"

/* ---- copies of the rules ---- */

static void free_list(char **list)
{
	for (char **one = list; one && *one; one++)
		free(*one);
	free(list);
}

static size_t count(const char *const *list)
{
	size_t number = 0;

	while (list && list[number])
		number++;
	return number;
}

static int copy_list(char ***out, const char *const *list)
{
	size_t number = count(list);

	if (!number)
		return 0;
	*out = calloc(number + 1, sizeof **out);
	if (!*out)
		return -ENOMEM;
	for (size_t i = 0; i < number; i++) {
		(*out)[i] = strdup(list[i]);
		if (!(*out)[i])
			return -ENOMEM;
	}
	return 0;
}

static int copy_claims(struct wye_jwt_checks *checks, const char *const *list)
{
	size_t number = count(list);

	checks->claims = calloc(number + 1, sizeof *checks->claims);
	if (!checks->claims)
		return -ENOMEM;
	for (size_t i = 0; i < number; i++) {
		struct wye_jwt_wanted *wanted = &checks->claims[checks->claim_count];
		char *equals;

		wanted->name = strdup(list[i]);
		if (!wanted->name)
			return -ENOMEM;
		checks->claim_count++;
		equals = strchr(wanted->name, '=');
		if (!equals)
			continue;
		*equals = '\0';
		wanted->value = equals + 1;
	}
	return 0;
}

int wye_jwt_checks_init(struct wye_jwt_checks *checks, const struct wye_jwt_rules *rules)
{
	*checks = (struct wye_jwt_checks) { .leeway = rules->leeway };
	if (copy_list(&checks->issuers, rules->issuers) ||
	    copy_list(&checks->audiences, rules->audiences) ||
	    copy_list(&checks->scopes, rules->scopes) || copy_claims(checks, rules->claims))
		return -ENOMEM;
	return 0;
}

void wye_jwt_checks_fini(struct wye_jwt_checks *checks)
{
	free_list(checks->issuers);
	free_list(checks->audiences);
	free_list(checks->scopes);
	for (size_t i = 0; i < checks->claim_count; i++)
		free(checks->claims[i].name);
	free(checks->claims);
}

/* ---- time ---- */

/* True if the claim is there; `bad` for one that is no number. */
static bool date(const json_t *claims, const char *name, double *out, bool *bad)
{
	const json_t *value = json_object_get(claims, name);

	*out = json_number_value(value);
	*bad = *bad || (value && !json_is_number(value));
	return value;
}

static enum wye_jwt_verdict check_time(const struct wye_jwt_checks *checks,
				       const json_t *claims, double now)
{
	double expires, begins, issued;
	bool bad = false;
	bool ends = date(claims, "exp", &expires, &bad);
	bool waits = date(claims, "nbf", &begins, &bad);
	bool dated = date(claims, "iat", &issued, &bad);

	if (bad)
		return WYE_JWT_MALFORMED;
	if (ends && now >= expires + checks->leeway)
		return WYE_JWT_EXPIRED;
	if ((waits && now < begins - checks->leeway) ||
	    (dated && now < issued - checks->leeway))
		return WYE_JWT_NOT_YET;
	return WYE_JWT_VALID;
}

/* ---- texts ---- */

static bool listed(char *const *list, const json_t *value)
{
	for (; json_is_string(value) && *list; list++)
		if (!strcmp(*list, json_string_value(value)))
			return true;
	return false;
}

/* `aud` is a text or a list of texts (RFC 7519, 4.1.3). */
static bool any_listed(char *const *list, const json_t *value)
{
	const json_t *item;
	size_t i;

	json_array_foreach(value, i, item)
	{
		if (listed(list, item))
			return true;
	}
	return listed(list, value);
}

/* ---- claims and scopes ---- */

static bool is_value(const json_t *value, const char *wanted)
{
	char number[32];

	if (json_is_string(value))
		return !strcmp(json_string_value(value), wanted);
	if (json_is_boolean(value))
		return !strcmp(json_is_true(value) ? "true" : "false", wanted);
	if (!json_is_integer(value))
		return false;
	snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return !strcmp(number, wanted);
}

static bool has_value(const json_t *value, const char *wanted)
{
	const json_t *item;
	size_t i;

	json_array_foreach(value, i, item)
	{
		if (is_value(item, wanted))
			return true;
	}
	return is_value(value, wanted);
}

static bool has_claims(const struct wye_jwt_checks *checks, const json_t *claims)
{
	for (size_t i = 0; i < checks->claim_count; i++) {
		const struct wye_jwt_wanted *wanted = &checks->claims[i];
		const json_t *value = json_object_get(claims, wanted->name);

		if (!value || (wanted->value && !has_value(value, wanted->value)))
			return false;
	}
	return true;
}

/* Words with a blank between (RFC 6749, 3.3). */
static bool has_word(const char *words, const char *wanted)
{
	size_t length = strlen(wanted);

	while (*words) {
		size_t word = strcspn(words, " ");

		if (word == length && !memcmp(words, wanted, length))
			return true;
		words += word + strspn(words + word, " ");
	}
	return false;
}

static bool has_scopes(const struct wye_jwt_checks *checks, const json_t *claims)
{
	const json_t *scope = json_object_get(claims, "scope");

	if (!scope)
		scope = json_object_get(claims, "scp");
	for (char **wanted = checks->scopes; wanted && *wanted; wanted++)
		if (json_is_string(scope) ? !has_word(json_string_value(scope), *wanted)
					  : !has_value(scope, *wanted))
			return false;
	return true;
}

enum wye_jwt_verdict wye_jwt_checks_run(const struct wye_jwt_checks *checks,
					const json_t *claims, double now)
{
	enum wye_jwt_verdict verdict = check_time(checks, claims, now);

	if (verdict)
		return verdict;
	if (checks->issuers && !listed(checks->issuers, json_object_get(claims, "iss")))
		return WYE_JWT_ISSUER;
	if (checks->audiences && !any_listed(checks->audiences, json_object_get(claims, "aud")))
		return WYE_JWT_AUDIENCE;
	if (!has_claims(checks, claims))
		return WYE_JWT_CLAIM;
	return has_scopes(checks, claims) ? WYE_JWT_VALID : WYE_JWT_SCOPE;
}
