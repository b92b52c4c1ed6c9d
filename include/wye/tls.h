/* SPDX-License-Identifier: MIT
 *
 * wye/tls.h - what is known of the other end of a TLS connection: how it is encrypted, and who
 * the client is, where it has shown a certificate and that was verified.
 *
 * It is read once per connection, at the end of the handshake, and never changes: asking for
 * it is a look at a pointer, on every request of the connection.
 */
#ifndef WYE_TLS_H
#define WYE_TLS_H

#include <wye/rest.h>
#include <wye/types.h>
#include <wye/websocket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of a certificate's other names (RFC 5280, 4.2.1.6). */
enum wye_tls_name_kind {
	WYE_TLS_DNS = 1,
	WYE_TLS_URI, /* a SPIFFE ID, say */
	WYE_TLS_EMAIL,
	WYE_TLS_IP, /* as text */
};

struct wye_tls_peer_name {
	enum wye_tls_name_kind kind;
	struct wye_text value;
};

/* `size` is sizeof of it in the program that runs: members are only ever appended. All texts
 * have a NUL behind them and no control bytes in them. */
struct wye_tls_peer {
	size_t size;
	struct wye_text version; /* "TLSv1.3", "TLSv1.2" */
	struct wye_text cipher;  /* by OpenSSL's name: "TLS_AES_256_GCM_SHA384" */
	bool resumed;            /* by a ticket of an earlier connection */

	/* Of the client's certificate, which its listener has verified (`verify`, `client_ca`,
	 * `crl`), now or when the session began that is resumed. Without one all are empty,
	 * with NULL for data. */
	struct wye_text fingerprint; /* SHA-256 of the certificate: 64 hex digits in lower case;
					every certificate has one */
	struct wye_text subject;     /* "CN=alice,O=Example" (RFC 4514), other bytes than ASCII
					as "\C3\A4"; may be empty */
	struct wye_text issuer;      /* likewise */
	struct wye_text common_name; /* the subject's last one, in UTF-8; NULL for data: none */
	struct wye_text serial;      /* in hex */
	int64_t not_before, not_after;         /* seconds since 1970 */
	const struct wye_tls_peer_name *names; /* its other names, in their order */
	size_t name_count;
};

/* Of the connection that a request came on; NULL without TLS. On the threads that the request
 * may be used on, also in `done` and once it is an event stream. Lives as long as the request.
 */
WYE_API const struct wye_tls_peer *wye_request_tls_peer(const struct wye_request *request);

/* The same of a handshake: lives as long as its texts; and of the connection that came of it:
 * in callbacks on its loop, until the `closed` steps have run. */
WYE_API const struct wye_tls_peer *wye_handshake_tls_peer(
	const struct wye_handshake *handshake);
WYE_API const struct wye_tls_peer *wye_ws_tls_peer(const struct wye_ws *ws);

#ifdef __cplusplus
}
#endif
#endif
