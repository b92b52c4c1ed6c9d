/* SPDX-License-Identifier: MIT
 *
 * wire.h - the bytes of one connection of the load client: over its socket, or over a TLS
 * session on it. One thread. The calls are those of the sockets API: -1 with errno, of which
 * EAGAIN means that a later readiness event goes on.
 */
#ifndef WYE_TESTS_BENCH_WIRE_H
#define WYE_TESTS_BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct wire {
	int fd;
	struct ssl_st *tls; /* NULL: plain */
	bool is_stuck; /* a send of TLS met EAGAIN: the same bytes come before any others */
};

/* All that are opened afterwards speak TLS 1.3 with AES-256-GCM: any certificate will do, no
 * session is resumed, so each handshake is a full one. -ENOMEM. */
int wire_use_tls(void);

/* Takes a socket, whose connect may be under way. 0, or a negative errno; it is taken anyway.
 */
int wire_open(struct wire *wire, int fd);
void wire_close(struct wire *wire);

/* 1: bytes can be sent, the handshake of TLS is over; 0: not yet; a negative errno. */
int wire_ready(struct wire *wire);

/* 0 is the end. Of TLS it is the peer's close_notify (RFC 8446, 6.1) or TCP's end. */
ssize_t wire_receive(struct wire *wire, void *out, size_t size);
ssize_t wire_send(struct wire *wire, const void *data, size_t length);

/* No more is sent: close_notify, then TCP's end. */
void wire_shut(struct wire *wire);

/* After a short read there is nothing more: true over TCP; of TLS each read is one record. */
bool wire_short_is_last(const struct wire *wire);

#endif
