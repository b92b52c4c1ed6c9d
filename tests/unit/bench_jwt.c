/* SPDX-License-Identifier: MIT
 *
 * bench_jwt.c - what a verification costs, by algorithm: nanoseconds of CPU, the best of some
 * runs. Not a test; run it by hand.
 */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jwt/accepted.h"
#include "jwt/keys.h"
#include "jwt/sign.h"

enum {
	RUNS = 20,
};

static const char SECRET[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char PAYLOAD[] =
	"{\"iss\":\"https://issuer.example\",\"sub\":\"alice\",\"aud\":"
	"\"api\",\"exp\":4102444800,\"iat\":1700000000,\"role\":\"admin\"}";

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time); /* others may be busy */
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void must(int error)
{
	if (error)
		exit(1);
}

static double run(const struct wye_jwt_verifier *verifier, struct wye_text token,
		  unsigned times)
{
	double best = 1e18;

	for (unsigned i = 0; i < RUNS; i++) {
		double begin = now();

		for (unsigned j = 0; j < times; j++) {
			struct wye_jwt *jwt = NULL;

			must((int)wye_jwt_verify(verifier, token, &jwt));
			wye_jwt_destroy(jwt);
		}
		if (now() - begin < best)
			best = now() - begin;
	}
	return best / times;
}

static void measure(const char *name, unsigned algorithm, EVP_PKEY *pkey, unsigned times)
{
	const struct wye_jwt_rules rules = { .size = sizeof rules };
	struct wye_jwt_signer signer = { .pkey = pkey };
	struct wye_buffer token = { NULL, 0, 0 };
	struct wye_jwt_verifier *verifier;
	char header[64], path[] = "/tmp/bench-jwt-XXXXXX";

	if (!pkey)
		signer.secret = (struct wye_text) { SECRET, sizeof SECRET - 1 };
	snprintf(header, sizeof header, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", name);
	must(wye_jwt_verifier_create(&verifier, &rules, NULL));
	if (pkey) {
		FILE *file = fdopen(mkstemp(path), "w");

		PEM_write_PUBKEY(file, pkey);
		fclose(file);
		must(wye_jwt_add_pem_file(verifier, path, NULL));
		remove(path);
	} else {
		must(wye_jwt_add_secret(verifier, SECRET, sizeof SECRET - 1, NULL));
	}
	must(wye_jwt_sign(&token, &signer, algorithm,
			  (struct wye_text) { header, strlen(header) },
			  (struct wye_text) { PAYLOAD, sizeof PAYLOAD - 1 }));
	printf("%-6s %9.0f ns, a token of %zu bytes\n", name,
	       run(verifier, (struct wye_text) { token.data, token.length }, times),
	       token.length);
	wye_buffer_fini(&token);
	wye_jwt_verifier_destroy(verifier);
	EVP_PKEY_free(pkey);
}

/* With an argument, that algorithm only. */
int main(int count, char **arguments)
{
	const char *only = count > 1 ? arguments[1] : "";

	if (!*only || !strcmp(only, "HS256"))
		measure("HS256", WYE_JWT_HS256, NULL, 5000);
	if (!*only || !strcmp(only, "HS512"))
		measure("HS512", WYE_JWT_HS512, NULL, 5000);
	if (!*only || !strcmp(only, "RS256"))
		measure("RS256", WYE_JWT_RS256, EVP_RSA_gen(2048), 500);
	if (!*only || !strcmp(only, "ES256"))
		measure("ES256", WYE_JWT_ES256, EVP_EC_gen("P-256"), 200);
	if (!*only || !strcmp(only, "EdDSA"))
		measure("EdDSA", WYE_JWT_EDDSA, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), 200);
	return 0;
}
