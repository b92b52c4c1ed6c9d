/* SPDX-License-Identifier: MIT
 *
 * keys.c - see keys.h. Key sets in JSON are read in jwks.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jwt/keys.h"

enum {
	PIECE = 4096,
};

void wye_jwt_keys_fini(struct wye_jwt_keys *keys)
{
	while (keys->first) {
		struct wye_jwt_key *next = keys->first->next;

		wye_jwt_key_destroy(keys->first);
		keys->first = next;
	}
	memset(keys, 0, sizeof *keys);
}

int wye_jwt_keys_add(struct wye_jwt_keys *keys, struct wye_jwt_key *key, struct wye_error *why)
{
	if (keys->count == WYE_JWT_KEYS_MAX) {
		wye_jwt_key_destroy(key);
		wye_error_set(why, "more than %d keys", WYE_JWT_KEYS_MAX);
		return -EINVAL;
	}
	if (keys->last)
		keys->last->next = key;
	else
		keys->first = key;
	keys->last = key;
	keys->count++;
	keys->algorithms |= key->algorithms;
	return 0;
}

int wye_jwt_keys_add_secret(struct wye_jwt_keys *keys, const void *secret, size_t length,
			    struct wye_error *why)
{
	struct wye_jwt_key *key;
	int error;

	if (wye_jwt_is_pem((struct wye_text) { secret, length })) {
		wye_error_set(why, "a PEM file is no secret: who has it could sign");
		return -EINVAL;
	}
	error = wye_jwt_key_create_secret(&key, secret, length, why);
	return error ? error : wye_jwt_keys_add(keys, key, why);
}

/* ---- PEM ---- */

bool wye_jwt_is_pem(struct wye_text text)
{
	return memmem(text.data ? text.data : "", text.length, "-----BEGIN ", 11);
}

static EVP_PKEY *key_of_certificate(const unsigned char *der, long length)
{
	X509 *certificate = d2i_X509(NULL, &der, length);
	EVP_PKEY *pkey = certificate ? X509_get_pubkey(certificate) : NULL;

	X509_free(certificate);
	return pkey;
}

static EVP_PKEY *key_of_public(const unsigned char *der, long length, const char *structure)
{
	EVP_PKEY *pkey = NULL;
	size_t left = (size_t)length;
	OSSL_DECODER_CTX *decoder = OSSL_DECODER_CTX_new_for_pkey(
		&pkey, "DER", structure, NULL, EVP_PKEY_PUBLIC_KEY, NULL, NULL);

	if (decoder)
		(void)OSSL_DECODER_from_data(decoder, &der, &left);
	OSSL_DECODER_CTX_free(decoder);
	return pkey;
}

/* One part of a PEM file, by what stands behind BEGIN. */
static int add_part(struct wye_jwt_keys *keys, const char *kind, const unsigned char *der,
		    long length, struct wye_error *why)
{
	struct wye_jwt_key *key;
	EVP_PKEY *pkey;
	int error;

	if (!strcmp(kind, PEM_STRING_X509))
		pkey = key_of_certificate(der, length);
	else if (!strcmp(kind, PEM_STRING_PUBLIC))
		pkey = key_of_public(der, length, "SubjectPublicKeyInfo");
	else if (!strcmp(kind, PEM_STRING_RSA_PUBLIC))
		pkey = key_of_public(der, length, "type-specific");
	else if (strstr(kind, "PRIVATE KEY")) {
		wye_error_set(why, "a private key; only its public part belongs here");
		return -EINVAL;
	} else {
		return 0; /* parameters, for example */
	}
	if (!pkey) {
		wye_error_set(why, "a %s that can't be read", kind);
		return -EINVAL;
	}
	error = wye_jwt_key_create_public(&key, pkey, why);
	return error ? error : wye_jwt_keys_add(keys, key, why);
}

int wye_jwt_keys_add_pem(struct wye_jwt_keys *keys, struct wye_text text, struct wye_error *why)
{
	BIO *bio = BIO_new_mem_buf(text.data, (int)text.length);
	char *kind = NULL, *header = NULL;
	unsigned char *der = NULL;
	size_t before = keys->count;
	long length;
	int error = bio ? 0 : -ENOMEM;

	while (!error && PEM_read_bio(bio, &kind, &header, &der, &length)) {
		error = add_part(keys, kind, der, length, why);
		OPENSSL_free(kind);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	BIO_free(bio);
	ERR_clear_error();
	if (!error && keys->count == before) {
		wye_error_set(why, "no public key in PEM");
		error = -EINVAL;
	}
	return error;
}

/* ---- files ---- */

static int read_all(struct wye_buffer *out, int descriptor)
{
	ssize_t got = 1;

	while (got > 0) {
		if (wye_buffer_reserve_secret(out, PIECE))
			return -ENOMEM;
		got = read(descriptor, out->data + out->length, PIECE);
		if (got < 0)
			return -errno;
		out->length += (size_t)got;
		if (out->length > WYE_JWT_FILE_MAX)
			return -EFBIG;
	}
	return 0;
}

int wye_jwt_read(struct wye_buffer *out, int descriptor, const char *name,
		 struct wye_error *why)
{
	int error = read_all(out, descriptor);

	if (error)
		wye_error_set(why, "%s: %s", name, strerror(-error));
	return error;
}

int wye_jwt_read_file(struct wye_buffer *out, const char *path, struct wye_error *why)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error;

	if (descriptor < 0) {
		error = -errno;
		wye_error_set(why, "%s: %s", path, strerror(-error));
		return error;
	}
	error = wye_jwt_read(out, descriptor, path, why);
	close(descriptor);
	return error;
}

void wye_jwt_name_file(struct wye_error *why, const char *path, const struct wye_error *what)
{
	wye_error_set(why, "%.200s: %.250s", path,
		      what->text[0] ? what->text : "out of memory");
}

struct wye_text wye_jwt_secret_text(const struct wye_buffer *file)
{
	size_t length = file->length;

	if (length && file->data[length - 1] == '\n')
		length--;
	if (length && file->data[length - 1] == '\r')
		length--;
	return (struct wye_text) { file->data, length };
}
