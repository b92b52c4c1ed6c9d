/* SPDX-License-Identifier: MIT
 *
 * test_jwt.c - the verdicts: the tokens of RFC 7515, and what attackers and mistaken issuers
 * send.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "jwt/base64url.h"
#include "jwt/sign.h"
#include "jwt/verifier.h"
#include "jwt_vectors.h"
#include "unit.h"

#define SECRET "0123456789abcdef0123456789abcdef"

enum {
	NOW = 1000000,
};

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, strlen(string) };
}

static struct wye_jwt_verifier *verifier_by(const struct wye_jwt_rules *rules)
{
	struct wye_jwt_verifier *verifier;
	struct wye_error why;

	assert_int_equal(wye_jwt_verifier_create(&verifier, rules, &why), 0);
	return verifier;
}

/* Rules and the secret. */
static struct wye_jwt_verifier *with_secret(struct wye_jwt_rules rules)
{
	struct wye_jwt_verifier *verifier;
	struct wye_error why;

	rules.size = sizeof rules;
	verifier = verifier_by(&rules);
	assert_int_equal(wye_jwt_add_secret(verifier, SECRET, strlen(SECRET), &why), 0);
	return verifier;
}

static void write_file(char *path, const char *content)
{
	int descriptor = mkstemp(path);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, content, strlen(content)), strlen(content));
	close(descriptor);
}

/* A key set of one key. */
static struct wye_jwt_verifier *with_key(const char *jwk)
{
	const struct wye_jwt_rules rules = { .size = sizeof rules };
	struct wye_jwt_verifier *verifier = verifier_by(&rules);
	char path[] = "/tmp/test-jwt-XXXXXX", set[4096];
	struct wye_error why = { "" };

	snprintf(set, sizeof set, "{\"keys\":[%s]}", jwk);
	write_file(path, set);
	if (wye_jwt_add_jwks_file(verifier, path, &why))
		fail_msg("%s", why.text);
	unlink(path);
	return verifier;
}

static enum wye_jwt_verdict ask(const struct wye_jwt_verifier *verifier, const char *token,
				double now)
{
	struct wye_jwt *jwt = NULL;
	enum wye_jwt_verdict verdict = wye_jwt_verify_at(verifier, text(token), now, &jwt);

	assert_true((verdict == WYE_JWT_VALID) == (jwt != NULL));
	wye_jwt_destroy(jwt);
	return verdict;
}

static char *sign_text(struct wye_text header, struct wye_text payload)
{
	const struct wye_jwt_signer signer = { .secret = text(SECRET) };
	struct wye_buffer token = { NULL, 0, 0 };

	assert_int_equal(wye_jwt_sign(&token, &signer, 1, header, payload), 0);
	assert_int_equal(wye_buffer_append(&token, "", 1), 0);
	return token.data;
}

static char *sign(const char *header, const char *payload)
{
	return sign_text(text(header), text(payload));
}

static const char HEADER[] = "{\"alg\":\"HS256\"}";

struct row {
	const char *text;
	enum wye_jwt_verdict verdict;
};

static void expect(const struct wye_jwt_verifier *verifier, char *token, const char *what,
		   enum wye_jwt_verdict verdict)
{
	enum wye_jwt_verdict got = ask(verifier, token, NOW);

	if (got != verdict)
		fail_msg("%s: \"%s\" and not \"%s\"", what, wye_jwt_verdict_text(got),
			 wye_jwt_verdict_text(verdict));
	free(token);
}

/* ---- the RFCs' own ---- */

static void vectors(void **state)
{
	static const struct {
		const char *key, *token;
	} rows[] = { { A1_KEY, A1_TOKEN }, { A2_KEY, A2_TOKEN }, { A3_KEY, A3_TOKEN } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct wye_jwt_verifier *verifier = with_key(rows[i].key);

		for (size_t j = 0; j < 3; j++)
			assert_int_equal(ask(verifier, rows[j].token, RFC_EXPIRES - 1),
					 i == j ? WYE_JWT_VALID : WYE_JWT_ALGORITHM);
		assert_int_equal(ask(verifier, rows[i].token, RFC_EXPIRES), WYE_JWT_EXPIRED);
		assert_int_equal(ask(verifier, A5_TOKEN, RFC_EXPIRES - 1), WYE_JWT_ALGORITHM);
		wye_jwt_verifier_destroy(verifier);
	}
}

/* RFC 8037: the signature is right, but what is signed is no set of claims. */
static void ed25519(void **state)
{
	struct wye_jwt_verifier *verifier = with_key(ED_KEY);

	(void)state;
	assert_int_equal(ask(verifier, ED_SIGNED "." ED_SIGNATURE, NOW), WYE_JWT_MALFORMED);
	assert_int_equal(ask(verifier, ED_SIGNED ".A" ED_SIGNATURE, NOW), WYE_JWT_SIGNATURE);
	assert_int_equal(ask(verifier, ED_SIGNED "A." ED_SIGNATURE, NOW), WYE_JWT_SIGNATURE);
	wye_jwt_verifier_destroy(verifier);
}

/* ---- signatures ---- */

/* Each single character changed, and each prefix. */
static void changed(void **state)
{
	struct wye_jwt_verifier *verifier = with_secret((struct wye_jwt_rules) { 0 });
	char *token = sign(HEADER, "{\"sub\":\"alice\"}");

	(void)state;
	assert_int_equal(ask(verifier, token, NOW), WYE_JWT_VALID);
	for (size_t i = 0; token[i]; i++) {
		char kept = token[i];

		token[i] = kept == 'A' ? 'B' : 'A';
		assert_int_not_equal(ask(verifier, token, NOW), WYE_JWT_VALID);
		token[i] = '\0';
		assert_int_not_equal(ask(verifier, token, NOW), WYE_JWT_VALID);
		token[i] = kept;
	}
	*strrchr(token, '.') = '\0';
	assert_int_equal(ask(verifier, token, NOW), WYE_JWT_MALFORMED);
	strcat(token, ".");
	assert_int_equal(ask(verifier, token, NOW), WYE_JWT_SIGNATURE);
	free(token);
	wye_jwt_verifier_destroy(verifier);
}

/* All zero (CVE-2022-21449), the order of the curve, DER, too short, too long. */
static void bad_ecdsa(void **state)
{
	static const char *const hex[] = {
		"000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00"
		"000000000000000000000000000000000000000000000000",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551ffffffff000000"
		"00"
		"ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
		"000000000000000000000000000000000000000000000000000000000000000100000000000000"
		"00"
		"000000000000000000000000000000000000000000000000",
		"3006020100020100",
		"00",
		"",
		NULL,
	};
	struct wye_jwt_verifier *verifier = with_key(A3_KEY);

	(void)state;
	for (size_t i = 0; hex[i]; i++) {
		unsigned char bytes[64];
		char token[512] = A3_SIGNED;
		size_t length = strlen(hex[i]) / 2;

		for (size_t j = 0; j < length; j++)
			sscanf(hex[i] + 2 * j, "%2hhx", &bytes[j]);
		token[strlen(token) +
		      wye_base64url_encode(token + strlen(token), bytes, length)] = '\0';
		assert_int_equal(ask(verifier, token, RFC_EXPIRES - 1), WYE_JWT_SIGNATURE);
	}
	wye_jwt_verifier_destroy(verifier);
}

static void huge_signature(void **state)
{
	struct wye_jwt_verifier *verifier = with_secret((struct wye_jwt_rules) { 0 });
	char token[8000];
	int length = snprintf(token, sizeof token, "eyJhbGciOiJIUzI1NiJ9.e30.");

	(void)state;
	memset(token + length, 'A', sizeof token - (size_t)length - 1);
	token[sizeof token - 1] = '\0';
	assert_int_equal(ask(verifier, token, NOW), WYE_JWT_SIGNATURE);
	wye_jwt_verifier_destroy(verifier);
}

/* ---- headers ---- */

static void headers(void **state)
{
	static const struct row rows[] = {
		{ "{\"alg\":\"HS256\"}", WYE_JWT_VALID },
		{ "{\"typ\":\"JWT\",\"alg\":\"HS256\"}", WYE_JWT_VALID },
		{ "{\"alg\":\"HS256\",\"kid\":\"any\"}", WYE_JWT_VALID },
		{ " {\"alg\" : \"HS256\"}\r\n", WYE_JWT_VALID },
		{ "{\"alg\":\"none\"}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"None\"}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"NONE\"}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"nOnE\"}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"\"}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"hs256\"}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"HS256 \"}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"HS384\"}", WYE_JWT_ALGORITHM }, /* the secret is too short */
		{ "{\"alg\":\"RS256\"}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"ES256\"}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"EdDSA\"}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"HS256\",\"crit\":[]}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"HS256\",\"crit\":null}", WYE_JWT_ALGORITHM },
		{ "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", WYE_JWT_MALFORMED },
		{ "{\"alg\":\"none\",\"alg\":\"HS256\"}", WYE_JWT_MALFORMED },
		{ "{\"alg\":[\"HS256\"]}", WYE_JWT_MALFORMED },
		{ "{\"alg\":null}", WYE_JWT_MALFORMED },
		{ "{\"alg\":256}", WYE_JWT_MALFORMED },
		{ "{\"alg\":\"HS256\",\"kid\":1}", WYE_JWT_MALFORMED },
		{ "{\"alg\":\"HS256\",\"typ\":[]}", WYE_JWT_MALFORMED },
		{ "{\"alg\":\"HS256\\u0000\"}", WYE_JWT_MALFORMED },
		{ "{}", WYE_JWT_MALFORMED },
		{ "[]", WYE_JWT_MALFORMED },
		{ "\"HS256\"", WYE_JWT_MALFORMED },
		{ "{\"alg\":\"HS256\"", WYE_JWT_MALFORMED },
		{ "{\"alg\":\"HS256\"}x", WYE_JWT_MALFORMED },
		{ "{\"alg\":\"HS256\"}{}", WYE_JWT_MALFORMED },
		{ "\xef\xbb\xbf{\"alg\":\"HS256\"}", WYE_JWT_MALFORMED },
		{ "{'alg':'HS256'}", WYE_JWT_MALFORMED },
		/* A key, or where to fetch one, is not taken from a token. */
		{ "{\"alg\":\"HS256\",\"jwk\":" A1_KEY ",\"jku\":\"https://evil.example\","
		  "\"x5u\":\"https://evil.example\",\"x5c\":[\"AA\"]}",
		  WYE_JWT_VALID },
	};
	struct wye_jwt_verifier *verifier = with_secret((struct wye_jwt_rules) { 0 });

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect(verifier, sign(rows[i].text, "{}"), rows[i].text, rows[i].verdict);
	wye_jwt_verifier_destroy(verifier);
}

/* RFC 8725, 2.1: a public key, signed with as if it were a secret. */
static void confusion(void **state)
{
	struct wye_jwt_verifier *rsa = with_key(A2_KEY);

	(void)state;
	expect(rsa, sign(HEADER, "{}"), "HS256 to an RSA key", WYE_JWT_ALGORITHM);
	wye_jwt_verifier_destroy(rsa);
}

static void types(void **state)
{
	static const struct row rows[] = {
		{ "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", WYE_JWT_VALID },
		{ "{\"alg\":\"HS256\",\"typ\":\"AT+JWT\"}", WYE_JWT_VALID },
		{ "{\"alg\":\"HS256\",\"typ\":\"application/at+jwt\"}", WYE_JWT_VALID },
		{ "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", WYE_JWT_TYPE },
		{ "{\"alg\":\"HS256\",\"typ\":\"at+jwtx\"}", WYE_JWT_TYPE },
		{ "{\"alg\":\"HS256\",\"typ\":\"\"}", WYE_JWT_TYPE },
		{ "{\"alg\":\"HS256\"}", WYE_JWT_TYPE },
	};
	struct wye_jwt_verifier *verifier =
		with_secret((struct wye_jwt_rules) { .type = "at+jwt" });

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect(verifier, sign(rows[i].text, "{}"), rows[i].text, rows[i].verdict);
	wye_jwt_verifier_destroy(verifier);
}

/* ---- shapes ---- */

static void shapes(void **state)
{
	static const char *const texts[] = {
		"",
		".",
		"..",
		"...",
		"a.b",
		"a.b.c",
		"a.b.c.d",
		"eyJhbGciOiJIUzI1NiJ9..",
		"eyJhbGciOiJIUzI1NiJ9..AAAA",
		".e30.AAAA",
		"eyJhbGciOiJIUzI1NiJ9.e30.AAAA.AAAA",
		"eyJhbGciOiJIUzI1NiJ9.e30.AAAA=",
		"eyJhbGciOiJIUzI1NiJ9.e30. AAAA",
		"eyJhbGciOiJIUzI1NiJ9=.e30.AAAA",
		"eyJhbGciOiJIUzI1NiJ8.e30.AAAA",
		"e30=.e30.AAAA",
		" eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
		"eyJhbGciOiJIUzI1NiJ9\n.e30.AAAA",
	};
	struct wye_jwt_verifier *verifier = with_secret((struct wye_jwt_rules) { 0 });

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (ask(verifier, texts[i], NOW) != WYE_JWT_MALFORMED)
			fail_msg("\"%s\" is not malformed", texts[i]);
	wye_jwt_verifier_destroy(verifier);
}

/* A signature over what no encoder writes. */
static void padded_payload(void **state)
{
	static const char *const payloads[] = { "e30=", "e31", "e3 0", "e30\n", NULL };
	struct wye_jwt_verifier *verifier = with_secret((struct wye_jwt_rules) { 0 });

	(void)state;
	for (size_t i = 0; payloads[i]; i++) {
		char token[256], signature[64];
		unsigned char made[32];
		size_t length;

		snprintf(token, sizeof token, "eyJhbGciOiJIUzI1NiJ9.%s", payloads[i]);
		assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, SECRET,
					  strlen(SECRET), (unsigned char *)token, strlen(token),
					  made, sizeof made, &length));
		signature[wye_base64url_encode(signature, made, length)] = '\0';
		strcat(strcat(token, "."), signature);
		assert_int_equal(ask(verifier, token, NOW), WYE_JWT_MALFORMED);
	}
	wye_jwt_verifier_destroy(verifier);
}

static void sizes(void **state)
{
	struct wye_jwt_verifier *verifier =
		with_secret((struct wye_jwt_rules) { .max_token = 200 });
	char payload[8000];

	(void)state;
	for (size_t length = 0; length < 300; length++) {
		char *token;

		snprintf(payload, sizeof payload, "{\"a\":\"%0*d\"}", (int)length + 1, 0);
		token = sign(HEADER, payload);
		expect(verifier, token, payload,
		       strlen(token) <= 200 ? WYE_JWT_VALID : WYE_JWT_TOO_LARGE);
	}
	wye_jwt_verifier_destroy(verifier);
	verifier = with_secret((struct wye_jwt_rules) { 0 });
	snprintf(payload, sizeof payload, "{\"a\":\"%07000d\"}", 0);
	expect(verifier, sign(HEADER, payload), "9 KB", WYE_JWT_TOO_LARGE);
	wye_jwt_verifier_destroy(verifier);
	verifier = with_secret((struct wye_jwt_rules) { .max_token = 20000 });
	expect(verifier, sign(HEADER, payload), "9 KB", WYE_JWT_VALID);
	wye_jwt_verifier_destroy(verifier);
}

/* ---- payloads ---- */

static void payloads(void **state)
{
	static const struct row rows[] = {
		{ "{}", WYE_JWT_VALID },
		{ "{\"a\":1,\"b\":[true,null,1.5,{}]}", WYE_JWT_VALID },
		{ "{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}", WYE_JWT_VALID },
		{ "{\"a\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}", WYE_JWT_VALID },
		{ "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
		  WYE_JWT_VALID },
		{ "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
		  WYE_JWT_MALFORMED },
		{ "[]", WYE_JWT_MALFORMED },
		{ "null", WYE_JWT_MALFORMED },
		{ "{\"a\":1,\"a\":1}", WYE_JWT_MALFORMED },
		{ "{\"a\":1,\"\\u0061\":1}", WYE_JWT_MALFORMED },
		{ "{\"a\":\"\\u0000\"}", WYE_JWT_MALFORMED },
		{ "{\"\\u0000\":1}", WYE_JWT_MALFORMED },
		{ "{\"a\":\"\xff\"}", WYE_JWT_MALFORMED },
		{ "{\"a\":\"\\ud800\"}", WYE_JWT_MALFORMED },
		{ "{\"a\":1e400}", WYE_JWT_MALFORMED },
		{ "{\"a\":99999999999999999999}", WYE_JWT_MALFORMED },
		{ "{\"a\":01}", WYE_JWT_MALFORMED },
		{ "{\"a\":NaN}", WYE_JWT_MALFORMED },
		{ "{\"a\":1,}", WYE_JWT_MALFORMED },
		{ "{a:1}", WYE_JWT_MALFORMED },
		{ "{}//", WYE_JWT_MALFORMED },
		/* Times are numbers; NOW is 1000000. */
		{ "{\"exp\":1000001}", WYE_JWT_VALID },
		{ "{\"exp\":1000000.5}", WYE_JWT_VALID },
		{ "{\"exp\":1e9}", WYE_JWT_VALID },
		{ "{\"exp\":9223372036854775807}", WYE_JWT_VALID },
		{ "{\"exp\":1000000}", WYE_JWT_EXPIRED },
		{ "{\"exp\":0}", WYE_JWT_EXPIRED },
		{ "{\"exp\":-1}", WYE_JWT_EXPIRED },
		{ "{\"exp\":-1e300}", WYE_JWT_EXPIRED },
		{ "{\"exp\":1e400}", WYE_JWT_MALFORMED },
		{ "{\"exp\":\"1000001\"}", WYE_JWT_MALFORMED },
		{ "{\"exp\":null}", WYE_JWT_MALFORMED },
		{ "{\"exp\":[1000001]}", WYE_JWT_MALFORMED },
		{ "{\"exp\":true}", WYE_JWT_MALFORMED },
		{ "{\"nbf\":1000000}", WYE_JWT_VALID },
		{ "{\"nbf\":1000001}", WYE_JWT_NOT_YET },
		{ "{\"nbf\":\"0\"}", WYE_JWT_MALFORMED },
		{ "{\"iat\":1000000}", WYE_JWT_VALID },
		{ "{\"iat\":1000000.5}", WYE_JWT_NOT_YET },
		{ "{\"iat\":{}}", WYE_JWT_MALFORMED },
		{ "{\"exp\":1,\"nbf\":2000000}", WYE_JWT_EXPIRED },
	};
	struct wye_jwt_verifier *verifier = with_secret((struct wye_jwt_rules) { 0 });

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect(verifier, sign(HEADER, rows[i].text), rows[i].text, rows[i].verdict);
	expect(verifier, sign_text(text(HEADER), (struct wye_text) { "{\"a\":\"\0\"}", 9 }),
	       "a NUL", WYE_JWT_MALFORMED);
	expect(verifier, sign_text(text(HEADER), (struct wye_text) { "{}\0", 3 }),
	       "a NUL behind", WYE_JWT_MALFORMED);
	wye_jwt_verifier_destroy(verifier);
}

/* 8 KB of brackets do not recurse. */
static void deep(void **state)
{
	struct wye_jwt_verifier *verifier =
		with_secret((struct wye_jwt_rules) { .max_token = 65536 });
	char payload[30000];

	(void)state;
	memset(payload, '[', sizeof payload);
	memcpy(payload, "{\"a\":", 5);
	payload[sizeof payload - 1] = '\0';
	expect(verifier, sign(HEADER, payload), "brackets", WYE_JWT_MALFORMED);
	wye_jwt_verifier_destroy(verifier);
}

static void leeway(void **state)
{
	static const struct row rows[] = {
		{ "{\"exp\":999991}", WYE_JWT_VALID },
		{ "{\"exp\":999990}", WYE_JWT_EXPIRED },
		{ "{\"nbf\":1000010}", WYE_JWT_VALID },
		{ "{\"nbf\":1000011}", WYE_JWT_NOT_YET },
		{ "{\"iat\":1000010}", WYE_JWT_VALID },
		{ "{\"iat\":1000011}", WYE_JWT_NOT_YET },
	};
	struct wye_jwt_verifier *verifier =
		with_secret((struct wye_jwt_rules) { .leeway = 10 });

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect(verifier, sign(HEADER, rows[i].text), rows[i].text, rows[i].verdict);
	wye_jwt_verifier_destroy(verifier);
}

static void claims(void **state)
{
	static const char *const issuers[] = { "joe", "jane", NULL };
	static const char *const audiences[] = { "api", "web", NULL };
	static const char *const wanted[] = { "sub", "role=admin", "level=3", "staff=true",
					      NULL };
	static const char *const scopes[] = { "read", "write", NULL };
	static const struct {
		struct wye_jwt_rules rules;
		struct row rows[12];
	} cases[] = {
		{ { .issuers = issuers },
		  { { "{\"iss\":\"joe\"}", WYE_JWT_VALID },
		    { "{\"iss\":\"jane\"}", WYE_JWT_VALID },
		    { "{\"iss\":\"Joe\"}", WYE_JWT_ISSUER },
		    { "{\"iss\":\"joe \"}", WYE_JWT_ISSUER },
		    { "{\"iss\":[\"joe\"]}", WYE_JWT_ISSUER },
		    { "{}", WYE_JWT_ISSUER } } },
		{ { .audiences = audiences },
		  { { "{\"aud\":\"api\"}", WYE_JWT_VALID },
		    { "{\"aud\":[\"x\",\"web\"]}", WYE_JWT_VALID },
		    { "{\"aud\":[1,\"web\"]}", WYE_JWT_VALID },
		    { "{\"aud\":[]}", WYE_JWT_AUDIENCE },
		    { "{\"aud\":\"api web\"}", WYE_JWT_AUDIENCE },
		    { "{\"aud\":[[\"api\"]]}", WYE_JWT_AUDIENCE },
		    { "{\"aud\":{\"api\":1}}", WYE_JWT_AUDIENCE },
		    { "{}", WYE_JWT_AUDIENCE } } },
		{ { .claims = wanted },
		  { { "{\"sub\":\"a\",\"role\":\"admin\",\"level\":3,\"staff\":true}",
		      WYE_JWT_VALID },
		    { "{\"sub\":null,\"role\":[\"x\",\"admin\"],\"level\":[3],\"staff\":true}",
		      WYE_JWT_VALID },
		    { "{\"role\":\"admin\",\"level\":3,\"staff\":true}", WYE_JWT_CLAIM },
		    { "{\"sub\":\"a\",\"role\":\"admins\",\"level\":3,\"staff\":true}",
		      WYE_JWT_CLAIM },
		    { "{\"sub\":\"a\",\"role\":\"admin\",\"level\":30,\"staff\":true}",
		      WYE_JWT_CLAIM },
		    { "{\"sub\":\"a\",\"role\":\"admin\",\"level\":3,\"staff\":false}",
		      WYE_JWT_CLAIM },
		    { "{\"sub\":\"a\",\"role\":{\"admin\":1},\"level\":3,\"staff\":true}",
		      WYE_JWT_CLAIM } } },
		{ { .scopes = scopes },
		  { { "{\"scope\":\"read write\"}", WYE_JWT_VALID },
		    { "{\"scope\":\"x write  read\"}", WYE_JWT_VALID },
		    { "{\"scope\":[\"write\",\"read\"]}", WYE_JWT_VALID },
		    { "{\"scp\":\"read write\"}", WYE_JWT_VALID },
		    { "{\"scp\":[\"read\",\"write\"]}", WYE_JWT_VALID },
		    { "{\"scope\":\"read\"}", WYE_JWT_SCOPE },
		    { "{\"scope\":\"read writes\"}", WYE_JWT_SCOPE },
		    { "{\"scope\":\"readwrite\"}", WYE_JWT_SCOPE },
		    { "{\"scope\":\"read\",\"scp\":\"write\"}", WYE_JWT_SCOPE },
		    { "{\"scope\":1}", WYE_JWT_SCOPE },
		    { "{}", WYE_JWT_SCOPE } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct wye_jwt_verifier *verifier = with_secret(cases[i].rules);

		for (const struct row *row = cases[i].rows; row->text; row++)
			expect(verifier, sign(HEADER, row->text), row->text, row->verdict);
		wye_jwt_verifier_destroy(verifier);
	}
}

/* ---- an accepted one ---- */

static int list(void *argument, const char *name, struct wye_text value)
{
	char *out = argument;

	sprintf(out + strlen(out), "%s=%.*s|", name, (int)value.length, value.data);
	return !strcmp(name, "stop") ? 7 : 0;
}

static void accepted(void **state)
{
	struct wye_jwt_verifier *verifier = with_secret((struct wye_jwt_rules) { 0 });
	char *token = sign(HEADER, "{\"sub\":\"\xc3\xa4\",\"n\":-5,\"f\":1.5,\"b\":false,"
				   "\"l\":[1, \"x\"],\"z\":null,\"stop\":1,\"later\":1}");
	char text_of_all[256] = "";
	struct wye_jwt *jwt;
	double number;

	(void)state;
	assert_int_equal(wye_jwt_verify(verifier, text(token), &jwt), WYE_JWT_VALID);
	assert_string_equal(wye_jwt_string(jwt, "sub").data, "\xc3\xa4");
	assert_null(wye_jwt_string(jwt, "n").data);
	assert_null(wye_jwt_string(jwt, "none").data);
	assert_true(wye_jwt_number(jwt, "n", &number) && number == -5);
	assert_true(wye_jwt_number(jwt, "f", &number) && number == 1.5);
	assert_false(wye_jwt_number(jwt, "sub", &number));
	assert_int_equal(wye_jwt_each(jwt, list, text_of_all), 7);
	assert_string_equal(text_of_all,
			    "sub=\xc3\xa4|n=-5|f=1.5|b=false|l=[1,\"x\"]|z=null|stop=1|");
	wye_jwt_destroy(jwt);
	free(token);
	wye_jwt_verifier_destroy(verifier);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),        cmocka_unit_test(ed25519),
		cmocka_unit_test(changed),        cmocka_unit_test(bad_ecdsa),
		cmocka_unit_test(huge_signature), cmocka_unit_test(headers),
		cmocka_unit_test(confusion),      cmocka_unit_test(types),
		cmocka_unit_test(shapes),         cmocka_unit_test(padded_payload),
		cmocka_unit_test(sizes),          cmocka_unit_test(payloads),
		cmocka_unit_test(deep),           cmocka_unit_test(leeway),
		cmocka_unit_test(claims),         cmocka_unit_test(accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
