/* SPDX-License-Identifier: MIT
 *
 * peer.c - see peer.h.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/arena.h"
#include "tls/certificate.h"
#include "tls/peer.h"

enum {
	CERTIFICATE_MEMORY = 640, /* for the texts of most certificates */
};

struct holder {
	struct wye_tls_peer peer; /* first */
	atomic_uint holders;
	struct wye_arena arena;
	_Alignas(max_align_t) char memory[];
};

static struct holder *holder_of(const struct wye_tls_peer *peer)
{
	return (struct holder *)peer;
}

static struct wye_text constant(const char *text)
{
	return (struct wye_text) { text, strlen(text) };
}

int wye_tls_peer_create(const struct wye_tls_peer **out, SSL *ssl)
{
	const X509 *certificate = SSL_get0_peer_certificate(ssl);
	size_t memory = certificate ? CERTIFICATE_MEMORY : 0;
	struct holder *holder = calloc(1, sizeof *holder + memory);
	int error = 0;

	if (!holder)
		return -ENOMEM;
	atomic_init(&holder->holders, 1);
	wye_arena_init(&holder->arena, holder->memory, memory);
	holder->peer.size = sizeof holder->peer;
	holder->peer.version = constant(SSL_get_version(ssl));
	holder->peer.cipher = constant(SSL_get_cipher_name(ssl));
	holder->peer.resumed = SSL_session_reused(ssl);
	if (certificate)
		error = wye_tls_certificate_read(&holder->peer, &holder->arena, certificate);
	ERR_clear_error();
	if (error)
		wye_tls_peer_release(&holder->peer);
	else
		*out = &holder->peer;
	return error;
}

const struct wye_tls_peer *wye_tls_peer_hold(const struct wye_tls_peer *peer)
{
	if (peer)
		atomic_fetch_add_explicit(&holder_of(peer)->holders, 1, memory_order_relaxed);
	return peer;
}

void wye_tls_peer_release(const struct wye_tls_peer *peer)
{
	struct holder *holder = holder_of(peer);

	if (!peer || atomic_fetch_sub_explicit(&holder->holders, 1, memory_order_acq_rel) > 1)
		return;
	wye_arena_reset(&holder->arena);
	free(holder);
}
