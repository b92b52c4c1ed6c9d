/* SPDX-License-Identifier: MIT
 *
 * metrics.h - what is counted of TLS. Registered once, before the threads start; changed on any
 * thread.
 */
#ifndef WYE_CORE_TLS_METRICS_H
#define WYE_CORE_TLS_METRICS_H

#include <time.h>

#include <wye/types.h>

/* Why a handshake came to nothing. */
enum wye_tls_failure {
	WYE_TLS_FAILED_VERSION,  /* no version in common */
	WYE_TLS_FAILED_CIPHER,   /* no cipher, group or signature in common */
	WYE_TLS_FAILED_ALPN,     /* no protocol in common */
	WYE_TLS_FAILED_HTTP,     /* plain HTTP on a port of TLS */
	WYE_TLS_FAILED_VERIFY,   /* the client's certificate is missing or not believed */
	WYE_TLS_FAILED_ALERT,    /* the client refused: an unknown authority, say */
	WYE_TLS_FAILED_PROTOCOL, /* anything else that is no handshake */
	WYE_TLS_FAILED_TIME,     /* its deadline was over */
	WYE_TLS_FAILED_GONE,     /* the client went away, or the program stopped */
	WYE_TLS_FAILURES,
};

/* Why a session was ended behind its handshake. */
enum wye_tls_refusal {
	WYE_TLS_REFUSED_KEY_UPDATES,   /* too many */
	WYE_TLS_REFUSED_RENEGOTIATION, /* one is too many */
	WYE_TLS_REFUSALS,
};

void wye_tls_metrics_register(void);

void wye_tls_count_open(int change);
void wye_tls_count_handshake(void);
void wye_tls_count_failure(enum wye_tls_failure failure);
void wye_tls_count_refusal(enum wye_tls_refusal refusal);
/* Of a listener's certificates; or that this failed. */
void wye_tls_count_reload(bool done);

/* Until when a certificate is right, as seconds since 1970. Main thread. */
void wye_tls_show_expiry(const char *path, time_t end);
/* Likewise, when the first of a file's revocation lists is out of date. */
void wye_tls_show_lists_end(const char *path, time_t end);

#endif
