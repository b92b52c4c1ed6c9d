/* SPDX-License-Identifier: MIT
 *
 * hello_context.h - for fuzz_hello: randomness that is a counter, and a server's context with
 * certificates that are made by it, so that they are the same in each run. Include it once,
 * with OPENSSL_SUPPRESS_DEPRECATED defined before all of OpenSSL: OpenSSL 3 has no shorter way.
 */
#ifndef WYE_TESTS_FUZZ_HELLO_CONTEXT_H
#define WYE_TESTS_FUZZ_HELLO_CONTEXT_H

#include <sys/mman.h>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "target.h"
#include "tls/context.h"

/* ---- randomness ---- */

static uint64_t counter;

static int random_bytes(unsigned char *out, int size)
{
	for (int i = 0; i < size; i++) {
		counter = counter * 6364136223846793005 + 1442695040888963407;
		out[i] = (unsigned char)(counter >> 56);
	}
	return 1;
}

static int random_status(void)
{
	return 1;
}

static const RAND_METHOD counted = { .bytes = random_bytes,
				     .pseudorand = random_bytes,
				     .status = random_status };

/* ---- certificates ---- */

/* A file without a name, kept open. */
static FILE *make_file(char *path, size_t size, const char *name)
{
	int descriptor = memfd_create(name, MFD_CLOEXEC);

	snprintf(path, size, "/proc/self/fd/%d", descriptor);
	return descriptor < 0 ? NULL : fdopen(descriptor, "w");
}

static void add_names(X509 *certificate, const char *names)
{
	X509_EXTENSION *extension =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

	must(extension && X509_add_ext(certificate, extension, -1), "names");
	X509_EXTENSION_free(extension);
}

static X509 *make_certificate(EVP_PKEY *key, const char *names)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20200101000000Z");
	ASN1_TIME_set_string(X509_getm_notAfter(certificate), "21200101000000Z");
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1,
				   -1, 0);
	X509_set_issuer_name(certificate, name);
	add_names(certificate, names);
	must(X509_set_pubkey(certificate, key) && X509_sign(certificate, key, EVP_sha256()),
	     "a certificate");
	return certificate;
}

/* A certificate and its key, which stay open as files without names. */
struct pair {
	FILE *certificate_file, *key_file;
	char certificate[64], key[64];
};

static void make_pair(struct pair *pair, const char *names)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = make_certificate(key, names);

	pair->certificate_file =
		make_file(pair->certificate, sizeof pair->certificate, "certificate");
	pair->key_file = make_file(pair->key, sizeof pair->key, "key");
	must(PEM_write_X509(pair->certificate_file, certificate) &&
		     PEM_write_PrivateKey(pair->key_file, key, NULL, NULL, 0, NULL, NULL) &&
		     !fflush(pair->certificate_file) && !fflush(pair->key_file),
	     "files");
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void close_pair(const struct pair *pair)
{
	fclose(pair->certificate_file);
	fclose(pair->key_file);
}

/* The same in each run, by the counter. A client that names its host gets the second. */
static struct wye_tls_context *make_context(void)
{
	static struct pair first, second;
	static const struct wye_tls_pair pairs[] = { { first.certificate, first.key },
						     { second.certificate, second.key } };
	const struct wye_tls_setup setup = { .pairs = pairs, .count = 2 };
	struct wye_tls_context *context = NULL;
	struct wye_tls_fault fault;

	make_pair(&first, "DNS:test");
	make_pair(&second, "DNS:a.example,DNS:*.b.example");
	must(!wye_tls_context_create(&context, &setup, &fault), "a context");
	close_pair(&first);
	close_pair(&second);
	return context;
}

#endif
