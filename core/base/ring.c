/* SPDX-License-Identifier: MIT
 *
 * ring.c - see ring.h.
 */
#include <string.h>

#include "base/ring.h"

static size_t offset(size_t position)
{
	return position % WYE_RING_SIZE;
}

bool wye_ring_put(struct wye_ring *ring, const char *data, size_t length)
{
	size_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
	size_t at = offset(written), first = WYE_RING_SIZE - at;

	if (written + length - ring->known_taken > WYE_RING_SIZE) {
		ring->known_taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
		if (written + length - ring->known_taken > WYE_RING_SIZE)
			return false;
	}
	if (first > length)
		first = length;
	memcpy(ring->data + at, data, first);
	memcpy(ring->data, data + first, length - first);
	atomic_store_explicit(&ring->written, written + length, memory_order_release);
	return true;
}

int wye_ring_peek(struct wye_ring *ring, struct iovec pieces[2])
{
	size_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
	size_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
	size_t length = written - taken, at = offset(taken), first = WYE_RING_SIZE - at;

	if (!length)
		return 0;
	if (first > length)
		first = length;
	pieces[0] = (struct iovec) { ring->data + at, first };
	pieces[1] = (struct iovec) { ring->data, length - first };
	return length > first ? 2 : 1;
}

void wye_ring_take(struct wye_ring *ring, size_t length)
{
	size_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);

	atomic_store_explicit(&ring->taken, taken + length, memory_order_release);
}

size_t wye_ring_used(const struct wye_ring *ring)
{
	return atomic_load_explicit(&ring->written, memory_order_relaxed) -
	       atomic_load_explicit(&ring->taken, memory_order_relaxed);
}
