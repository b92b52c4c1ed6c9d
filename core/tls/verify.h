/* SPDX-License-Identifier: MIT
 *
 * verify.h - whether a listener asks clients for certificates, and whom it believes. Main
 * thread, or whichever makes a listener's contexts anew: the files are read at each call, and
 * nothing of them is kept elsewhere than in the contexts.
 */
#ifndef WYE_CORE_TLS_VERIFY_H
#define WYE_CORE_TLS_VERIFY_H

#include "tls/context.h"

struct ssl_ctx_st;

/* What is known of a `crl`. */
struct wye_tls_lists {
	int64_t end;            /* the first of them is out of date then: seconds since 1970 */
	struct wye_error doubt; /* what will refuse clients; empty: nothing */
};

/* Makes contexts of one listener, fresh ones, ask for certificates and verify them (RFC 5280):
 * any of `client_ca` is an anchor, be it a root or not; with a `crl` all of a chain are looked
 * up, an anchor where there is a list about it, and one that is missing or out of date refuses.
 * What does not verify ends the handshake, also where a certificate is optional.
 *
 * A ticket is good for as long as all that its session was verified by, and for contexts with
 * the same anchors, lists and rules only: else there is a full handshake. It uses the contexts'
 * session id context and callbacks for tickets; keys of tickets are not its business.
 *
 * `lists` is set where there is a `crl`. Returns 0, also where nobody is asked; or a negative
 * errno with the setting that is wrong and a sentence. */
int wye_tls_verify_apply(struct ssl_ctx_st *const contexts[], size_t count,
			 const struct wye_tls_verify *verify, struct wye_tls_lists *lists,
			 enum wye_tls_setting *wrong, struct wye_error *why) WYE_MUST_CHECK;

#endif
