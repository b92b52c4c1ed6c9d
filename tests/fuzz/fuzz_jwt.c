/* SPDX-License-Identifier: MIT
 *
 * fuzz_jwt.c - nobody without the key makes a token that is valid; what is valid has claims
 * that can be shown; base64url that is taken is what an encoder writes. Input: a byte chooses,
 * the rest is a token, a header or a payload (which are signed), a key set, or PEM.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "jwt/base64url.h"
#include "jwt/keys.h"
#include "jwt/sign.h"
#include "jwt/verifier.h"
#include "target.h"

enum {
	NOW = 1000000,
};

static const struct wye_text SECRET = { "fuzz fuzz fuzz fuzz fuzz fuzz fuzz!", 35 };

static const struct wye_jwt_verifier *verifier(void)
{
	static struct wye_jwt_verifier *made;
	static const char *const issuers[] = { "joe", NULL }, *const audiences[] = { "api",
										     NULL };
	static const char *const claims[] = { "role=admin", NULL }, *const scopes[] = { "a",
											NULL };
	const struct wye_jwt_rules rules = { .size = sizeof rules,
					     .issuers = issuers,
					     .audiences = audiences,
					     .claims = claims,
					     .scopes = scopes,
					     .leeway = 10 };

	if (!made)
		must(!wye_jwt_verifier_create(&made, &rules, NULL) &&
			     !wye_jwt_add_secret(made, SECRET.data, SECRET.length, NULL),
		     "a verifier");
	return made;
}

/* ---- what each kind of input is held to ---- */

static void decode(struct wye_text text)
{
	unsigned char *bytes = malloc(WYE_BASE64URL_BYTES(text.length) + 1);
	ssize_t size = wye_base64url_decode(bytes, text);

	if (size >= 0) {
		char *again = malloc(WYE_BASE64URL_LENGTH((size_t)size) + 1);

		must((size_t)size == WYE_BASE64URL_BYTES(text.length), "its length");
		must(wye_base64url_encode(again, bytes, (size_t)size) == text.length &&
			     !memcmp(again, text.data, text.length),
		     "another text for the same bytes");
		free(again);
	}
	free(bytes);
}

static void run_token(struct wye_text text)
{
	struct wye_jwt *jwt = NULL;

	must(wye_jwt_verify_at(verifier(), text, NOW, &jwt) != WYE_JWT_VALID, "a forged token");
	must(!jwt, "its claims");
	decode(text);
}

static int show(void *argument, const char *name, struct wye_text value)
{
	size_t *sum = argument;

	*sum += strlen(name) + value.length + (value.length ? (unsigned char)value.data[0] : 0);
	return 0;
}

static void run_signed(struct wye_text header, struct wye_text payload)
{
	const struct wye_jwt_signer signer = { .secret = SECRET };
	struct wye_buffer token = { NULL, 0, 0 };
	struct wye_jwt *jwt = NULL;
	size_t sum = 0;

	must(!wye_jwt_sign(&token, &signer, 1, header, payload), "signed");
	if (!wye_jwt_verify_at(verifier(), (struct wye_text) { token.data, token.length }, NOW,
			       &jwt))
		must(!wye_jwt_each(jwt, show, &sum), "shown");
	wye_jwt_destroy(jwt);
	wye_buffer_fini(&token);
}

static void run_keys(struct wye_text text,
		     int (*add)(struct wye_jwt_keys *keys, struct wye_text text,
				struct wye_error *why))
{
	struct wye_jwt_keys keys = { 0 };
	struct wye_error why = { "" };
	int error = add(&keys, text, &why);

	must(error || keys.count, "no key, no word");
	must(!error || why.text[0], "a fault without a word");
	for (const struct wye_jwt_key *key = keys.first; key; key = key->next)
		for (unsigned bit = 1; bit <= WYE_JWT_ALL; bit *= 2)
			if (key->algorithms & bit)
				must(!wye_jwt_key_verify(key, bit, text,
							 (const unsigned char *)text.data,
							 text.length),
				     "signed by itself");
	wye_jwt_keys_fini(&keys);
}

/* A file of a secret: what is read is what was written, and no key of another kind is taken
 * for a secret. */
static void run_file(struct wye_text text)
{
	int file = memfd_create("key", MFD_CLOEXEC);
	struct wye_jwt_keys keys = { 0 };
	struct wye_buffer got = { NULL, 0, 0 };
	struct wye_error why = { "" };
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	must(file >= 0 && write(file, text.data, text.length) == (ssize_t)text.length,
	     "a file");
	must(!wye_jwt_read_file(&got, path, &why), "read");
	must(got.length == text.length &&
		     (!text.length || !memcmp(got.data, text.data, text.length)),
	     "other bytes");
	text = wye_jwt_secret_text(&got);
	if (!wye_jwt_keys_add_secret(&keys, text.data, text.length, &why))
		must(keys.count == 1 && !wye_jwt_is_pem(text), "a secret that is none");
	else
		must(why.text[0], "a fault without a word");
	wye_jwt_keys_fini(&keys);
	wye_buffer_fini(&got);
	close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	static const struct wye_text plain = { "{\"alg\":\"HS256\"}", 15 }, empty = { "{}", 2 };
	struct wye_text text;
	char *copy;

	if (!length)
		return 0;
	copy = malloc(--length); /* of its own size: a sanitizer sees each step beside it */
	if (!copy)
		return 0;
	memcpy(copy, data + 1, length);
	text = (struct wye_text) { copy, length };
	switch (data[0] % 6) {
	case 0:
		run_token(text);
		break;
	case 1:
		run_signed(text, empty);
		break;
	case 2:
		run_signed(plain, text);
		break;
	case 3:
		run_keys(text, wye_jwt_keys_add_jwks);
		break;
	case 4:
		run_keys(text, wye_jwt_keys_add_pem);
		break;
	case 5:
		run_file(text);
		break;
	}
	free(copy);
	return 0;
}
