/* SPDX-License-Identifier: MIT
 *
 * token.c - see token.h. Keys are read from a file, standard input or the environment, so that
 * they need not stand on the command line, where others could see them.
 */
#include <errno.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "jwt/json.h"
#include "jwt/keys.h"
#include "jwt/sign.h"
#include "token.h"

static const char USAGE[] =
	"usage: wye token make  KEY [OPTION]...          make a token\n"
	"       wye token check KEY [OPTION]... [TOKEN]  check one, of standard input without "
	"it\n"
	"KEY:    --key-file FILE   a secret, or a key in PEM: private to make, public to "
	"check;\n"
	"                          \"-\": standard input\n"
	"        --key-env NAME    the same from the environment; WYE_TOKEN_KEY if none is "
	"named\n"
	"        --key TEXT        the same on the command line, where others can see it\n"
	"        --jwks FILE       check: a JSON Web Key Set\n"
	"make:   --alg NAME        HS256, HS384, HS512, RS256, ES256, EdDSA; by the key "
	"without it\n"
	"        --sub, --iss, --aud TEXT, --kid TEXT, --typ TEXT\n"
	"        --exp, --nbf SECONDS       from now\n"
	"        --claim NAME=TEXT, --json NAME=JSON\n"
	"check:  --alg, --iss, --aud TEXT   any of several\n"
	"        --require NAME[=VALUE], --scope TEXT, --typ TEXT, --leeway SECONDS\n"
	"Exit status: 0 done, or valid; 1 not valid, or no token could be made; 2 wrong "
	"usage.\n";

enum {
	MOST = 32, /* times that an option may be given */
};

/* An option's values in their order, with NULL at the end. */
struct list {
	const char *items[MOST + 1];
	size_t count;
};

enum which {
	KEY,
	KEY_FILE,
	KEY_ENV,
	JWKS,
	ALG,
	SUB,
	ISS,
	AUD,
	KID,
	TYP,
	EXP,
	NBF,
	CLAIM,
	JSON,
	REQUIRE,
	SCOPE,
	LEEWAY,
	OPTIONS,
};

static const struct option OPTION_NAMES[] = {
	{ "key", required_argument, NULL, KEY },
	{ "key-file", required_argument, NULL, KEY_FILE },
	{ "key-env", required_argument, NULL, KEY_ENV },
	{ "jwks", required_argument, NULL, JWKS },
	{ "alg", required_argument, NULL, ALG },
	{ "sub", required_argument, NULL, SUB },
	{ "iss", required_argument, NULL, ISS },
	{ "aud", required_argument, NULL, AUD },
	{ "kid", required_argument, NULL, KID },
	{ "typ", required_argument, NULL, TYP },
	{ "exp", required_argument, NULL, EXP },
	{ "nbf", required_argument, NULL, NBF },
	{ "claim", required_argument, NULL, CLAIM },
	{ "json", required_argument, NULL, JSON },
	{ "require", required_argument, NULL, REQUIRE },
	{ "scope", required_argument, NULL, SCOPE },
	{ "leeway", required_argument, NULL, LEEWAY },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct request {
	struct list options[OPTIONS];
	struct wye_buffer key;
};

static const char *last(const struct request *request, enum which which)
{
	const struct list *list = &request->options[which];

	return list->count ? list->items[list->count - 1] : NULL;
}

static int fail(const char *what)
{
	fprintf(stderr, "wye token: %s\n", what);
	return WYE_EXIT_CONFIG;
}

/* ---- the key ---- */

static int read_variable(struct request *request, const char *name, struct wye_error *why)
{
	const char *value = getenv(name);

	if (value)
		return wye_buffer_append(&request->key, value, strlen(value));
	wye_error_set(why,
		      "there is no key: --key-file, --key-env, --key, or %s in the environment",
		      name);
	return -EINVAL;
}

static int read_key(struct request *request, struct wye_error *why)
{
	const char *file = last(request, KEY_FILE), *text = last(request, KEY),
		   *variable = last(request, KEY_ENV);

	if (file && strcmp(file, "-") != 0)
		return wye_jwt_read_file(&request->key, file, why);
	if (file)
		return wye_jwt_read(&request->key, STDIN_FILENO, "standard input", why);
	if (text)
		return wye_buffer_append(&request->key, text, strlen(text));
	return read_variable(request, variable ? variable : "WYE_TOKEN_KEY", why);
}

/* ---- make ---- */

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
static int put_audience(struct wye_buffer *out, const struct list *list)
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
static int put_claims(struct wye_buffer *out, const struct list *list, bool json)
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

static int put_payload(struct wye_buffer *out, const struct request *request)
{
	int error = wye_buffer_append(out, "{", 1);

	if (!error)
		error = put_text(out, "iss", last(request, ISS));
	if (!error)
		error = put_text(out, "sub", last(request, SUB));
	if (!error)
		error = put_audience(out, &request->options[AUD]);
	if (!error)
		error = put_time(out, "iat", "0");
	if (!error)
		error = put_time(out, "nbf", last(request, NBF));
	if (!error)
		error = put_time(out, "exp", last(request, EXP));
	if (!error)
		error = put_claims(out, &request->options[CLAIM], false);
	if (!error)
		error = put_claims(out, &request->options[JSON], true);
	return error ? error : wye_buffer_append(out, "}", 1);
}

static int put_header(struct wye_buffer *out, const struct request *request,
		      const char *algorithm)
{
	const char *type = last(request, TYP);
	int error = wye_buffer_append(out, "{", 1);

	if (!error)
		error = put_text(out, "alg", algorithm);
	if (!error)
		error = put_text(out, "typ", type ? type : "JWT");
	if (!error)
		error = put_text(out, "kid", last(request, KID));
	return error ? error : wye_buffer_append(out, "}", 1);
}

/* What is signed must be read again by others: a claim twice, or JSON that is none, is not. */
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

static int sign(const struct request *request, const struct wye_jwt_signer *signer)
{
	const char *name = last(request, ALG);
	struct wye_buffer header = { NULL, 0, 0 }, payload = { NULL, 0, 0 },
			  token = { NULL, 0, 0 };
	int status = WYE_EXIT_OK, error;

	if (!name)
		name = default_algorithm(signer->pkey);
	if (put_header(&header, request, name) || put_payload(&payload, request))
		status = fail("a claim is NAME=VALUE, a time a number of seconds");
	else if (!is_object(&header) || !is_object(&payload))
		status = fail("a claim is no JSON, or is there twice");
	if (!status) {
		error = wye_jwt_sign(&token, signer, wye_jwt_algorithm(text_of(name)),
				     (struct wye_text) { header.data, header.length },
				     (struct wye_text) { payload.data, payload.length });
		if (error)
			status = fail(error == -EINVAL ? "the key, or its length, does not "
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

static int make(struct request *request)
{
	struct wye_jwt_signer signer = { .pkey = NULL };
	struct wye_error why = { "out of memory" };
	struct wye_text key;
	int status;

	if (read_key(request, &why))
		return fail(why.text);
	key = (struct wye_text) { request->key.data, request->key.length };
	if (wye_jwt_is_pem(key)) {
		signer.pkey = wye_jwt_private_key(key);
		if (!signer.pkey)
			return fail("no private key in PEM, or one with a password");
	} else {
		signer.secret = wye_jwt_secret_text(&request->key);
	}
	status = sign(request, &signer);
	EVP_PKEY_free(signer.pkey);
	return status;
}

/* ---- check ---- */

static int add_key(struct request *request, struct wye_jwt_verifier *verifier,
		   struct wye_error *why)
{
	const char *set = last(request, JWKS);
	struct wye_text key;
	int error;

	if (set)
		return wye_jwt_add_jwks_file(verifier, set, why);
	error = read_key(request, why);
	if (error)
		return error;
	key = (struct wye_text) { request->key.data, request->key.length };
	if (wye_jwt_is_pem(key))
		return wye_jwt_add_pem(verifier, key.data, key.length, why);
	key = wye_jwt_secret_text(&request->key);
	return wye_jwt_add_secret(verifier, key.data, key.length, why);
}

/* A terminal must not be told what to do by a token. */
static void put_plain(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		putchar(byte < 0x20 || byte == 0x7f ? '?' : byte);
	}
}

static int show(void *unused, const char *name, struct wye_text value)
{
	(void)unused;
	put_plain(name, strlen(name));
	putchar('=');
	put_plain(value.data, value.length);
	putchar('\n');
	return 0;
}

static int judge(const struct wye_jwt_verifier *verifier, struct wye_text token)
{
	struct wye_jwt *jwt = NULL;
	enum wye_jwt_verdict verdict = wye_jwt_verify(verifier, token, &jwt);

	if (verdict)
		return fail(wye_jwt_verdict_text(verdict));
	(void)wye_jwt_each(jwt, show, NULL);
	wye_jwt_destroy(jwt);
	return WYE_EXIT_OK;
}

static int judge_input(const struct wye_jwt_verifier *verifier)
{
	struct wye_buffer input = { NULL, 0, 0 };
	struct wye_error why = { "out of memory" };
	int status;

	if (wye_jwt_read(&input, STDIN_FILENO, "standard input", &why))
		status = fail(why.text);
	else
		status = judge(verifier, wye_jwt_secret_text(&input));
	wye_buffer_fini(&input);
	return status;
}

static int check(struct request *request, const char *token)
{
	const char *leeway = last(request, LEEWAY);
	const struct wye_jwt_rules rules = {
		.size = sizeof rules,
		.algorithms = request->options[ALG].items,
		.issuers = request->options[ISS].items,
		.audiences = request->options[AUD].items,
		.claims = request->options[REQUIRE].items,
		.scopes = request->options[SCOPE].items,
		.type = last(request, TYP),
		.leeway = leeway ? (unsigned)strtoul(leeway, NULL, 10) : 0,
	};
	struct wye_jwt_verifier *verifier = NULL;
	struct wye_error why = { "out of memory" };
	int status;

	if (wye_jwt_verifier_create(&verifier, &rules, &why) ||
	    add_key(request, verifier, &why))
		status = fail(why.text);
	else if (token && strcmp(token, "-") != 0)
		status = judge(verifier, text_of(token));
	else
		status = judge_input(verifier);
	wye_jwt_verifier_destroy(verifier);
	return status;
}

/* ---- the command line ---- */

static int wrong(void)
{
	fputs(USAGE, stderr);
	return WYE_EXIT_USAGE;
}

/* -1: go on; else the exit status. */
static int read_options(struct request *request, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "h", OPTION_NAMES, NULL)) != -1) {
		struct list *list;

		if (option == 'h') {
			fputs(USAGE, stdout);
			return WYE_EXIT_OK;
		}
		if (option < 0 || option >= OPTIONS)
			return wrong();
		list = &request->options[option];
		if (list->count == MOST)
			return wrong();
		list->items[list->count++] = optarg;
	}
	return -1;
}

int wye_token_main(int argc, char **argv)
{
	struct request request = { .key = { NULL, 0, 0 } };
	const char *command = argc > 1 ? argv[1] : "";
	int status = read_options(&request, argc, argv), left = argc - optind - 1;

	if (status >= 0)
		return status;
	if (!strcmp(command, "make") && left == 0)
		status = make(&request);
	else if (!strcmp(command, "check") && left <= 1 && left >= 0)
		status = check(&request, left ? argv[argc - 1] : NULL);
	else
		status = wrong();
	if (request.key.data)
		OPENSSL_cleanse(request.key.data, request.key.length);
	wye_buffer_fini(&request.key);
	return status;
}
