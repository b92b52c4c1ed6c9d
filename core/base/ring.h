/* SPDX-License-Identifier: MIT
 *
 * ring.h - a byte ring with one writer thread and one reader thread, no lock. The writer puts
 * whole lines in or nothing; the reader takes bytes.
 */
#ifndef WYE_CORE_BASE_RING_H
#define WYE_CORE_BASE_RING_H

#include <stdatomic.h>
#include <sys/uio.h>

#include <wye/types.h>

enum {
	WYE_RING_SIZE = 1 << 18, /* bytes; pages of it are only used as far as it fills */
};

struct wye_ring {
	_Alignas(64) atomic_size_t written; /* bytes ever put in: the writer's */
	size_t known_taken;                 /* the writer's last look at `taken` */
	_Alignas(64) atomic_size_t taken;   /* bytes ever taken out: the reader's */
	_Alignas(64) char data[WYE_RING_SIZE];
};

/* Writer. False if there is no room; nothing was put in then. */
bool wye_ring_put(struct wye_ring *ring, const char *data, size_t length);

/* Reader: points at up to two pieces that can be taken; returns how many. */
int wye_ring_peek(struct wye_ring *ring, struct iovec pieces[2]);
void wye_ring_take(struct wye_ring *ring, size_t length);

/* Bytes inside, as one of the two threads sees it. */
size_t wye_ring_used(const struct wye_ring *ring);

#endif
