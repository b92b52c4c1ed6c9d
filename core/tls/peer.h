/* SPDX-License-Identifier: MIT
 *
 * peer.h - who is at the other end of a session, for <wye/tls.h>: made once, at the end of the
 * handshake, and shared by whoever may outlive the session. Never changes; any thread.
 */
#ifndef WYE_CORE_TLS_PEER_H
#define WYE_CORE_TLS_PEER_H

#include <wye/tls.h>

struct ssl_st;

/* Of a session whose handshake is over. Returns 0, -EINVAL for a certificate that can't be read,
 * -ENOMEM. */
int wye_tls_peer_create(const struct wye_tls_peer **out, struct ssl_st *ssl) WYE_MUST_CHECK;

/* One holder more; NULL is right, and is returned. */
const struct wye_tls_peer *wye_tls_peer_hold(const struct wye_tls_peer *peer);
/* One less; the last frees it. NULL is right. */
void wye_tls_peer_release(const struct wye_tls_peer *peer);

#endif
