/* SPDX-License-Identifier: MIT
 *
 * site.h - the certificates of a listener as they were read at one time, in OpenSSL's form.
 * Made by main, then read-only; who holds it, on any thread, keeps it.
 */
#ifndef WYE_CORE_TLS_SITE_H
#define WYE_CORE_TLS_SITE_H

#include <openssl/ssl.h>

#include "tls/identity.h"
#include "tls/verify.h"

struct wye_tls_site;

/* Main thread. `wrong` is the identity that is meant. Returns 0, or a negative errno with a
 * sentence. It is held once. */
int wye_tls_site_create(struct wye_tls_site **out, const struct wye_tls_identity *identities,
			const struct wye_tls_setup *setup, size_t *wrong,
			struct wye_error *why) WYE_MUST_CHECK;

/* As wye_tls_verify_apply(), for the sessions to come. Main thread, before the first of them.
 */
int wye_tls_site_verify(struct wye_tls_site *site, const struct wye_tls_verify *verify,
			struct wye_tls_lists *lists, enum wye_tls_setting *wrong,
			struct wye_error *why) WYE_MUST_CHECK;

/* Any thread. */
void wye_tls_site_hold(struct wye_tls_site *site);
/* The last one frees it. NULL is right. */
void wye_tls_site_release(struct wye_tls_site *site);

/* A session on it, without a BIO; NULL without memory. The site must be held until the session
 * is freed. Any thread. */
SSL *wye_tls_site_session(struct wye_tls_site *site);

#endif
