/* SPDX-License-Identifier: MIT
 *
 * token.c - see token.h. Keys are read from a file, standard input or the environment, so that
 * they need not stand on the command line, where others could see them.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "jwt/keys.h"
#include "token-request.h"
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

static const struct option OPTION_NAMES[] = {
	{ "key", required_argument, NULL, WYE_TOKEN_KEY },
	{ "key-file", required_argument, NULL, WYE_TOKEN_KEY_FILE },
	{ "key-env", required_argument, NULL, WYE_TOKEN_KEY_ENV },
	{ "jwks", required_argument, NULL, WYE_TOKEN_JWKS },
	{ "alg", required_argument, NULL, WYE_TOKEN_ALG },
	{ "sub", required_argument, NULL, WYE_TOKEN_SUB },
	{ "iss", required_argument, NULL, WYE_TOKEN_ISS },
	{ "aud", required_argument, NULL, WYE_TOKEN_AUD },
	{ "kid", required_argument, NULL, WYE_TOKEN_KID },
	{ "typ", required_argument, NULL, WYE_TOKEN_TYP },
	{ "exp", required_argument, NULL, WYE_TOKEN_EXP },
	{ "nbf", required_argument, NULL, WYE_TOKEN_NBF },
	{ "claim", required_argument, NULL, WYE_TOKEN_CLAIM },
	{ "json", required_argument, NULL, WYE_TOKEN_JSON },
	{ "require", required_argument, NULL, WYE_TOKEN_REQUIRE },
	{ "scope", required_argument, NULL, WYE_TOKEN_SCOPE },
	{ "leeway", required_argument, NULL, WYE_TOKEN_LEEWAY },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

const char *wye_token_option(const struct wye_token_request *request,
			     enum wye_token_option which)
{
	const struct wye_token_list *list = &request->options[which];

	return list->count ? list->items[list->count - 1] : NULL;
}

int wye_token_fail(const char *what)
{
	fprintf(stderr, "wye token: %s\n", what);
	return WYE_EXIT_CONFIG;
}

/* ---- the key ---- */

static int read_variable(struct wye_token_request *request, const char *name,
			 struct wye_error *why)
{
	const char *value = getenv(name);

	if (value)
		return wye_buffer_append(&request->key, value, strlen(value));
	wye_error_set(why,
		      "there is no key: --key-file, --key-env, --key, or %s in the environment",
		      name);
	return -EINVAL;
}

int wye_token_read_key(struct wye_token_request *request, struct wye_error *why)
{
	const char *file = wye_token_option(request, WYE_TOKEN_KEY_FILE),
		   *text = wye_token_option(request, WYE_TOKEN_KEY),
		   *variable = wye_token_option(request, WYE_TOKEN_KEY_ENV);

	if (file && strcmp(file, "-") != 0)
		return wye_jwt_read_file(&request->key, file, why);
	if (file)
		return wye_jwt_read(&request->key, STDIN_FILENO, "standard input", why);
	if (text)
		return wye_buffer_append(&request->key, text, strlen(text));
	return read_variable(request, variable ? variable : "WYE_TOKEN_KEY", why);
}

/* ---- check ---- */

static int add_key(struct wye_token_request *request, struct wye_jwt_verifier *verifier,
		   struct wye_error *why)
{
	const char *set = wye_token_option(request, WYE_TOKEN_JWKS);
	struct wye_text key;
	int error;

	if (set)
		return wye_jwt_add_jwks_file(verifier, set, why);
	error = wye_token_read_key(request, why);
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
		return wye_token_fail(wye_jwt_verdict_text(verdict));
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
		status = wye_token_fail(why.text);
	else
		status = judge(verifier, wye_jwt_secret_text(&input));
	wye_buffer_fini(&input);
	return status;
}

static int check(struct wye_token_request *request, const char *token)
{
	const char *leeway = wye_token_option(request, WYE_TOKEN_LEEWAY);
	const struct wye_jwt_rules rules = {
		.size = sizeof rules,
		.algorithms = request->options[WYE_TOKEN_ALG].items,
		.issuers = request->options[WYE_TOKEN_ISS].items,
		.audiences = request->options[WYE_TOKEN_AUD].items,
		.claims = request->options[WYE_TOKEN_REQUIRE].items,
		.scopes = request->options[WYE_TOKEN_SCOPE].items,
		.type = wye_token_option(request, WYE_TOKEN_TYP),
		.leeway = leeway ? (unsigned)strtoul(leeway, NULL, 10) : 0,
	};
	struct wye_jwt_verifier *verifier = NULL;
	struct wye_error why = { "out of memory" };
	int status;

	if (wye_jwt_verifier_create(&verifier, &rules, &why) ||
	    add_key(request, verifier, &why))
		status = wye_token_fail(why.text);
	else if (token && strcmp(token, "-") != 0)
		status = judge(verifier, (struct wye_text) { token, strlen(token) });
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
static int read_options(struct wye_token_request *request, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "h", OPTION_NAMES, NULL)) != -1) {
		struct wye_token_list *list;

		if (option == 'h') {
			fputs(USAGE, stdout);
			return WYE_EXIT_OK;
		}
		if (option < 0 || option >= WYE_TOKEN_OPTIONS)
			return wrong();
		list = &request->options[option];
		if (list->count == WYE_TOKEN_MOST)
			return wrong();
		list->items[list->count++] = optarg;
	}
	return -1;
}

int wye_token_main(int argc, char **argv)
{
	struct wye_token_request request = { .key = { NULL, 0, 0 } };
	const char *command = argc > 1 ? argv[1] : "";
	int status = read_options(&request, argc, argv), left = argc - optind - 1;

	if (status >= 0)
		return status;
	if (!strcmp(command, "make") && left == 0)
		status = wye_token_make(&request);
	else if (!strcmp(command, "check") && left <= 1 && left >= 0)
		status = check(&request, left ? argv[argc - 1] : NULL);
	else
		status = wrong();
	wye_buffer_wipe(&request.key);
	return status;
}
