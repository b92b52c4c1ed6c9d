/* SPDX-License-Identifier: MIT
 *
 * peer.c - see peer.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "tls/common.h"
#include "tls/peer.h"

enum {
	CERTIFICATE_MEMORY = 640, /* for the texts of most certificates */
};

struct holder {
	struct wye_tls_peer peer; /* first */
	atomic_uint holders;
	struct wye_arena arena;
	_Alignas(max_align_t) char memory[];
};

static struct holder *holder_of(const struct wye_tls_peer *peer)
{
	return (struct holder *)peer;
}

/* ---- texts ---- */

static struct wye_text constant(const char *text)
{
	return (struct wye_text) { text, strlen(text) };
}

static bool is_printable(const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)data[i] < ' ' || data[i] == 0x7f)
			return false;
	return true;
}

static int copy(struct holder *holder, struct wye_text *out, const char *data, size_t length)
{
	*out = wye_arena_copy(&holder->arena, data, length);
	return out->data ? 0 : -ENOMEM;
}

static int copy_hex(struct holder *holder, struct wye_text *out, const unsigned char *bytes,
		    size_t length)
{
	static const char digits[] = "0123456789abcdef";
	char *text = wye_arena_allocate(&holder->arena, 2 * length + 1);

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

static int copy_name(struct holder *holder, struct wye_text *out, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	long length;
	int error = -ENOMEM;

	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
		length = BIO_get_mem_data(bio, &data);
		error = copy(holder, out, length ? data : "", (size_t)length);
	}
	BIO_free(bio);
	return error;
}

/* ---- parts of a certificate ---- */

static int copy_common_name(struct holder *holder, const X509_NAME *name)
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
		error = copy(holder, &holder->peer.common_name, (char *)text, (size_t)length);
	OPENSSL_free(text);
	return error;
}

static int copy_address(struct holder *holder, struct wye_tls_peer_name *out,
			const ASN1_OCTET_STRING *bytes)
{
	int length = ASN1_STRING_length(bytes);
	char text[INET6_ADDRSTRLEN];

	if (length != 4 && length != 16)
		return 0;
	inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(bytes), text,
		  sizeof text);
	out->kind = WYE_TLS_IP;
	return copy(holder, &out->value, text, strlen(text));
}

static enum wye_tls_name_kind kind_of(int type)
{
	return type == GEN_DNS ? WYE_TLS_DNS : type == GEN_URI ? WYE_TLS_URI : WYE_TLS_EMAIL;
}

/* A name with control bytes in it stands for nobody: it is left out, like kinds that nobody
 * asks for. `out->value` says whether it was taken. */
static int copy_other_name(struct holder *holder, struct wye_tls_peer_name *out,
			   const GENERAL_NAME *name)
{
	int type;
	const ASN1_STRING *text = GENERAL_NAME_get0_value(name, &type);
	const char *data;
	size_t length;

	out->value.data = NULL;
	if (type == GEN_IPADD)
		return copy_address(holder, out, text);
	if (type != GEN_DNS && type != GEN_URI && type != GEN_EMAIL)
		return 0;
	data = (const char *)ASN1_STRING_get0_data(text);
	length = (size_t)ASN1_STRING_length(text);
	if (!is_printable(data, length))
		return 0;
	out->kind = kind_of(type);
	return copy(holder, &out->value, data, length);
}

static int fill_names(struct holder *holder, const GENERAL_NAMES *list)
{
	size_t count = (size_t)sk_GENERAL_NAME_num(list);
	struct wye_tls_peer_name *names =
		wye_arena_allocate(&holder->arena, count * sizeof *names);
	int error = names ? 0 : -ENOMEM;

	holder->peer.names = names;
	for (size_t i = 0; i < count && !error; i++) {
		struct wye_tls_peer_name *next = &names[holder->peer.name_count];

		error = copy_other_name(holder, next, sk_GENERAL_NAME_value(list, (int)i));
		holder->peer.name_count += next->value.data != NULL;
	}
	return error;
}

static int copy_names(struct holder *holder, const X509 *certificate)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int error = list ? fill_names(holder, list) : 0;

	GENERAL_NAMES_free(list);
	return error;
}

static int copy_serial(struct holder *holder, const X509 *certificate)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);

	return copy_hex(holder, &holder->peer.serial, ASN1_STRING_get0_data(serial),
			(size_t)ASN1_STRING_length(serial));
}

static int copy_fingerprint(struct holder *holder, const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length;

	if (!X509_digest(certificate, EVP_sha256(), digest, &length))
		return -ENOMEM;
	return copy_hex(holder, &holder->peer.fingerprint, digest, length);
}

static int fill(struct holder *holder, const X509 *certificate)
{
	struct wye_tls_peer *peer = &holder->peer;
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int error = copy_fingerprint(holder, certificate);

	if (!error)
		error = copy_name(holder, &peer->subject, subject);
	if (!error)
		error = copy_name(holder, &peer->issuer, X509_get_issuer_name(certificate));
	if (!error)
		error = copy_common_name(holder, subject);
	if (!error)
		error = copy_serial(holder, certificate);
	if (!error)
		error = copy_names(holder, certificate);
	peer->not_before = wye_tls_seconds(X509_get0_notBefore(certificate), 0);
	peer->not_after = wye_tls_seconds(X509_get0_notAfter(certificate), 0);
	return error;
}

/* ---- life ---- */

int wye_tls_peer_create(const struct wye_tls_peer **out, SSL *ssl)
{
	const X509 *certificate = SSL_get0_peer_certificate(ssl);
	size_t memory = certificate ? CERTIFICATE_MEMORY : 0;
	struct holder *holder = calloc(1, sizeof *holder + memory);
	int error = 0;

	if (!holder)
		return -ENOMEM;
	atomic_init(&holder->holders, 1);
	wye_arena_init(&holder->arena, holder->memory, memory);
	holder->peer.size = sizeof holder->peer;
	holder->peer.version = constant(SSL_get_version(ssl));
	holder->peer.cipher = constant(SSL_get_cipher_name(ssl));
	holder->peer.resumed = SSL_session_reused(ssl);
	if (certificate)
		error = fill(holder, certificate);
	ERR_clear_error();
	if (error)
		wye_tls_peer_release(&holder->peer);
	else
		*out = &holder->peer;
	return error;
}

const struct wye_tls_peer *wye_tls_peer_hold(const struct wye_tls_peer *peer)
{
	if (peer)
		atomic_fetch_add_explicit(&holder_of(peer)->holders, 1, memory_order_relaxed);
	return peer;
}

void wye_tls_peer_release(const struct wye_tls_peer *peer)
{
	struct holder *holder = holder_of(peer);

	if (!peer || atomic_fetch_sub_explicit(&holder->holders, 1, memory_order_acq_rel) > 1)
		return;
	wye_arena_reset(&holder->arena);
	free(holder);
}
