/* SPDX-License-Identifier: MIT
 *
 * session.c - see session.h.
 *
 * OpenSSL's input and output are a BIO without state: both are the calling thread's.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/buffer.h"
#include "tls/blocks.h"
#include "tls/rekey.h"
#include "tls/session.h"
#include "tls/site.h"

struct wye_tls {
	SSL *ssl;
	struct wye_tls_site *site;
	struct wye_buffer unsent; /* for the socket; from `unsent_at` on */
	size_t unsent_at;
	struct wye_buffer put_back;
	size_t put_back_at;
	struct wye_tls_rekey rekey;
	const struct wye_tls_peer *peer; /* NULL: its handshake is under way */
	uint8_t failure;                 /* enum wye_tls_failure */
};

static _Thread_local struct {
	const uint8_t *in;
	size_t in_length;
	struct wye_buffer out;
} thread;

void wye_tls_thread_begin(void)
{
	wye_tls_blocks_keep();
}

void wye_tls_thread_end(void)
{
	wye_buffer_fini(&thread.out);
	wye_tls_blocks_free();
}

/* ---- the BIO ---- */

static int take_input(BIO *bio, char *out, int size)
{
	size_t length = thread.in_length < (size_t)size ? thread.in_length : (size_t)size;

	BIO_clear_retry_flags(bio);
	if (!length) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(out, thread.in, length);
	thread.in += length;
	thread.in_length -= length;
	return (int)length;
}

static int put_output(BIO *bio, const char *data, int length)
{
	BIO_clear_retry_flags(bio);
	return wye_buffer_append(&thread.out, data, (size_t)length) ? -1 : length;
}

static long control(BIO *bio, int command, long number, void *argument)
{
	(void)bio;
	(void)number;
	(void)argument;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;

static void make_method(void)
{
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wye");
	if (!method)
		return;
	BIO_meth_set_read(method, take_input);
	BIO_meth_set_write(method, put_output);
	BIO_meth_set_ctrl(method, control);
}

static BIO *make_bio(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	BIO *bio;

	pthread_once(&once, make_method);
	bio = method ? BIO_new(method) : NULL;
	if (bio)
		BIO_set_init(bio, 1);
	return bio;
}

/* ---- life ---- */

static int prepare(struct wye_tls *tls, struct wye_tls_context *context)
{
	BIO *bio = make_bio();

	tls->site = wye_tls_context_hold(context);
	tls->ssl = wye_tls_site_session(tls->site);
	if (!tls->ssl || !bio) {
		BIO_free(bio);
		return -ENOMEM;
	}
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_accept_state(tls->ssl);
	wye_tls_rekey_watch(&tls->rekey, tls->ssl);
	return 0;
}

int wye_tls_create(struct wye_tls **out, struct wye_tls_context *context)
{
	struct wye_tls *tls = calloc(1, sizeof *tls);

	if (!tls)
		return -ENOMEM;
	wye_tls_count_open(1);
	if (prepare(tls, context)) {
		ERR_clear_error();
		wye_tls_destroy(tls);
		return -ENOMEM;
	}
	*out = tls;
	return 0;
}

void wye_tls_destroy(struct wye_tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	wye_tls_site_release(tls->site);
	wye_tls_peer_release(tls->peer);
	wye_buffer_fini(&tls->unsent);
	wye_buffer_fini(&tls->put_back);
	free(tls);
	wye_tls_count_open(-1);
}

bool wye_tls_is_ready(const struct wye_tls *tls)
{
	return SSL_is_init_finished(tls->ssl);
}

/* ---- reading ---- */

void wye_tls_feed(const void *data, size_t length)
{
	thread.in = data;
	thread.in_length = length;
}

static enum wye_tls_failure classify(unsigned long code)
{
	int reason = ERR_GET_REASON(code);

	switch (reason) {
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
		return WYE_TLS_FAILED_VERSION;
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_NO_SUITABLE_KEY_SHARE:
	case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
		return WYE_TLS_FAILED_CIPHER;
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		return WYE_TLS_FAILED_VERIFY;
	case SSL_R_NO_APPLICATION_PROTOCOL:
		return WYE_TLS_FAILED_ALPN;
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
		return WYE_TLS_FAILED_HTTP;
	default:
		return reason > SSL_AD_REASON_OFFSET && ERR_GET_LIB(code) == ERR_LIB_SSL
			       ? WYE_TLS_FAILED_ALERT
			       : WYE_TLS_FAILED_PROTOCOL;
	}
}

/* Handlers use OpenSSL, too, and may have left errors in its list: the last one is this
 * session's. The list is empty afterwards. */
static int fail(struct wye_tls *tls)
{
	tls->failure = (uint8_t)classify(ERR_peek_last_error());
	ERR_clear_error();
	return -EPROTO;
}

static ssize_t read_again(struct wye_tls *tls, void *out, size_t size)
{
	size_t left = tls->put_back.length - tls->put_back_at;

	if (size > left)
		size = left;
	memcpy(out, tls->put_back.data + tls->put_back_at, size);
	tls->put_back_at += size;
	if (size == left) {
		wye_buffer_fini(&tls->put_back);
		tls->put_back_at = 0;
	}
	return (ssize_t)size;
}

static int end_handshake(struct wye_tls *tls)
{
	if (tls->peer || !SSL_is_init_finished(tls->ssl))
		return 0;
	wye_tls_count_handshake();
	return wye_tls_peer_create(&tls->peer, tls->ssl);
}

static bool has_ended(const struct wye_tls *tls)
{
	return SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN;
}

/* OpenSSL would allocate its buffer to find that out. */
static bool is_used_up(const struct wye_tls *tls)
{
	return !thread.in_length && !SSL_pending(tls->ssl) && !has_ended(tls);
}

/* SSL_get_error() takes any error in the list for the read's own. Without one it tells what
 * else has become of it; if nothing has, it failed. An alert that ends the session looks like
 * one that closes it then. */
static int why_not(struct wye_tls *tls, int got)
{
	int failed = fail(tls);

	switch (SSL_get_error(tls->ssl, got)) {
	case SSL_ERROR_WANT_READ:
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return tls->failure == WYE_TLS_FAILED_ALERT ? failed : -EPIPE;
	default:
		return failed;
	}
}

ssize_t wye_tls_read(struct wye_tls *tls, void *out, size_t size)
{
	int got;

	if (tls->put_back.length)
		return read_again(tls, out, size);
	if (is_used_up(tls))
		return 0;
	got = SSL_read(tls->ssl, out, (int)size);
	if (end_handshake(tls) || tls->rekey.refused)
		return fail(tls);
	return got > 0 ? got : why_not(tls, got);
}

int wye_tls_put_back(struct wye_tls *tls, const void *data, size_t length)
{
	return wye_buffer_append(&tls->put_back, data, length);
}

bool wye_tls_has_news(const struct wye_tls *tls)
{
	return tls->put_back.length || has_ended(tls);
}

const struct wye_tls_peer *wye_tls_peer(const struct wye_tls *tls)
{
	return tls->peer;
}

const char *wye_tls_complaint(const struct wye_tls *tls)
{
	long result = SSL_get_verify_result(tls->ssl);

	return result == X509_V_OK ? "there is none" : X509_verify_cert_error_string(result);
}

enum wye_tls_failure wye_tls_failure(const struct wye_tls *tls)
{
	return (enum wye_tls_failure)tls->failure;
}

/* ---- writing ---- */

int wye_tls_write(struct wye_tls *tls, const void *data, size_t length)
{
	if (!length || SSL_write(tls->ssl, data, (int)length) == (int)length)
		return 0;
	thread.out.length = 0; /* an alert, which would go out with the next session's */
	return fail(tls);
}

void wye_tls_shut(struct wye_tls *tls)
{
	if (SSL_is_init_finished(tls->ssl) && SSL_shutdown(tls->ssl) < 0)
		ERR_clear_error();
}

/* Returns how many bytes the socket took, or a negative errno: it is broken. */
static ssize_t send_some(int descriptor, const char *data, size_t length)
{
	ssize_t sent = length ? send(descriptor, data, length, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

	if (sent >= 0)
		return sent;
	return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -errno;
}

static ssize_t send_unsent(struct wye_tls *tls, int descriptor)
{
	ssize_t sent = send_some(descriptor, tls->unsent.data + tls->unsent_at,
				 tls->unsent.length - tls->unsent_at);

	if (sent < 0)
		return sent;
	tls->unsent_at += (size_t)sent;
	if (tls->unsent_at == tls->unsent.length) {
		wye_buffer_fini(&tls->unsent);
		tls->unsent_at = 0;
	}
	return sent;
}

/* A client that takes a little at a time, and asks for answers meanwhile, never empties it. */
static void drop_sent(struct wye_tls *tls)
{
	struct wye_buffer *unsent = &tls->unsent;

	if (tls->unsent_at < unsent->length / 2)
		return;
	unsent->length -= tls->unsent_at;
	memmove(unsent->data, unsent->data + tls->unsent_at, unsent->length);
	tls->unsent_at = 0;
}

static int keep(struct wye_tls *tls, const char *data, size_t length)
{
	if (tls->unsent_at)
		drop_sent(tls);
	return wye_buffer_append(&tls->unsent, data, length);
}

int wye_tls_send(struct wye_tls *tls, int descriptor, uint64_t *sent)
{
	size_t length = thread.out.length;
	ssize_t took = 0;
	int error = 0;

	thread.out.length = 0;
	thread.in_length = 0;
	if (tls->unsent.length) {
		took = send_unsent(tls, descriptor);
		if (took < 0)
			return (int)took;
		*sent += (uint64_t)took;
		took = 0;
	}
	if (!tls->unsent.length)
		took = send_some(descriptor, thread.out.data, length);
	if (took < 0)
		return (int)took;
	*sent += (uint64_t)took;
	if ((size_t)took < length)
		error = keep(tls, thread.out.data + took, length - (size_t)took);
	if (error)
		return error;
	return tls->unsent.length ? -EAGAIN : 0;
}

size_t wye_tls_waiting(const struct wye_tls *tls)
{
	return tls->unsent.length - tls->unsent_at;
}
