/* SPDX-License-Identifier: MIT
 *
 * fuzz_peer.c - what handlers and logs learn of a client's certificate. Input: a certificate
 * (DER).
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "../../core/tls/peer.c"
#include "target.h"

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

/* A name of the certificate that has these bytes. */
static bool is_in(const GENERAL_NAMES *list, const struct wye_tls_peer_name *name)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
		int type;
		const ASN1_STRING *text =
			GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(list, i), &type);

		if (type == GEN_IPADD) {
			if (name->kind == WYE_TLS_IP)
				return true;
			continue;
		}
		if (type != GEN_DNS && type != GEN_URI && type != GEN_EMAIL)
			continue;
		if (kind_of(type) == name->kind && bytes_of(text) == name->value.length &&
		    !memcmp(ASN1_STRING_get0_data(text), name->value.data, name->value.length))
			return true;
	}
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
	struct holder *holder = calloc(1, sizeof *holder + CERTIFICATE_MEMORY);

	if (certificate && holder) {
		atomic_init(&holder->holders, 1);
		wye_arena_init(&holder->arena, holder->memory, CERTIFICATE_MEMORY);
		if (!fill(holder, certificate))
			check(&holder->peer, certificate);
		wye_tls_peer_release(&holder->peer);
		holder = NULL;
	}
	free(holder);
	X509_free(certificate);
	ERR_clear_error();
	return 0;
}
