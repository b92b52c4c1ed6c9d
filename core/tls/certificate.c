/* SPDX-License-Identifier: MIT
 *
 * certificate.c - see certificate.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "tls/certificate.h"
#include "tls/common.h"

/* ---- texts ---- */

static bool is_printable(const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)data[i] < ' ' || data[i] == 0x7f)
			return false;
	return true;
}

static int copy(struct wye_arena *arena, struct wye_text *out, const char *data, size_t length)
{
	*out = wye_arena_copy(arena, data, length);
	return out->data ? 0 : -ENOMEM;
}

static int copy_hex(struct wye_arena *arena, struct wye_text *out, const unsigned char *bytes,
		    size_t length)
{
	static const char digits[] = "0123456789abcdef";
	char *text = wye_arena_allocate(arena, 2 * length + 1);

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < length; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 0xf];
	}
	text[2 * length] = '\0';
	*out = (struct wye_text) { text, 2 * length };
	return 0;
}

static int copy_name(struct wye_arena *arena, struct wye_text *out, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	long length;
	int error = -EINVAL;

	if (!bio)
		return -ENOMEM;
	if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
		length = BIO_get_mem_data(bio, &data);
		error = copy(arena, out, length ? data : "", (size_t)length);
	}
	BIO_free(bio);
	return error;
}

/* ---- parts of a certificate ---- */

static int copy_common_name(struct wye_arena *arena, struct wye_text *out,
			    const X509_NAME *name)
{
	unsigned char *text;
	int at = -1, last = -1, length, error = 0;

	while ((at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0)
		last = at;
	if (last < 0)
		return 0;
	length = ASN1_STRING_to_UTF8(&text,
				     X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
	if (length < 0)
		return 0;
	if (is_printable((char *)text, (size_t)length))
		error = copy(arena, out, (char *)text, (size_t)length);
	OPENSSL_free(text);
	return error;
}

static int copy_address(struct wye_arena *arena, struct wye_tls_peer_name *out,
			const ASN1_OCTET_STRING *bytes)
{
	int length = ASN1_STRING_length(bytes);
	char text[INET6_ADDRSTRLEN];

	if (length != 4 && length != 16)
		return 0;
	inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(bytes), text,
		  sizeof text);
	out->kind = WYE_TLS_IP;
	return copy(arena, &out->value, text, strlen(text));
}

static enum wye_tls_name_kind kind_of(int type)
{
	return type == GEN_DNS ? WYE_TLS_DNS : type == GEN_URI ? WYE_TLS_URI : WYE_TLS_EMAIL;
}

/* A name with control bytes in it stands for nobody: it is left out, like kinds that nobody
 * asks for. `out->value` says whether it was taken. */
static int copy_other_name(struct wye_arena *arena, struct wye_tls_peer_name *out,
			   const GENERAL_NAME *name)
{
	int type;
	const ASN1_STRING *text = GENERAL_NAME_get0_value(name, &type);
	const char *data;
	size_t length;

	out->value.data = NULL;
	if (type == GEN_IPADD)
		return copy_address(arena, out, text);
	if (type != GEN_DNS && type != GEN_URI && type != GEN_EMAIL)
		return 0;
	data = (const char *)ASN1_STRING_get0_data(text);
	length = (size_t)ASN1_STRING_length(text);
	if (!is_printable(data, length))
		return 0;
	out->kind = kind_of(type);
	return copy(arena, &out->value, data, length);
}

static int fill_names(struct wye_tls_peer *peer, struct wye_arena *arena,
		      const GENERAL_NAMES *list)
{
	size_t count = (size_t)sk_GENERAL_NAME_num(list);
	struct wye_tls_peer_name *names = wye_arena_allocate(arena, count * sizeof *names);
	int error = names ? 0 : -ENOMEM;

	peer->names = names;
	for (size_t i = 0; i < count && !error; i++) {
		struct wye_tls_peer_name *next = &names[peer->name_count];

		error = copy_other_name(arena, next, sk_GENERAL_NAME_value(list, (int)i));
		peer->name_count += next->value.data != NULL;
	}
	return error;
}

static int copy_names(struct wye_tls_peer *peer, struct wye_arena *arena,
		      const X509 *certificate)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int error = list ? fill_names(peer, arena, list) : 0;

	GENERAL_NAMES_free(list);
	return error;
}

static int copy_serial(struct wye_arena *arena, struct wye_text *out, const X509 *certificate)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);

	return copy_hex(arena, out, ASN1_STRING_get0_data(serial),
			(size_t)ASN1_STRING_length(serial));
}

static int copy_fingerprint(struct wye_arena *arena, struct wye_text *out,
			    const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length;

	if (!X509_digest(certificate, EVP_sha256(), digest, &length))
		return -ENOMEM;
	return copy_hex(arena, out, digest, length);
}

int wye_tls_certificate_read(struct wye_tls_peer *peer, struct wye_arena *arena,
			     const X509 *certificate)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int error = copy_fingerprint(arena, &peer->fingerprint, certificate);

	if (!error)
		error = copy_name(arena, &peer->subject, subject);
	if (!error)
		error = copy_name(arena, &peer->issuer, X509_get_issuer_name(certificate));
	if (!error)
		error = copy_common_name(arena, &peer->common_name, subject);
	if (!error)
		error = copy_serial(arena, &peer->serial, certificate);
	if (!error)
		error = copy_names(peer, arena, certificate);
	peer->not_before = wye_tls_seconds(X509_get0_notBefore(certificate), 0);
	peer->not_after = wye_tls_seconds(X509_get0_notAfter(certificate), 0);
	return error;
}
