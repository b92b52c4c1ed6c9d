/* SPDX-License-Identifier: MIT
 *
 * identity.c - see identity.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/common.h"
#include "tls/identity.h"
#include "tls/names.h"

enum {
	NOT_THERE = -1, /* of X509_get_ext_d2i() */
};

static bool is_absent(unsigned long code)
{
	int library = ERR_GET_LIB(code), reason = ERR_GET_REASON(code);

	return (library == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) ||
	       (library == ERR_LIB_OSSL_DECODER && reason == ERR_R_UNSUPPORTED);
}

static int refuse(struct wye_error *why, const char *path, const char *thing)
{
	if (is_absent(ERR_peek_error())) {
		ERR_clear_error();
		wye_error_set(why, "%s: has no %s in it, in PEM", path, thing);
	} else
		wye_tls_explain(why, path);
	return -EINVAL;
}

/* ---- the certificate ---- */

/* Until there is no more; what follows that is no certificate is left alone. */
static bool read_chain(STACK_OF(X509) * chain, BIO *file)
{
	X509 *one;

	while ((one = PEM_read_bio_X509(file, NULL, wye_tls_no_password, NULL)))
		if (!sk_X509_push(chain, one)) {
			X509_free(one);
			return false;
		}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}

static int read_certificate(struct wye_tls_identity *out, const char *path,
			    struct wye_error *why)
{
	BIO *file = wye_tls_open(path);
	bool read = false;

	out->chain = sk_X509_new_null();
	if (file && out->chain) {
		out->certificate = PEM_read_bio_X509_AUX(file, NULL, wye_tls_no_password, NULL);
		read = out->certificate && read_chain(out->chain, file);
	}
	BIO_free(file);
	return read ? 0 : refuse(why, path, "certificate");
}

/* ---- the key ---- */

static const struct {
	int id;
	enum wye_tls_key_type type;
} TYPES[] = {
	{ EVP_PKEY_RSA, WYE_TLS_KEY_RSA },     { EVP_PKEY_RSA_PSS, WYE_TLS_KEY_RSA_PSS },
	{ EVP_PKEY_EC, WYE_TLS_KEY_EC },       { EVP_PKEY_ED25519, WYE_TLS_KEY_ED25519 },
	{ EVP_PKEY_ED448, WYE_TLS_KEY_ED448 },
};

static bool find_type(struct wye_tls_identity *out)
{
	int id = EVP_PKEY_get_base_id(out->key);

	for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
		if (TYPES[i].id == id) {
			out->type = TYPES[i].type;
			return true;
		}
	return false;
}

/* The text of a key does not stay behind in memory: it passes through `room` only. */
static EVP_PKEY *read_secret(const char *path, bool *locked)
{
	BIO *file = wye_tls_open(path);
	char room[4096];
	EVP_PKEY *key;
	FILE *stream;

	if (!file)
		return NULL;
	if (BIO_get_fp(file, &stream) == 1)
		setvbuf(stream, room, _IOFBF, sizeof room);
	key = PEM_read_bio_PrivateKey(file, NULL, wye_tls_no_password, locked);
	BIO_free(file);
	OPENSSL_cleanse(room, sizeof room);
	return key;
}

static int check_key(struct wye_tls_identity *out, const struct wye_tls_pair *files,
		     struct wye_error *why)
{
	if (X509_check_private_key(out->certificate, out->key) != 1) {
		ERR_clear_error();
		wye_error_set(why, "%s: is not the key of the first certificate in %s",
			      files->key, files->certificate);
		return -EINVAL;
	}
	if (!find_type(out)) {
		wye_error_set(why, "%s: a key of this type does not go with TLS", files->key);
		return -EINVAL;
	}
	return 0;
}

static int read_key(struct wye_tls_identity *out, const struct wye_tls_pair *files,
		    struct wye_error *why)
{
	bool locked = false;

	out->key = read_secret(files->key, &locked);
	if (locked) {
		ERR_clear_error();
		wye_error_set(why, "%s: the key has a password; one without is needed",
			      files->key);
		return -EINVAL;
	}
	return out->key ? check_key(out, files, why) : refuse(why, files->key, "key");
}

/* ---- names ---- */

static int add_name(struct wye_tls_identity *out, const ASN1_IA5STRING *value)
{
	const char *text = (const char *)ASN1_STRING_get0_data(value);
	char name[WYE_TLS_NAME_MAX + 1];

	if (!wye_tls_name_fold(text, (size_t)ASN1_STRING_length(value), name))
		return 0; /* no client asks for it */
	out->names[out->name_count] = strdup(name);
	return out->names[out->name_count] ? (out->name_count++, 0) : -ENOMEM;
}

/* Those of subjectAltName only: the subject's common name means nothing (RFC 9525, 2). */
static int read_names(struct wye_tls_identity *out)
{
	int found, error = 0;
	GENERAL_NAMES *all =
		X509_get_ext_d2i(out->certificate, NID_subject_alt_name, &found, NULL);
	int count = sk_GENERAL_NAME_num(all);

	if (!all && found != NOT_THERE) {
		ERR_clear_error();
		return -EINVAL;
	}
	out->names = calloc(count > 0 ? (size_t)count : 1, sizeof *out->names);
	if (!out->names)
		error = -ENOMEM;
	for (int i = 0; i < count && !error; i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);

		if (one->type == GEN_DNS)
			error = add_name(out, one->d.dNSName);
	}
	GENERAL_NAMES_free(all);
	return error;
}

/* ---- doubts ---- */

static void day(const ASN1_TIME *when, char out[16])
{
	struct tm parts = { .tm_mday = 1 };

	ASN1_TIME_to_tm(when, &parts);
	strftime(out, 16, "%Y-%m-%d", &parts);
}

static bool doubt_time(struct wye_tls_identity *out, const char *path)
{
	const ASN1_TIME *from = X509_get0_notBefore(out->certificate);
	const ASN1_TIME *to = X509_get0_notAfter(out->certificate);
	char date[16];

	if (X509_cmp_current_time(to) < 0) {
		day(to, date);
		wye_error_set(&out->doubt, "%s: the certificate expired on %s", path, date);
	} else if (X509_cmp_current_time(from) > 0) {
		day(from, date);
		wye_error_set(&out->doubt, "%s: the certificate is not valid before %s", path,
			      date);
	}
	return out->doubt.text[0];
}

/* Names are looked for in subjectAltName only (RFC 9525, 2). */
static bool doubt_use(struct wye_tls_identity *out, const char *path)
{
	if (X509_check_purpose(out->certificate, X509_PURPOSE_SSL_SERVER, 0) != 1)
		wye_error_set(&out->doubt, "%s: the certificate is not for servers", path);
	else if (X509_get_ext_by_NID(out->certificate, NID_subject_alt_name, -1) < 0)
		wye_error_set(&out->doubt,
			      "%s: the certificate has no subjectAltName: it is for no name",
			      path);
	return out->doubt.text[0];
}

/* True of what public authorities issue, which is never by a root itself. */
static bool names_issuer(X509 *certificate)
{
	AUTHORITY_INFO_ACCESS *all = X509_get_ext_d2i(certificate, NID_info_access, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(all); i++)
		found = found || OBJ_obj2nid(sk_ACCESS_DESCRIPTION_value(all, i)->method) ==
					 NID_ad_ca_issuers;
	AUTHORITY_INFO_ACCESS_free(all);
	return found;
}

static void doubt_chain(struct wye_tls_identity *out, const char *path)
{
	X509 *below = out->certificate;
	int length = sk_X509_num(out->chain);

	if (!length && names_issuer(below))
		wye_error_set(&out->doubt,
			      "%s: the chain is missing: the file ends with the certificate",
			      path);
	for (int i = 0; i < length; i++) {
		X509 *above = sk_X509_value(out->chain, i);

		if (X509_check_issued(above, below) != X509_V_OK) {
			wye_error_set(
				&out->doubt,
				"%s: the chain is broken: the certificate in place %d was "
				"not issued by the next",
				path, i + 1);
			return;
		}
		below = above;
	}
}

/* ---- all of it ---- */

int wye_tls_identity_load(struct wye_tls_identity *out, const struct wye_tls_pair *files,
			  enum wye_tls_setting *wrong, struct wye_error *why)
{
	int error;

	memset(out, 0, sizeof *out);
	*wrong = WYE_TLS_CERTIFICATE;
	error = read_certificate(out, files->certificate, why);
	if (error)
		return error;
	error = read_names(out);
	if (error) {
		wye_error_set(why, "%s: its names can't be read: %s", files->certificate,
			      strerror(-error));
		return error;
	}
	*wrong = WYE_TLS_KEY;
	error = read_key(out, files, why);
	if (error)
		return error;
	if (!doubt_time(out, files->certificate) && !doubt_use(out, files->certificate))
		doubt_chain(out, files->certificate);
	ERR_clear_error();
	return 0;
}

void wye_tls_identity_fini(struct wye_tls_identity *identity)
{
	for (size_t i = 0; i < identity->name_count; i++)
		free(identity->names[i]);
	free(identity->names);
	X509_free(identity->certificate);
	sk_X509_pop_free(identity->chain, X509_free);
	EVP_PKEY_free(identity->key);
	memset(identity, 0, sizeof *identity);
}

time_t wye_tls_identity_end(const struct wye_tls_identity *identity)
{
	return (time_t)wye_tls_seconds(X509_get0_notAfter(identity->certificate), 0);
}
