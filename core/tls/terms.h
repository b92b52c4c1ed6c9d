/* SPDX-License-Identifier: MIT
 *
 * terms.h - versions, ciphers and protocols that a listener agrees to. Main thread.
 */
#ifndef WYE_CORE_TLS_TERMS_H
#define WYE_CORE_TLS_TERMS_H

#include <openssl/ssl.h>

#include "tls/context.h"

/* Without a certificate; NULL: OpenSSL can't. Its keys for tickets are its own. */
SSL_CTX *wye_tls_terms_create(const struct wye_tls_setup *setup);

#endif
