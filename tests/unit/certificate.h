/* SPDX-License-Identifier: MIT
 *
 * certificate.h - for tests: a key and a certificate that it has signed itself, in files.
 */
#ifndef WYE_TESTS_UNIT_CERTIFICATE_H
#define WYE_TESTS_UNIT_CERTIFICATE_H

#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* Returns 0 if both are written. */
static int certificate_write(const char *certificate_path, const char *key_path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	FILE *certificate_file = fopen(certificate_path, "w"), *key_file = fopen(key_path, "w");
	int written;

	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1,
				   -1, 0);
	X509_set_issuer_name(certificate, name);
	written = X509_sign(certificate, key, EVP_sha256()) &&
		  PEM_write_X509(certificate_file, certificate) &&
		  PEM_write_PrivateKey(key_file, key, NULL, NULL, 0, NULL, NULL);
	fclose(certificate_file);
	fclose(key_file);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return written ? 0 : -1;
}

#endif
