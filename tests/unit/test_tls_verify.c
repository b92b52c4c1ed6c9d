/* SPDX-License-Identifier: MIT
 *
 * test_tls_verify.c - what becomes known of a client's certificate, and what its tickets are
 * worth: over memory, with certificates made here, in contexts that share their keys of
 * tickets.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tls/peer.h"
#include "tls/verify.h"
#include "unit.h"

enum {
	KEYS = 80, /* bytes of the keys of tickets */
};

static char folder[] = "/tmp/test_tls_verify.XXXXXX", ca_path[64], other_path[64], crl_path[64];
static EVP_PKEY *key;
static X509 *ca;
static SSL_SESSION *session;
static struct wye_tls_lists lists; /* what was said last */

/* ---- the clock, also OpenSSL's ---- */

static time_t ahead;

WYE_API time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += ahead;
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

/* ---- certificates ---- */

static void add(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static void add_name(X509 *certificate, const char *field, const char *value, int length)
{
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), field, MBSTRING_UTF8,
				   (const unsigned char *)value, length, -1, 0);
}

/* All have the same key. Signed by sign(). */
static X509 *make(long seconds)
{
	X509 *certificate = X509_new();

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 0xabc);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), seconds);
	X509_set_pubkey(certificate, key);
	return certificate;
}

static void sign(X509 *certificate)
{
	X509_set_issuer_name(certificate, ca ? X509_get_subject_name(ca)
					     : X509_get_subject_name(certificate));
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
}

static X509 *make_named(const char *name, long seconds)
{
	X509 *certificate = make(seconds);

	add_name(certificate, "CN", name, -1);
	sign(certificate);
	return certificate;
}

static void write_certificate(const char *path, X509 *certificate)
{
	FILE *out = fopen(path, "w");

	assert_true(PEM_write_X509(out, certificate));
	fclose(out);
}

/* A list that revokes serial numbers from 1 to `last`. */
static void write_list(int last, long seconds)
{
	X509_CRL *list = X509_CRL_new();
	ASN1_TIME *at = X509_gmtime_adj(NULL, -60);
	FILE *out = fopen(crl_path, "w");

	X509_CRL_set_version(list, 1);
	X509_CRL_set_issuer_name(list, X509_get_subject_name(ca));
	X509_CRL_set1_lastUpdate(list, at);
	X509_CRL_set1_nextUpdate(list, X509_gmtime_adj(at, seconds));
	for (int i = 1; i <= last; i++) {
		X509_REVOKED *entry = X509_REVOKED_new();
		ASN1_INTEGER *serial = ASN1_INTEGER_new();

		ASN1_INTEGER_set(serial, i);
		X509_REVOKED_set_serialNumber(entry, serial);
		X509_REVOKED_set_revocationDate(entry, at);
		X509_CRL_add0_revoked(list, entry);
		ASN1_INTEGER_free(serial);
	}
	assert_true(X509_CRL_sign(list, key, EVP_sha256()) > 0);
	assert_true(PEM_write_X509_CRL(out, list));
	fclose(out);
	X509_CRL_free(list);
	ASN1_TIME_free(at);
}

static int set_up_all(void **state)
{
	X509 *other;

	(void)state;
	key = EVP_EC_gen("P-256");
	ca = make(3600);
	add_name(ca, "CN", "Test CA", -1);
	add(ca, NID_basic_constraints, "critical,CA:true");
	X509_set_issuer_name(ca, X509_get_subject_name(ca));
	if (!mkdtemp(folder) || !X509_sign(ca, key, EVP_sha256()))
		return -1;
	snprintf(ca_path, sizeof ca_path, "%s/ca.pem", folder);
	snprintf(other_path, sizeof other_path, "%s/other.pem", folder);
	snprintf(crl_path, sizeof crl_path, "%s/crl.pem", folder);
	write_certificate(ca_path, ca);
	other = make_named("spare", 3600);
	write_certificate(other_path, other);
	X509_free(other);
	return 0;
}

static int tear_down_all(void **state)
{
	(void)state;
	unlink(ca_path);
	unlink(other_path);
	unlink(crl_path);
	X509_free(ca);
	EVP_PKEY_free(key);
	return rmdir(folder);
}

/* ---- a handshake ---- */

static SSL_CTX *server_context(const struct wye_tls_verify *verify)
{
	static unsigned char keys[KEYS] = "the same for all";
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	enum wye_tls_setting wrong;
	struct wye_error why;

	SSL_CTX_use_certificate(context, ca);
	SSL_CTX_use_PrivateKey(context, key);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_tlsext_ticket_keys(context, keys, sizeof keys);
	if (wye_tls_verify_apply(&context, 1, verify, &lists, &wrong, &why))
		fail_msg("%s", why.text);
	return context;
}

static int keep_session(SSL *ssl, SSL_SESSION *given)
{
	(void)ssl;
	SSL_SESSION_free(session);
	session = given;
	return 1;
}

static SSL_CTX *client_context(X509 *certificate, int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (certificate) {
		SSL_CTX_use_certificate(context, certificate);
		SSL_CTX_use_PrivateKey(context, key);
	}
	SSL_CTX_set_max_proto_version(context, version);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT |
							SSL_SESS_CACHE_NO_INTERNAL_STORE);
	SSL_CTX_sess_set_new_cb(context, keep_session);
	return context;
}

/* Both sides in turn, until they have said all. */
static void shake_hands(SSL *server, SSL *client)
{
	char byte;

	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (int i = 0; i < 10; i++) {
		(void)SSL_do_handshake(client);
		(void)SSL_do_handshake(server);
	}
	(void)SSL_read(client, &byte, 1);
	ERR_clear_error();
}

/* Who a server finds at the other end; NULL: the handshake has failed. The session that a
 * client has is resumed. */
static const struct wye_tls_peer *meet(const struct wye_tls_verify *verify, X509 *certificate,
				       int version)
{
	SSL_CTX *contexts[] = { server_context(verify), client_context(certificate, version) };
	SSL *server = SSL_new(contexts[0]), *client = SSL_new(contexts[1]);
	const struct wye_tls_peer *peer = NULL;
	BIO *one, *other;

	BIO_new_bio_pair(&one, 65536, &other, 65536);
	SSL_set_bio(server, one, one);
	SSL_set_bio(client, other, other);
	if (session)
		SSL_set_session(client, session);
	shake_hands(server, client);
	if (SSL_is_init_finished(server))
		assert_int_equal(wye_tls_peer_create(&peer, server), 0);
	SSL_set_shutdown(client, SSL_SENT_SHUTDOWN); /* else its session is thrown away */
	SSL_free(server);
	SSL_free(client);
	SSL_CTX_free(contexts[0]);
	SSL_CTX_free(contexts[1]);
	return peer;
}

static int forget(void **state)
{
	(void)state;
	ahead = 0;
	SSL_SESSION_free(session);
	session = NULL;
	return 0;
}

static void expect(const struct wye_tls_verify *verify, X509 *certificate, int version,
		   bool resumed)
{
	const struct wye_tls_peer *peer = meet(verify, certificate, version);

	assert_non_null(peer);
	assert_int_equal(peer->resumed, resumed);
	if (certificate)
		assert_string_equal(peer->common_name.data, "alice");
	else
		assert_null(peer->fingerprint.data);
	wye_tls_peer_release(peer);
}

static const int VERSIONS[] = { TLS1_2_VERSION, TLS1_3_VERSION };
static const struct wye_tls_verify PLAIN = { WYE_TLS_VERIFY_REQUIRED, ca_path, NULL, 0 };
static const struct wye_tls_verify LISTED = { WYE_TLS_VERIFY_REQUIRED, ca_path, crl_path, 0 };

/* ---- what is known ---- */

static void parts(void **state)
{
	X509 *certificate = make(86400);
	const struct wye_tls_peer *peer;

	(void)state;
	add_name(certificate, "O", "Müller, Söhne", -1);
	add_name(certificate, "CN", "first", -1);
	add_name(certificate, "CN", "zoë", -1);
	add(certificate, NID_subject_alt_name,
	    "DNS:a.org,IP:::1,URI:spiffe://a/b,email:x@a.org,RID:1.2.3,IP:192.0.2.7");
	sign(certificate);
	peer = meet(&PLAIN, certificate, TLS1_3_VERSION);
	assert_non_null(peer);
	assert_string_equal(peer->version.data, "TLSv1.3");
	assert_string_equal(peer->common_name.data, "zoë");
	assert_string_equal(peer->subject.data,
			    "CN=zo\\C3\\AB,CN=first,O=M\\C3\\BCller\\, S\\C3\\B6hne");
	assert_string_equal(peer->issuer.data, "CN=Test CA");
	assert_string_equal(peer->serial.data, "0abc");
	assert_int_equal(peer->fingerprint.length, 64);
	assert_in_range(peer->not_after - time(NULL), 86000, 86400);
	assert_int_equal(peer->name_count, 5);
	assert_string_equal(peer->names[1].value.data, "::1");
	assert_string_equal(peer->names[2].value.data, "spiffe://a/b");
	assert_int_equal(peer->names[3].kind, WYE_TLS_EMAIL);
	assert_string_equal(peer->names[4].value.data, "192.0.2.7");
	assert_ptr_equal(wye_tls_peer_hold(peer), peer);
	wye_tls_peer_release(peer);
	assert_string_equal(peer->issuer.data, "CN=Test CA");
	wye_tls_peer_release(peer);
	X509_free(certificate);
}

static void add_raw_name(GENERAL_NAMES *names, const char *data, int length)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	ASN1_STRING_set(text, data, length);
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	sk_GENERAL_NAME_push(names, name);
}

/* Names that try to be taken for another. */
static void odd_parts(void **state)
{
	X509 *certificate = make(3600);
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	const struct wye_tls_peer *peer;

	(void)state;
	add_name(certificate, "CN", "alice\0evil", 10);
	add_raw_name(names, "a.org\0.evil", 11);
	add_raw_name(names, "a\r\nX: y", 7);
	add_raw_name(names, "good.org", 8);
	X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0);
	sign(certificate);
	peer = meet(&PLAIN, certificate, TLS1_3_VERSION);
	assert_non_null(peer);
	assert_null(peer->common_name.data);
	assert_string_equal(peer->subject.data, "CN=alice\\00evil");
	assert_int_equal(peer->name_count, 1);
	assert_string_equal(peer->names[0].value.data, "good.org");
	wye_tls_peer_release(peer);
	GENERAL_NAMES_free(names);
	X509_free(certificate);
}

static void empty_subject(void **state)
{
	X509 *certificate = make(3600);
	const struct wye_tls_peer *peer;

	(void)state;
	add(certificate, NID_subject_alt_name, "critical,URI:spiffe://a/b");
	sign(certificate);
	peer = meet(&PLAIN, certificate, TLS1_3_VERSION);
	assert_non_null(peer);
	assert_string_equal(peer->subject.data, "");
	assert_null(peer->common_name.data);
	assert_int_equal(peer->name_count, 1);
	wye_tls_peer_release(peer);
	X509_free(certificate);
}

static void nobody(void **state)
{
	struct wye_tls_verify optional = PLAIN;

	(void)state;
	optional.mode = WYE_TLS_VERIFY_OPTIONAL;
	for (size_t i = 0; i < 2; i++) {
		assert_null(meet(&PLAIN, NULL, VERSIONS[i]));
		expect(&optional, NULL, VERSIONS[i], false);
		expect(&optional, NULL, VERSIONS[i], true);
		forget(state);
	}
	assert_null(wye_tls_peer_hold(NULL));
	wye_tls_peer_release(NULL);
}

/* ---- tickets ---- */

static void resumed(void **state)
{
	X509 *alice = make_named("alice", 3600);

	write_list(1, 3600);
	for (size_t i = 0; i < 2; i++) {
		expect(&LISTED, alice, VERSIONS[i], false);
		expect(&LISTED, alice, VERSIONS[i], true);
		expect(&LISTED, alice, VERSIONS[i], true);
		forget(state);
	}
	X509_free(alice);
}

/* The keys of tickets are the same; what is believed is not. */
static void other_terms(void **state)
{
	const struct wye_tls_verify terms[] = {
		{ WYE_TLS_VERIFY_REQUIRED, ca_path, NULL, 1 },
		{ WYE_TLS_VERIFY_OPTIONAL, ca_path, NULL, 0 },
		{ WYE_TLS_VERIFY_REQUIRED, ca_path, crl_path, 0 },
	};
	X509 *alice = make_named("alice", 3600);

	write_list(1, 3600);
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < sizeof terms / sizeof terms[0]; j++) {
			expect(&PLAIN, alice, VERSIONS[i], false);
			expect(&terms[j], alice, VERSIONS[i], false);
			forget(state);
		}
	X509_free(alice);
}

/* Revoked meanwhile: the certificate has number 0xabc. */
static void other_list(void **state)
{
	X509 *alice = make_named("alice", 3600);

	for (size_t i = 0; i < 2; i++) {
		write_list(1, 3600);
		expect(&LISTED, alice, VERSIONS[i], false);
		write_list(2, 3600);
		expect(&LISTED, alice, VERSIONS[i], false);
		expect(&LISTED, alice, VERSIONS[i], true);
		write_list(0xabc, 3600);
		assert_null(meet(&LISTED, alice, VERSIONS[i]));
		forget(state);
	}
	X509_free(alice);
}

/* What was valid at the handshake is not any more when the ticket comes. */
static void out_of_date(void **state)
{
	X509 *brief = make_named("alice", 100), *alice = make_named("alice", 3600);

	write_list(1, 100);
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < 2; j++) {
			expect(j ? &LISTED : &PLAIN, j ? alice : brief, VERSIONS[i], false);
			ahead = 90;
			expect(j ? &LISTED : &PLAIN, j ? alice : brief, VERSIONS[i], true);
			ahead = 110;
			assert_null(meet(j ? &LISTED : &PLAIN, j ? alice : brief, VERSIONS[i]));
			forget(state);
		}
		expect(&PLAIN, alice, VERSIONS[i], false);
		ahead = 110;
		expect(&PLAIN, alice, VERSIONS[i], true);
		forget(state);
	}
	X509_free(brief);
	X509_free(alice);
}

/* ---- files ---- */

static void doubts(void **state)
{
	X509 *root = ca;

	(void)state;
	write_list(1, 100);
	SSL_CTX_free(server_context(&LISTED));
	assert_in_range(lists.end - time(NULL), 90, 100);
	assert_string_equal(lists.doubt.text, "");
	ahead = 110;
	SSL_CTX_free(server_context(&LISTED));
	assert_non_null(strstr(lists.doubt.text, "crl.pem: a list is out of date since 20"));
	ahead = 0;
	ca = make_named("another", 3600); /* whose list is of no use here */
	write_list(1, 100);
	X509_free(ca);
	ca = root;
	SSL_CTX_free(server_context(&LISTED));
	assert_non_null(strstr(lists.doubt.text, "crl.pem: there is no list by /CN=Test CA"));
}

static void bad_files(void **state)
{
	static const struct {
		struct wye_tls_verify verify;
		enum wye_tls_setting wrong;
		const char *sentence;
	} cases[] = {
		{ { WYE_TLS_VERIFY_REQUIRED, "/no", NULL, 1 },
		  WYE_TLS_CLIENT_CA,
		  "/no: No such file or directory" },
		{ { WYE_TLS_VERIFY_OPTIONAL, crl_path, NULL, 1 },
		  WYE_TLS_CLIENT_CA,
		  "has no certificate in it" },
		{ { WYE_TLS_VERIFY_OPTIONAL, ca_path, other_path, 1 },
		  WYE_TLS_CRL,
		  "has no revocation list in it" },
		{ { WYE_TLS_VERIFY_OPTIONAL, ca_path, "/tmp", 1 }, WYE_TLS_CRL, "/tmp: " },
	};
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	(void)state;
	write_list(1, 3600);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum wye_tls_setting wrong;
		struct wye_error why;

		assert_int_not_equal(wye_tls_verify_apply(&context, 1, &cases[i].verify, &lists,
							  &wrong, &why),
				     0);
		assert_int_equal(wrong, cases[i].wrong);
		if (!strstr(why.text, cases[i].sentence))
			fail_msg("%s", why.text);
		assert_int_equal(ERR_peek_error(), 0);
	}
	SSL_CTX_free(context);
}

#define TEST(function) cmocka_unit_test_teardown(function, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parts),   TEST(odd_parts),   TEST(empty_subject), TEST(nobody),
		TEST(resumed), TEST(other_terms), TEST(other_list),    TEST(out_of_date),
		TEST(doubts),  TEST(bad_files),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
