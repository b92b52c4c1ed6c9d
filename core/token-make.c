/* SPDX-License-Identifier: MIT
 *
 * token-make.c - `wye token make`; see token-request.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon.h"
#include "jwt/json.h"
#include "jwt/keys.h"
#include "jwt/sign.h"
#include "token-request.h"

/* Appends `"name":`, with a comma in front where there is a member already. */
static int put_name(struct wye_buffer *out, struct wye_text name)
{
	if (out->length > 1 && wye_buffer_append(out, ",", 1))
		return -ENOMEM;
	return wye_buffer_json(out, name) ? -ENOMEM : wye_buffer_append(out, ":", 1);
}

static struct wye_text text_of(const char *string)
{
	return (struct wye_text) { string, strlen(string) };
}

static int put_text(struct wye_buffer *out, const char *name, const char *value)
{
	if (!value)
		return 0;
	return put_name(out, text_of(name)) ? -ENOMEM : wye_buffer_json(out, text_of(value));
}

static int put_time(struct wye_buffer *out, const char *name, const char *seconds)
{
	char *end;
	long long number;

	if (!seconds)
		return 0;
	number = strtoll(seconds, &end, 10);
	if (!*seconds || *end)
		return -EINVAL;
	return put_name(out, text_of(name))
		       ? -ENOMEM
		       : wye_buffer_printf(out, "%lld", (long long)time(NULL) + number);
}

/* One is a text, several are a list (RFC 7519, 4.1.3). */
static int put_audience(struct wye_buffer *out, const struct wye_token_list *list)
{
	int error;

	if (list->count < 2)
		return put_text(out, "aud", list->items[0]);
	error = put_name(out, text_of("aud"));
	for (size_t i = 0; i < list->count && !error; i++) {
		error = wye_buffer_append(out, i ? "," : "[", 1);
		if (!error)
			error = wye_buffer_json(out, text_of(list->items[i]));
	}
	return error ? error : wye_buffer_append(out, "]", 1);
}

/* NAME=VALUE, each a text or JSON as it is. */
static int put_claims(struct wye_buffer *out, const struct wye_token_list *list, bool json)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *name = list->items[i], *equals = strchr(name, '=');
		int error;

		if (!equals)
			return -EINVAL;
		error = put_name(out, (struct wye_text) { name, (size_t)(equals - name) });
		if (!error)
			error = json ? wye_buffer_append(out, equals + 1, strlen(equals + 1))
				     : wye_buffer_json(out, text_of(equals + 1));
		if (error)
			return error;
	}
	return 0;
}

static int put_payload(struct wye_buffer *out, const struct wye_token_request *request)
{
	int error = wye_buffer_append(out, "{", 1);

	if (!error)
		error = put_text(out, "iss", wye_token_option(request, WYE_TOKEN_ISS));
	if (!error)
		error = put_text(out, "sub", wye_token_option(request, WYE_TOKEN_SUB));
	if (!error)
		error = put_audience(out, &request->options[WYE_TOKEN_AUD]);
	if (!error)
		error = put_time(out, "iat", "0");
	if (!error)
		error = put_time(out, "nbf", wye_token_option(request, WYE_TOKEN_NBF));
	if (!error)
		error = put_time(out, "exp", wye_token_option(request, WYE_TOKEN_EXP));
	if (!error)
		error = put_claims(out, &request->options[WYE_TOKEN_CLAIM], false);
	if (!error)
		error = put_claims(out, &request->options[WYE_TOKEN_JSON], true);
	return error ? error : wye_buffer_append(out, "}", 1);
}

static int put_header(struct wye_buffer *out, const struct wye_token_request *request,
		      const char *algorithm)
{
	const char *type = wye_token_option(request, WYE_TOKEN_TYP);
	int error = wye_buffer_append(out, "{", 1);

	if (!error)
		error = put_text(out, "alg", algorithm);
	if (!error)
		error = put_text(out, "typ", type ? type : "JWT");
	if (!error)
		error = put_text(out, "kid", wye_token_option(request, WYE_TOKEN_KID));
	return error ? error : wye_buffer_append(out, "}", 1);
}

/* What is signed must be read again by others: a claim twice, or JSON that is none,
 * is not. */
static bool is_object(const struct wye_buffer *text)
{
	json_t *json = wye_json_object((struct wye_text) { text->data, text->length });

	json_decref(json);
	return json;
}

/* For a key that goes with one only, or the plainest. */
static const char *default_algorithm(const EVP_PKEY *pkey)
{
	switch (pkey ? wye_jwt_algorithms_of(pkey) : WYE_JWT_HS256) {
	case WYE_JWT_RS256:
		return "RS256";
	case WYE_JWT_ES256:
		return "ES256";
	case WYE_JWT_EDDSA:
		return "EdDSA";
	default:
		return "HS256";
	}
}

static int sign(const struct wye_token_request *request, const struct wye_jwt_signer *signer)
{
	const char *name = wye_token_option(request, WYE_TOKEN_ALG);
	struct wye_buffer header = { NULL, 0, 0 }, payload = { NULL, 0, 0 },
			  token = { NULL, 0, 0 };
	int status = WYE_EXIT_OK, error;

	if (!name)
		name = default_algorithm(signer->pkey);
	if (put_header(&header, request, name) || put_payload(&payload, request))
		status = wye_token_fail("a claim is NAME=VALUE, a time a number of seconds");
	else if (!is_object(&header) || !is_object(&payload))
		status = wye_token_fail("a claim is no JSON, or is there twice");
	if (!status) {
		error = wye_jwt_sign(&token, signer, wye_jwt_algorithm(text_of(name)),
				     (struct wye_text) { header.data, header.length },
				     (struct wye_text) { payload.data, payload.length });
		if (error)
			status = wye_token_fail(error == -EINVAL
							? "the key, or its length, does not "
							  "allow that algorithm"
							: "the token can't be signed");
		else
			printf("%.*s\n", (int)token.length, token.data);
	}
	wye_buffer_fini(&header);
	wye_buffer_fini(&payload);
	wye_buffer_fini(&token);
	return status;
}

int wye_token_make(struct wye_token_request *request)
{
	struct wye_jwt_signer signer = { .pkey = NULL };
	struct wye_error why = { "out of memory" };
	struct wye_text key;
	int status;

	if (wye_token_read_key(request, &why))
		return wye_token_fail(why.text);
	key = (struct wye_text) { request->key.data, request->key.length };
	if (wye_jwt_is_pem(key)) {
		signer.pkey = wye_jwt_private_key(key);
		if (!signer.pkey)
			return wye_token_fail("no private key in PEM, or one with a password");
	} else {
		signer.secret = wye_jwt_secret_text(&request->key);
	}
	status = sign(request, &signer);
	EVP_PKEY_free(signer.pkey);
	return status;
}
