/* SPDX-License-Identifier: MIT
 *
 * terms.c - see terms.h.
 */
#include "tls/terms.h"

/* Of TLS 1.2; those of 1.3 are OpenSSL's. */
static const char CIPHERS[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
			      "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
			      "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char GROUPS[] = "X25519:P-256:P-384";

/* Keys of tickets are new with each site, so that no ticket is taken by another. */
static const unsigned char TICKETS[] = "wye";

static const int LEAST[] = {
	[WYE_TLS_INTERMEDIATE] = TLS1_2_VERSION,
	[WYE_TLS_MODERN] = TLS1_3_VERSION,
};

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *length,
			   const unsigned char *offered, unsigned count, void *argument)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)argument;
	if (SSL_select_next_proto(&chosen, length, ours, sizeof ours - 1, offered, count) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* Tickets carry sessions over, so that none is kept here. Among ciphers that are all good, the
 * client knows best which one it is fast with. */
static bool set_terms(SSL_CTX *ssl, const struct wye_tls_setup *setup)
{
	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
	return SSL_CTX_set_session_id_context(ssl, TICKETS, sizeof TICKETS - 1) &&
	       SSL_CTX_set_min_proto_version(ssl, LEAST[setup->profile]) &&
	       SSL_CTX_set_cipher_list(ssl, CIPHERS) && SSL_CTX_set1_groups_list(ssl, GROUPS);
}

SSL_CTX *wye_tls_terms_create(const struct wye_tls_setup *setup)
{
	SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());

	if (ssl && set_terms(ssl, setup))
		return ssl;
	SSL_CTX_free(ssl);
	return NULL;
}
