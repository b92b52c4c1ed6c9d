/* SPDX-License-Identifier: MIT
 *
 * common.h - what the files of this room do alike with OpenSSL. Any thread.
 */
#ifndef WYE_CORE_TLS_COMMON_H
#define WYE_CORE_TLS_COMMON_H

#include <openssl/asn1.h>
#include <openssl/bio.h>

#include <wye/types.h>

/* Opens a file to be read; what is none (a pipe, a device) may hold nobody up. NULL, with the
 * reason in OpenSSL's list of errors. */
BIO *wye_tls_open(const char *path);

/* What OpenSSL holds against a file; its list of errors is empty afterwards. */
void wye_tls_explain(struct wye_error *why, const char *path);

/* A pem_password_cb: nobody is there to be asked. `asked`, a bool or NULL, tells that somebody
 * would have been. */
int wye_tls_no_password(char *out, int size, int writing, void *asked);

/* Since 1970; `otherwise` where it is not said, or no time. */
int64_t wye_tls_seconds(const ASN1_TIME *time, int64_t otherwise);

#endif
