/* SPDX-License-Identifier: MIT
 *
 * sign.c - see sign.h.
 */
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "jwt/base64url.h"
#include "jwt/key.h"
#include "jwt/sign.h"

enum {
	P256_BYTES = 32,
};

static int append_encoded(struct wye_buffer *out, const void *data, size_t length)
{
	if (!length)
		return 0;
	if (wye_buffer_reserve(out, WYE_BASE64URL_LENGTH(length)))
		return -ENOMEM;
	out->length += wye_base64url_encode(out->data + out->length, data, length);
	return 0;
}

static int sign_hmac(const struct wye_jwt_signer *signer, unsigned algorithm,
		     struct wye_text text, unsigned char *out, size_t *length)
{
	return EVP_Q_mac(NULL, "HMAC", NULL, wye_jwt_digest(algorithm), NULL,
			 signer->secret.data, signer->secret.length,
			 (const unsigned char *)text.data, text.length, out,
			 WYE_JWT_SIGNATURE_MAX, length)
		       ? 0
		       : -EIO;
}

/* From DER to the two numbers as they are (RFC 7518, 3.4). */
static int make_raw(unsigned char *signature, size_t *length)
{
	const unsigned char *der = signature;
	ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &der, (long)*length);
	bool fits =
		numbers && BN_bn2binpad(ECDSA_SIG_get0_r(numbers), signature, P256_BYTES) > 0 &&
		BN_bn2binpad(ECDSA_SIG_get0_s(numbers), signature + P256_BYTES, P256_BYTES) > 0;

	ECDSA_SIG_free(numbers);
	*length = 2 * P256_BYTES;
	return fits ? 0 : -EIO;
}

static int sign_private(const struct wye_jwt_signer *signer, unsigned algorithm,
			struct wye_text text, unsigned char *out, size_t *length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int error = -EIO;

	*length = WYE_JWT_SIGNATURE_MAX;
	if (context &&
	    EVP_DigestSignInit_ex(context, NULL, wye_jwt_digest(algorithm), NULL, NULL,
				  signer->pkey, NULL) == 1 &&
	    EVP_DigestSign(context, out, length, (const unsigned char *)text.data,
			   text.length) == 1)
		error = algorithm == WYE_JWT_ES256 ? make_raw(out, length) : 0;
	EVP_MD_CTX_free(context);
	return error;
}

static unsigned allowed(const struct wye_jwt_signer *signer)
{
	return signer->pkey ? wye_jwt_algorithms_of(signer->pkey)
			    : wye_jwt_algorithms_of_secret(signer->secret.length);
}

int wye_jwt_sign(struct wye_buffer *out, const struct wye_jwt_signer *signer,
		 unsigned algorithm, struct wye_text header, struct wye_text payload)
{
	unsigned char signature[WYE_JWT_SIGNATURE_MAX];
	size_t start = out->length, length;
	struct wye_text text;
	int error;

	if (!(allowed(signer) & algorithm))
		return -EINVAL;
	if (append_encoded(out, header.data, header.length) || wye_buffer_append(out, ".", 1) ||
	    append_encoded(out, payload.data, payload.length))
		return -ENOMEM;
	text = (struct wye_text) { out->data + start, out->length - start };
	error = algorithm & WYE_JWT_HMAC
			? sign_hmac(signer, algorithm, text, signature, &length)
			: sign_private(signer, algorithm, text, signature, &length);
	if (error)
		return error;
	if (wye_buffer_append(out, ".", 1) || append_encoded(out, signature, length))
		return -ENOMEM;
	return 0;
}

/* Without a question for a password on the terminal. */
static int no_password(char *buffer, int size, int writing, void *unused)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)unused;
	return -1;
}

EVP_PKEY *wye_jwt_private_key(struct wye_text pem)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return pkey;
}
