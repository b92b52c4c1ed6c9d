/* SPDX-License-Identifier: MIT
 *
 * rekey.c - see rekey.h.
 *
 * OpenSSL tells of each step of a handshake and of nothing else, so records of data cost
 * nothing here. It goes on with what it has received: the session ends when that is used up.
 */
#include <time.h>

#include <openssl/ssl.h>

#include "tls/metrics.h"
#include "tls/rekey.h"

enum { MINUTE = 60 };

static unsigned limit;

void wye_tls_rekey_limit(unsigned per_minute)
{
	limit = per_minute;
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	return time.tv_sec;
}

static void refuse(struct wye_tls_rekey *rekey, enum wye_tls_refusal refusal)
{
	if (!rekey->refused)
		wye_tls_count_refusal(refusal);
	rekey->refused = true;
}

static void count_update(struct wye_tls_rekey *rekey)
{
	int64_t at = now();

	if (!rekey->updates || at - rekey->since >= MINUTE) {
		rekey->since = at;
		rekey->updates = 0;
	}
	if (++rekey->updates > limit && limit)
		refuse(rekey, WYE_TLS_REFUSED_KEY_UPDATES);
}

/* A loop is told of behind each message: the state is still that of the message. */
static void look(const SSL *ssl, int what, int value)
{
	struct wye_tls_rekey *rekey = SSL_get_app_data(ssl);
	OSSL_HANDSHAKE_STATE state = SSL_get_state(ssl);

	(void)value;
	if (what == SSL_CB_HANDSHAKE_DONE)
		rekey->shaken = true;
	if (what != SSL_CB_ACCEPT_LOOP || !rekey->shaken)
		return;
	if (state == TLS_ST_SR_KEY_UPDATE)
		count_update(rekey);
	else if (state == TLS_ST_SR_CLNT_HELLO)
		refuse(rekey, WYE_TLS_REFUSED_RENEGOTIATION);
}

void wye_tls_rekey_watch(struct wye_tls_rekey *rekey, struct ssl_st *ssl)
{
	SSL_set_app_data(ssl, rekey);
	SSL_set_info_callback(ssl, look);
}
