/* SPDX-License-Identifier: MIT
 *
 * jwt.c - lets requests pass that have a JSON Web Token (RFC 6750), and tells later steps who
 * it is: its subject is the user, its claims are attributes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wye/plugin.h>

#include "bearer.h"

static const struct wye_setting settings[] = {
	BEARER_SETTINGS,
	{ .name = NULL },
};

static int open_jwt(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	struct bearer *bearer = calloc(1, sizeof *bearer);
	int error;

	if (!bearer) {
		wye_error_set(why, "out of memory");
		return -ENOMEM;
	}
	error = bearer_open(bearer, values, "jwt", why);
	if (error) {
		bearer_close(bearer);
		free(bearer);
		return error;
	}
	*instance = bearer;
	return 0;
}

static void close_jwt(void *instance)
{
	bearer_close(instance);
	free(instance);
}

static int start(void *instance, struct wye_error *why)
{
	return bearer_start(instance, why);
}

static void stop(void *instance)
{
	const struct bearer *bearer = instance;

	wye_jwt_unwatch(bearer->verifier);
}

/* The header first: browsers send cookies by themselves. */
static struct bearer_token find(const struct bearer *bearer, const struct wye_request *request)
{
	struct bearer_token token = { .count = 0 };
	struct wye_field field;

	for (size_t i = 0; wye_request_header_at(request, i, &field); i++)
		bearer_take_field(&token, &field);
	if (!token.count && bearer->cookie)
		for (size_t i = 0; wye_request_cookie_at(request, i, &field); i++)
			bearer_take_pair(&token, bearer->cookie, &field);
	if (!token.count && bearer->query)
		for (size_t i = 0; wye_request_query_at(request, i, &field); i++)
			bearer_take_pair(&token, bearer->query, &field);
	return token;
}

static enum wye_verdict refuse(struct wye_request *request,
			       const struct bearer_refusal *refusal)
{
	const char *challenge = refusal->challenge;

	if (challenge)
		wye_reply_header(request, "WWW-Authenticate",
				 (struct wye_text) { challenge, strlen(challenge) });
	wye_reply_static(request, refusal->status, "text/plain", refusal->body,
			 strlen(refusal->body));
	return WYE_ANSWERED;
}

static int keep_claim(void *request, const char *name, struct wye_text value)
{
	char attribute[BEARER_NAME];

	if (!bearer_attribute_name(attribute, name))
		return 0;
	return wye_request_set_attribute(request, attribute, value);
}

/* Returns 0 or -ENOMEM. */
static int introduce(struct wye_request *request, const struct bearer *bearer,
		     const struct wye_jwt *jwt)
{
	struct wye_text user = wye_jwt_string(jwt, bearer->user_claim);

	if (user.data && wye_request_set_user(request, user))
		return -ENOMEM;
	return wye_jwt_each(jwt, keep_claim, request);
}

static enum wye_verdict check(struct wye_request *request, void *instance, void **state)
{
	const struct bearer *bearer = instance;
	const struct bearer_token token = find(bearer, request);
	struct wye_jwt *jwt = NULL;
	int which = bearer_judge(bearer, &token, &jwt);

	(void)state;
	if (which == BEARER_MISSING && bearer->optional)
		return WYE_NEXT;
	if (which == WYE_JWT_VALID && introduce(request, bearer, jwt))
		which = WYE_JWT_NO_MEMORY;
	wye_jwt_destroy(jwt);
	return which == WYE_JWT_VALID ? WYE_NEXT : refuse(request, &bearer->refusals[which]);
}

static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "jwt",
						 .request = check };
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };

extern const struct wye_plugin wye_builtin_jwt;

const struct wye_plugin wye_builtin_jwt = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_jwt,
	.name = "jwt",
	.sentence = "lets requests pass that have a JSON Web Token",
	.settings = settings,
	.open = open_jwt,
	.close = close_jwt,
	.start = start,
	.stop = stop,
	.rest_middleware = rest_list,
};
