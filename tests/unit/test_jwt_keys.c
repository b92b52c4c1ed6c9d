/* SPDX-License-Identifier: MIT
 *
 * test_jwt_keys.c - which keys are taken from secrets, PEM files and key sets, what they allow,
 * and a set that changes.
 */
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/metric.h"
#include "jwt/base64url.h"
#include "jwt/keys.h"
#include "jwt/sign.h"
#include "jwt/verifier.h"
#include "jwt_vectors.h"
#include "unit.h"

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, strlen(string) };
}

/* ---- secrets ---- */

static void secrets(void **state)
{
	static const struct {
		size_t length;
		unsigned algorithms;
	} rows[] = { { 0, 0 },
		     { 31, 0 },
		     { 32, WYE_JWT_HS256 },
		     { 47, WYE_JWT_HS256 },
		     { 48, WYE_JWT_HS256 | WYE_JWT_HS384 },
		     { 64, WYE_JWT_HMAC },
		     { 200, WYE_JWT_HMAC } };
	char secret[200];

	(void)state;
	memset(secret, 'x', sizeof secret);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wye_jwt_keys keys = { 0 };
		struct wye_error why = { "" };
		int error = wye_jwt_keys_add_secret(&keys, secret, rows[i].length, &why);

		assert_int_equal(error, rows[i].algorithms ? 0 : -EINVAL);
		assert_int_equal(keys.algorithms, rows[i].algorithms);
		assert_true(!error == !why.text[0]);
		wye_jwt_keys_fini(&keys);
	}
}

/* ---- PEM ---- */

static char *pem_of(EVP_PKEY *pkey, bool private)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *copy;
	long length;

	if (private)
		PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
	else
		PEM_write_bio_PUBKEY(bio, pkey);
	length = BIO_get_mem_data(bio, &data);
	copy = strndup(data, (size_t)length);
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return copy;
}

static void expect_pem(EVP_PKEY *pkey, unsigned algorithms)
{
	char *pem = pem_of(pkey, false);
	struct wye_jwt_keys keys = { 0 };
	struct wye_error why = { "" };

	assert_int_equal(wye_jwt_keys_add_pem(&keys, text(pem), &why),
			 algorithms ? 0 : -EINVAL);
	assert_int_equal(keys.algorithms, algorithms);
	assert_true(algorithms || why.text[0]);
	wye_jwt_keys_fini(&keys);
	assert_int_equal(wye_jwt_keys_add_secret(&keys, pem, strlen(pem), &why), -EINVAL);
	free(pem);
}

static void pem_kinds(void **state)
{
	(void)state;
	expect_pem(EVP_RSA_gen(2048), WYE_JWT_RS256);
	expect_pem(EVP_RSA_gen(1024), 0);
	expect_pem(EVP_EC_gen("P-256"), WYE_JWT_ES256);
	expect_pem(EVP_EC_gen("P-384"), 0);
	expect_pem(EVP_EC_gen("secp256k1"), 0);
	expect_pem(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), WYE_JWT_EDDSA);
	expect_pem(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), 0);
}

static void pem_texts(void **state)
{
	char *private = pem_of(EVP_EC_gen("P-256"), true),
	     *public = pem_of(EVP_EC_gen("P-256"), false), both[2048];
	const char *const wrong[] = { "", "nonsense", "-----BEGIN PUBLIC KEY-----\n", private,
				      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC "
				      "KEY-----\n" };
	struct wye_jwt_keys keys = { 0 };
	struct wye_error why;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		why.text[0] = '\0';
		assert_int_equal(wye_jwt_keys_add_pem(&keys, text(wrong[i]), &why), -EINVAL);
		assert_true(why.text[0]);
		assert_int_equal(keys.count, 0);
	}
	snprintf(both, sizeof both, "a comment\n%s\n%s", public, public);
	assert_int_equal(wye_jwt_keys_add_pem(&keys, text(both), &why), 0);
	assert_int_equal(keys.count, 2);
	wye_jwt_keys_fini(&keys);
	free(private);
	free(public);
}

/* ---- key sets ---- */

static void expect_set(const char *set, size_t count, unsigned algorithms)
{
	struct wye_jwt_keys keys = { 0 };
	struct wye_error why = { "" };
	int error = wye_jwt_keys_add_jwks(&keys, text(set), &why);

	if (error != (count ? 0 : -EINVAL) || keys.count != count ||
	    keys.algorithms != algorithms)
		fail_msg("%s: %d, %zu keys, %x; %s", set, error, keys.count, keys.algorithms,
			 why.text);
	assert_true(!error == !why.text[0]);
	wye_jwt_keys_fini(&keys);
}

#define SET(keys) "{\"keys\":[" keys "]}"
#define A3_WITH(members)                                                                       \
	"{" members ",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8"                 \
	"vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pC"                \
	"yStikYjKIWI5a0\"}"

static void key_sets(void **state)
{
	static const struct {
		const char *set;
		size_t count;
		unsigned algorithms;
	} rows[] = {
		{ SET(A1_KEY), 1, WYE_JWT_HMAC },
		{ SET(A2_KEY "," A3_KEY "," ED_KEY), 3,
		  WYE_JWT_RS256 | WYE_JWT_ES256 | WYE_JWT_EDDSA },
		{ SET("{\"kty\":\"new\"}," A3_KEY), 1, WYE_JWT_ES256 },
		{ SET(A3_WITH("\"use\":\"sig\"")), 1, WYE_JWT_ES256 },
		{ SET(A3_WITH("\"use\":\"enc\"")), 0, 0 },
		{ SET(A3_WITH("\"use\":1")), 0, 0 },
		{ SET(A3_WITH("\"key_ops\":[\"sign\",\"verify\"]")), 1, WYE_JWT_ES256 },
		{ SET(A3_WITH("\"key_ops\":[\"sign\"]")), 0, 0 },
		{ SET(A3_WITH("\"key_ops\":\"verify\"")), 0, 0 },
		{ SET(A3_WITH("\"alg\":\"ES256\"")), 1, WYE_JWT_ES256 },
		{ SET(A3_WITH("\"alg\":\"RS256\"")), 0, 0 },
		{ SET(A3_WITH("\"alg\":\"HS256\"")), 0, 0 },
		{ SET(A3_WITH("\"alg\":256")), 0, 0 },
		{ SET("{\"kty\":\"oct\",\"alg\":\"HS512\",\"k\":\"" A1_SECRET "\"}"), 1,
		  WYE_JWT_HS512 },
		{ SET("{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}"), 0, 0 },
		{ SET("{\"kty\":\"oct\",\"k\":\"" A1_SECRET "==\"}"), 0, 0 },
		{ SET("{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}"), 0, 0 },
		/* Not on the curve. */
		{ SET("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
		      "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8T"
		      "us9uPHvRVEU\",\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}"),
		  0, 0 },
		{ SET("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"), 0, 0 },
		{ SET("{\"kty\":\"RSA\",\"e\":\"AQAB\"}"), 0, 0 },
		{ SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}"), 0, 0 },
		{ SET("1,null,\"x\",[]"), 0, 0 },
		{ SET(""), 0, 0 },
		{ "{\"keys\":{}}", 0, 0 },
		{ A3_KEY, 0, 0 },
		{ "[]", 0, 0 },
		{ "", 0, 0 },
		{ "{\"keys\":[],\"keys\":[" A3_KEY "]}", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect_set(rows[i].set, rows[i].count, rows[i].algorithms);
}

static void too_many(void **state)
{
	char set[16384] = "{\"keys\":[" ED_KEY;

	(void)state;
	for (int i = 1; i < WYE_JWT_KEYS_MAX; i++)
		strcat(set, "," ED_KEY);
	strcat(set, "]}");
	expect_set(set, WYE_JWT_KEYS_MAX, WYE_JWT_EDDSA);
	set[strlen(set) - 2] = '\0';
	strcat(set, "," ED_KEY "]}");
	{
		struct wye_jwt_keys keys = { 0 };
		struct wye_error why = { "" };

		assert_int_equal(wye_jwt_keys_add_jwks(&keys, text(set), &why), -EINVAL);
		assert_string_equal(why.text, "more than 64 keys");
		wye_jwt_keys_fini(&keys);
	}
}

static void ed25519(void **state)
{
	struct wye_jwt_keys keys = { 0 };
	unsigned char signature[64];
	struct wye_error why;

	(void)state;
	assert_int_equal(wye_jwt_keys_add_jwks(&keys, text(SET(ED_KEY)), &why), 0);
	assert_int_equal(wye_base64url_decode(signature, text(ED_SIGNATURE)), 64);
	assert_true(
		wye_jwt_key_verify(keys.first, WYE_JWT_EDDSA, text(ED_SIGNED), signature, 64));
	signature[63] ^= 1;
	assert_false(
		wye_jwt_key_verify(keys.first, WYE_JWT_EDDSA, text(ED_SIGNED), signature, 64));
	wye_jwt_keys_fini(&keys);
}

/* ---- which key of a set ---- */

#define SECRET_1 "11111111111111111111111111111111"
#define SECRET_2 "22222222222222222222222222222222"

/* A set of one secret with that name. */
static void put_secret(char *out, const char *id, const char *secret)
{
	char encoded[64] = "";

	wye_base64url_encode(encoded, secret, strlen(secret));
	sprintf(out, "{\"kty\":\"oct\",\"kid\":\"%s\",\"k\":\"%s\"}", id, encoded);
}

static void write_set(const char *path, const char *first, const char *second)
{
	char temporary[64];
	FILE *file;

	snprintf(temporary, sizeof temporary, "%s.new", path);
	file = fopen(temporary, "w");
	assert_non_null(file);
	fprintf(file, "{\"keys\":[%s%s%s]}", first, second ? "," : "", second ? second : "");
	fclose(file);
	assert_int_equal(rename(temporary, path), 0);
}

static enum wye_jwt_verdict ask(const struct wye_jwt_verifier *verifier, const char *header,
				const char *secret)
{
	const struct wye_jwt_signer signer = { .secret = text(secret) };
	struct wye_buffer token = { NULL, 0, 0 };
	enum wye_jwt_verdict verdict;

	assert_int_equal(wye_jwt_sign(&token, &signer, WYE_JWT_HS256, text(header), text("{}")),
			 0);
	verdict =
		wye_jwt_verify(verifier, (struct wye_text) { token.data, token.length }, NULL);
	wye_buffer_fini(&token);
	return verdict;
}

static struct wye_jwt_verifier *make_verifier(const char *path)
{
	const struct wye_jwt_rules rules = { .size = sizeof rules };
	struct wye_jwt_verifier *verifier;
	struct wye_error why = { "" };

	assert_int_equal(wye_jwt_verifier_create(&verifier, &rules, &why), 0);
	if (wye_jwt_add_jwks_file(verifier, path, &why))
		fail_msg("%s", why.text);
	assert_int_equal(wye_jwt_add_jwks_file(verifier, path, &why), -EINVAL);
	return verifier;
}

static void by_id(void **state)
{
	char path[] = "/tmp/test-jwks-XXXXXX", one[256], two[256];
	struct wye_jwt_verifier *verifier;

	(void)state;
	close(mkstemp(path));
	put_secret(one, "one", SECRET_1);
	put_secret(two, "two", SECRET_2);
	write_set(path, one, two);
	verifier = make_verifier(path);
	unlink(path);
	assert_int_equal(ask(verifier, "{\"alg\":\"HS256\",\"kid\":\"one\"}", SECRET_1), 0);
	assert_int_equal(ask(verifier, "{\"alg\":\"HS256\",\"kid\":\"two\"}", SECRET_2), 0);
	assert_int_equal(ask(verifier, "{\"alg\":\"HS256\"}", SECRET_2), 0);
	assert_int_equal(ask(verifier, "{\"alg\":\"HS256\",\"kid\":\"one\"}", SECRET_2),
			 WYE_JWT_SIGNATURE);
	assert_int_equal(ask(verifier, "{\"alg\":\"HS256\",\"kid\":\"on\"}", SECRET_1),
			 WYE_JWT_UNKNOWN_KEY);
	assert_int_equal(ask(verifier, "{\"alg\":\"HS256\",\"kid\":\"\"}", SECRET_1),
			 WYE_JWT_UNKNOWN_KEY);
	{
		char header[600];

		snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"kid\":\"%0400d\"}", 0);
		assert_int_equal(ask(verifier, header, SECRET_1), WYE_JWT_UNKNOWN_KEY);
	}
	wye_jwt_verifier_destroy(verifier);
}

/* ---- a set that changes, while others verify ---- */

struct reader {
	const struct wye_jwt_verifier *verifier;
	atomic_bool stop;
	atomic_uint wrong;
};

static void *verify_again(void *argument)
{
	struct reader *reader = argument;

	while (!atomic_load(&reader->stop)) {
		enum wye_jwt_verdict one = ask(reader->verifier, "{\"alg\":\"HS256\"}",
					       SECRET_1),
				     two = ask(reader->verifier, "{\"alg\":\"HS256\"}",
					       SECRET_2);

		if ((one && one != WYE_JWT_SIGNATURE) || (two && two != WYE_JWT_SIGNATURE))
			atomic_fetch_add(&reader->wrong, 1);
	}
	return NULL;
}

static void wait_for(const struct wye_jwt_verifier *verifier, const char *secret)
{
	for (int i = 0; i < 2000; i++) {
		if (!ask(verifier, "{\"alg\":\"HS256\"}", secret))
			return;
		usleep(10000);
	}
	fail_msg("the new key was not read");
}

static void wait_for_failure(void)
{
	wye_metric failures = wye_metric_register("jwks_reloads_failed_total", WYE_COUNTER);

	for (int i = 0; i < 2000 && !wye_metric_read(failures); i++)
		usleep(10000);
	assert_int_equal(wye_metric_read(failures), 1);
}

static void changes(void **state)
{
	char path[] = "/tmp/test-jwks-XXXXXX", one[256], two[256];
	struct reader reader = { .wrong = 0 };
	pthread_t threads[2];

	(void)state;
	close(mkstemp(path));
	put_secret(one, "one", SECRET_1);
	put_secret(two, "two", SECRET_2);
	write_set(path, one, NULL);
	reader.verifier = make_verifier(path);
	assert_int_equal(wye_jwt_watch((struct wye_jwt_verifier *)reader.verifier), 0);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, verify_again, &reader);
	write_set(path, two, NULL);
	wait_for(reader.verifier, SECRET_2);
	assert_int_equal(ask(reader.verifier, "{\"alg\":\"HS256\"}", SECRET_1),
			 WYE_JWT_SIGNATURE);
	write_set(path, "nonsense", NULL); /* the old keys stay */
	wait_for_failure();
	assert_int_equal(ask(reader.verifier, "{\"alg\":\"HS256\"}", SECRET_2), WYE_JWT_VALID);
	write_set(path, one, NULL);
	wait_for(reader.verifier, SECRET_1);
	atomic_store(&reader.stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&reader.wrong), 0);
	wye_jwt_verifier_destroy((struct wye_jwt_verifier *)reader.verifier);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets),   cmocka_unit_test(pem_kinds),
		cmocka_unit_test(pem_texts), cmocka_unit_test(key_sets),
		cmocka_unit_test(too_many),  cmocka_unit_test(ed25519),
		cmocka_unit_test(by_id),     cmocka_unit_test(changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
