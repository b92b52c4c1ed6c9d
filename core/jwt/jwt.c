/* SPDX-License-Identifier: MIT
 *
 * jwt.c - an accepted token's claims, and words for a verdict; public functions of <wye/jwt.h>.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jwt/accepted.h"
#include "jwt/json.h"

const char *wye_jwt_verdict_text(enum wye_jwt_verdict verdict)
{
	static const char *const texts[] = {
		[WYE_JWT_VALID] = "the token is valid",
		[WYE_JWT_TOO_LARGE] = "the token is too large",
		[WYE_JWT_MALFORMED] = "the token is malformed",
		[WYE_JWT_ALGORITHM] = "the token's algorithm is not allowed",
		[WYE_JWT_UNKNOWN_KEY] = "the token's key is not known",
		[WYE_JWT_SIGNATURE] = "the token's signature is wrong",
		[WYE_JWT_EXPIRED] = "the token has expired",
		[WYE_JWT_NOT_YET] = "the token is not valid yet",
		[WYE_JWT_ISSUER] = "the token's issuer is another",
		[WYE_JWT_AUDIENCE] = "the token is for another audience",
		[WYE_JWT_TYPE] = "the token is of another type",
		[WYE_JWT_CLAIM] = "the token lacks a claim",
		[WYE_JWT_SCOPE] = "the token lacks a scope",
		[WYE_JWT_NO_MEMORY] = "out of memory",
	};

	return (unsigned)verdict < sizeof texts / sizeof texts[0] ? texts[verdict] : "";
}

void wye_jwt_destroy(struct wye_jwt *jwt)
{
	if (jwt)
		json_decref(jwt->claims);
	free(jwt);
}

struct wye_text wye_jwt_string(const struct wye_jwt *jwt, const char *name)
{
	return wye_json_string(jwt->claims, name);
}

bool wye_jwt_number(const struct wye_jwt *jwt, const char *name, double *out)
{
	const json_t *value = json_object_get(jwt->claims, name);

	if (!json_is_number(value))
		return false;
	*out = json_number_value(value);
	return true;
}

/* ---- all of them ---- */

/* A visit and its result. */
struct visit {
	int (*run)(void *argument, const char *name, struct wye_text value);
	void *argument;
};

/* Most claims that are no texts are times: they need no memory. */
static int show_number(const struct visit *visit, const char *name, const json_t *value)
{
	char text[32];
	int length =
		snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));

	return visit->run(visit->argument, name, (struct wye_text) { text, (size_t)length });
}

static int show_json(const struct visit *visit, const char *name, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	int result;

	if (!text)
		return -ENOMEM;
	result = visit->run(visit->argument, name, (struct wye_text) { text, strlen(text) });
	free(text);
	return result;
}

static int show(const struct visit *visit, const char *name, const json_t *value)
{
	struct wye_text text = { json_string_value(value), json_string_length(value) };

	if (json_is_string(value))
		return visit->run(visit->argument, name, text);
	if (json_is_integer(value))
		return show_number(visit, name, value);
	return show_json(visit, name, value);
}

int wye_jwt_each(const struct wye_jwt *jwt,
		 int (*run)(void *argument, const char *name, struct wye_text value),
		 void *argument)
{
	const struct visit visit = { run, argument };
	const char *name;
	json_t *value;

	json_object_foreach(jwt->claims, name, value)
	{
		int result = show(&visit, name, value);

		if (result)
			return result;
	}
	return 0;
}
