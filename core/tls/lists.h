/* SPDX-License-Identifier: MIT
 *
 * lists.h - the revocation lists (RFC 5280, 5) among what is believed about clients. The store
 * is read only; main thread, or another one with the store's lock: searching it sorts it.
 */
#ifndef WYE_CORE_TLS_LISTS_H
#define WYE_CORE_TLS_LISTS_H

#include <openssl/x509.h>

#include <wye/types.h>

/* When the first of them is out of date, in seconds since 1970; INT64_MAX without any. */
int64_t wye_tls_lists_end(const X509_STORE *store);

/* What refuses clients, whoever they are: a list out of date, or none by an authority that is
 * a root. `path` is the lists' file. Empty: nothing. */
void wye_tls_lists_doubt(const X509_STORE *store, const char *path, struct wye_error *out);

#endif
