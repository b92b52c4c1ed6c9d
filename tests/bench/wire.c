/* SPDX-License-Identifier: MIT
 *
 * wire.c - see wire.h.
 */
#include "wire.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

/* One for all, as servers choose differently. */
static const char SUITE[] = "TLS_AES_256_GCM_SHA384";

static SSL_CTX *context;

int wire_use_tls(void)
{
	context = SSL_CTX_new(TLS_client_method());
	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_ciphersuites(context, SUITE) != 1)
		return -ENOMEM;
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
	return 0;
}

int wire_open(struct wire *wire, int fd)
{
	*wire = (struct wire) { .fd = fd };
	if (!context)
		return 0;
	wire->tls = SSL_new(context);
	if (!wire->tls || SSL_set_fd(wire->tls, fd) != 1)
		return -ENOMEM;
	SSL_set_connect_state(wire->tls);
	return 0;
}

/* Without a close_notify, as its place in the stream may be half a record's. */
void wire_close(struct wire *wire)
{
	SSL_free(wire->tls);
	close(wire->fd);
	*wire = (struct wire) { .fd = -1 };
}

/* What OpenSSL answered, in terms of the sockets API. */
static int verdict(struct wire *wire, int got)
{
	int error = errno;

	switch (SSL_get_error(wire->tls, got)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		errno = error ? error : ECONNRESET;
		return -1;
	default:
		errno = EPROTO;
		return -1;
	}
}

int wire_ready(struct wire *wire)
{
	int got;

	if (!wire->tls || SSL_is_init_finished(wire->tls))
		return 1;
	ERR_clear_error();
	got = SSL_do_handshake(wire->tls);
	if (got == 1)
		return 1;
	if (!verdict(wire, got))
		return -ECONNRESET;
	return errno == EAGAIN ? 0 : -errno;
}

ssize_t wire_receive(struct wire *wire, void *out, size_t size)
{
	int got;

	if (!wire->tls)
		return recv(wire->fd, out, size, 0);
	ERR_clear_error();
	got = SSL_read(wire->tls, out, (int)size);
	return got > 0 ? got : verdict(wire, got);
}

ssize_t wire_send(struct wire *wire, const void *data, size_t length)
{
	int got;

	if (!wire->tls)
		return send(wire->fd, data, length, MSG_NOSIGNAL);
	ERR_clear_error();
	got = SSL_write(wire->tls, data, (int)length);
	wire->is_stuck = got <= 0;
	return got > 0 ? got : verdict(wire, got);
}

void wire_shut(struct wire *wire)
{
	if (wire->tls) {
		ERR_clear_error();
		(void)SSL_shutdown(wire->tls);
	}
	shutdown(wire->fd, SHUT_WR);
}

bool wire_short_is_last(const struct wire *wire)
{
	return !wire->tls;
}
