/* SPDX-License-Identifier: MIT
 *
 * certificate.h - what handlers and logs learn of a client's certificate.
 */
#ifndef WYE_CORE_TLS_CERTIFICATE_H
#define WYE_CORE_TLS_CERTIFICATE_H

#include <wye/tls.h>

#include "base/arena.h"

struct x509_st;

/* Fills in the members of <wye/tls.h> that are of a certificate; their texts are the arena's.
 * No text has control bytes: a name that has is left out. Any thread. Returns 0, -EINVAL if
 * its subject or issuer can't be read, -ENOMEM. */
int wye_tls_certificate_read(struct wye_tls_peer *peer, struct wye_arena *arena,
			     const struct x509_st *certificate) WYE_MUST_CHECK;

#endif
