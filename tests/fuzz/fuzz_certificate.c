/* SPDX-License-Identifier: MIT
 *
 * fuzz_certificate.c - what handlers and logs learn of a client's certificate. Input: a
 * certificate (DER).
 */
#include <errno.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "target.h"
#include "tls/certificate.h"

/* No control bytes, so that no text adds a line to a log or a field to a head. */
static void check_text(struct wye_text text)
{
	for (size_t i = 0; i < text.length; i++)
		must((unsigned char)text.data[i] > 0x1f && text.data[i] != 0x7f,
		     "a control byte");
}

static void check_hex(struct wye_text text, size_t length)
{
	must(text.length == length && strspn(text.data, "0123456789abcdef") == length,
	     "no hexadecimal text");
}

static size_t bytes_of(const ASN1_STRING *string)
{
	return (size_t)ASN1_STRING_length(string);
}

/* The type that a name of this kind has in a certificate. */
static int type_of(enum wye_tls_name_kind kind)
{
	switch (kind) {
	case WYE_TLS_DNS:
		return GEN_DNS;
	case WYE_TLS_URI:
		return GEN_URI;
	case WYE_TLS_EMAIL:
		return GEN_EMAIL;
	case WYE_TLS_IP:
		return GEN_IPADD;
	}
	return -1;
}

/* An address is written otherwise than it stands there. */
static bool is_same(const GENERAL_NAME *one, const struct wye_tls_peer_name *name)
{
	int type;
	const ASN1_STRING *text = GENERAL_NAME_get0_value(one, &type);

	if (type != type_of(name->kind))
		return false;
	return type == GEN_IPADD ||
	       (bytes_of(text) == name->value.length &&
		!memcmp(ASN1_STRING_get0_data(text), name->value.data, name->value.length));
}

static bool is_in(const GENERAL_NAMES *list, const struct wye_tls_peer_name *name)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(list); i++)
		if (is_same(sk_GENERAL_NAME_value(list, i), name))
			return true;
	return false;
}

static void check_names(const struct wye_tls_peer *peer, const X509 *certificate)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	must(list || !peer->name_count, "names of nowhere");
	must(!list || peer->name_count <= (size_t)sk_GENERAL_NAME_num(list), "too many names");
	for (size_t i = 0; i < peer->name_count; i++) {
		check_text(peer->names[i].value);
		must(peer->names[i].value.data && is_in(list, &peer->names[i]), "another name");
	}
	GENERAL_NAMES_free(list);
}

static void check(const struct wye_tls_peer *peer, const X509 *certificate)
{
	check_hex(peer->fingerprint, 64);
	check_hex(peer->serial, 2 * bytes_of(X509_get0_serialNumber(certificate)));
	check_text(peer->subject);
	check_text(peer->issuer);
	check_text(peer->common_name);
	check_names(peer, certificate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	X509 *certificate = d2i_X509(NULL, &data, (long)length);
	struct wye_tls_peer peer = { .size = sizeof peer };
	struct wye_arena arena;
	char memory[256];
	int error;

	if (certificate) {
		wye_arena_init(&arena, memory, sizeof memory);
		error = wye_tls_certificate_read(&peer, &arena, certificate);
		must(!error || error == -EINVAL, "no memory");
		if (!error)
			check(&peer, certificate);
		wye_arena_reset(&arena);
	}
	X509_free(certificate);
	ERR_clear_error();
	return 0;
}
