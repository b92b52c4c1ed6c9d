/* SPDX-License-Identifier: MIT
 *
 * context.c - see context.h.
 */
#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/context.h"

/* Of TLS 1.2; those of 1.3 are OpenSSL's. */
static const char CIPHERS[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

/* An SSL_CTX is what stands behind the name; nothing more is kept. */
static SSL_CTX *ssl_of(struct wye_tls_context *context)
{
	return (SSL_CTX *)context;
}

/* What OpenSSL holds against a file; its list of errors is empty afterwards. The first error is
 * the cause, the later ones are who passed it on. */
static void explain(struct wye_error *why, const char *path)
{
	unsigned long code = ERR_get_error();
	const char *reason = ERR_reason_error_string(code);

	if (ERR_SYSTEM_ERROR(code))
		reason = strerror(ERR_GET_REASON(code));
	wye_error_set(why, "%s: %s", path, reason ? reason : "can't be read");
	ERR_clear_error();
}

static int no_password(char *out, int size, int writing, void *argument)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)argument;
	return -1;
}

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

/* Tickets carry sessions over, so that none is kept here. */
static bool set_terms(SSL_CTX *ssl)
{
	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_default_passwd_cb(ssl, no_password);
	SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
	return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) &&
	       SSL_CTX_set_cipher_list(ssl, CIPHERS);
}

static int load(SSL_CTX *ssl, const char *certificate, const char *key,
		enum wye_tls_setting *wrong, struct wye_error *why)
{
	*wrong = WYE_TLS_CERTIFICATE;
	if (SSL_CTX_use_certificate_chain_file(ssl, certificate) != 1) {
		explain(why, certificate);
		return -EINVAL;
	}
	*wrong = WYE_TLS_KEY;
	if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ssl) != 1) {
		explain(why, key);
		return -EINVAL;
	}
	return 0;
}

int wye_tls_context_create(struct wye_tls_context **out, const char *certificate,
			   const char *key, enum wye_tls_setting *wrong, struct wye_error *why)
{
	SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
	int error = -ENOMEM;

	*wrong = WYE_TLS_CERTIFICATE;
	wye_error_set(why, "OpenSSL does not start");
	if (ssl && set_terms(ssl))
		error = load(ssl, certificate, key, wrong, why);
	if (error) {
		SSL_CTX_free(ssl);
		ERR_clear_error();
		return error;
	}
	*out = (struct wye_tls_context *)ssl;
	return 0;
}

void wye_tls_context_destroy(struct wye_tls_context *context)
{
	SSL_CTX_free(ssl_of(context));
}
