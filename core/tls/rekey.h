/* SPDX-License-Identifier: MIT
 *
 * rekey.h - bounds what a client asks for behind its handshake, as OpenSSL does not. Key
 * updates of TLS 1.3 (RFC 8446, 4.6.3) make the server derive keys and answer: they are
 * counted. Another handshake of TLS 1.2 (RFC 5246, 7.4.1.1) is refused. One per session, on the
 * session's thread.
 */
#ifndef WYE_CORE_TLS_REKEY_H
#define WYE_CORE_TLS_REKEY_H

#include <stdbool.h>
#include <stdint.h>

struct ssl_st; /* OpenSSL's SSL */

struct wye_tls_rekey {
	int64_t since;    /* seconds; begin of the minute that is counted */
	uint32_t updates; /* within it */
	bool shaken;      /* the handshake is over */
	bool refused;     /* it was asked for too much: the session is to end */
};

/* How many key updates a client may send in a minute; 0: no limit. Before the threads start. */
void wye_tls_rekey_limit(unsigned per_minute);

/* From now on `rekey` watches the session; it lives as long as that. */
void wye_tls_rekey_watch(struct wye_tls_rekey *rekey, struct ssl_st *ssl);

#endif
