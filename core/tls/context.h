/* SPDX-License-Identifier: MIT
 *
 * context.h - what a listener's TLS is: its certificate, versions, ciphers. Made by main when
 * the config is read, then read-only; sessions on any thread hold it.
 */
#ifndef WYE_CORE_TLS_CONTEXT_H
#define WYE_CORE_TLS_CONTEXT_H

#include <wye/types.h>

struct wye_tls_context;

/* Which setting is wrong. */
enum wye_tls_setting {
	WYE_TLS_CERTIFICATE,
	WYE_TLS_KEY,
};

/* Reads a certificate with its chain and its key, both PEM; a key that asks for a password is
 * refused. TLS 1.2 and 1.3, forward secrecy and authenticated encryption only; ALPN is http/1.1
 * (RFC 7301), and a client that only offers others is refused.
 *
 * Returns 0, or a negative errno with the setting that is wrong and a sentence. */
int wye_tls_context_create(struct wye_tls_context **out, const char *certificate,
			   const char *key, enum wye_tls_setting *wrong,
			   struct wye_error *why) WYE_MUST_CHECK;
void wye_tls_context_destroy(struct wye_tls_context *context);

#endif
