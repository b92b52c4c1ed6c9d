/* SPDX-License-Identifier: MIT
 *
 * shared.c - see shared.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "stream/send.h"
#include "websocket/deflate.h"
#include "websocket/shared.h"

void wye_ws_windows_add(struct wye_ws_windows *windows, unsigned bits, int change)
{
	if (bits)
		atomic_fetch_add_explicit(&windows->count[bits - WYE_WS_LEAST_BITS],
					  (unsigned)change, memory_order_relaxed);
}

static atomic_size_t least_minimum = SIZE_MAX;

void wye_ws_shared_expect(size_t minimum)
{
	size_t least = atomic_load_explicit(&least_minimum, memory_order_relaxed);

	while (minimum < least && !atomic_compare_exchange_weak_explicit(
					  &least_minimum, &least, minimum, memory_order_relaxed,
					  memory_order_relaxed))
		;
}

static struct wye_frame *frame_of(unsigned first, const void *data, size_t length)
{
	uint8_t header[WYE_WS_SEND_MAX];
	size_t size = wye_ws_frame_header(header, first, length);

	return wye_frame_create(header, size, data, length);
}

struct wye_frame *wye_ws_frame_compress(unsigned bits, size_t minimum, enum wye_ws_kind kind,
					const void *data, size_t length)
{
	void *out = length >= minimum && length ? malloc(length) : NULL;
	size_t size = out ? wye_deflate_message(bits, minimum, data, length, out) : 0;
	struct wye_frame *frame =
		size ? frame_of(WYE_WS_COMPRESSED | (unsigned)kind, out, size) : NULL;

	free(out);
	return frame;
}

int wye_ws_shared_make(struct wye_ws_shared *out, enum wye_ws_kind kind, const void *data,
		       size_t length, const struct wye_ws_windows *windows)
{
	size_t minimum = atomic_load_explicit(&least_minimum, memory_order_relaxed);

	*out = (struct wye_ws_shared) { .plain = NULL };
	if (length > WYE_SEND_MAX)
		return -EMSGSIZE;
	out->plain = frame_of((unsigned)kind, data, length);
	if (!out->plain)
		return -ENOMEM;
	for (unsigned i = 0; i < WYE_WS_WINDOWS; i++)
		if (atomic_load_explicit(&windows->count[i], memory_order_relaxed))
			out->compressed[i] = wye_ws_frame_compress(i + WYE_WS_LEAST_BITS,
								   minimum, kind, data, length);
	return 0;
}

void wye_ws_shared_hold(const struct wye_ws_shared *shared)
{
	wye_frame_hold(shared->plain);
	for (unsigned i = 0; i < WYE_WS_WINDOWS; i++)
		if (shared->compressed[i])
			wye_frame_hold(shared->compressed[i]);
}

void wye_ws_shared_drop(const struct wye_ws_shared *shared)
{
	wye_frame_drop(shared->plain);
	for (unsigned i = 0; i < WYE_WS_WINDOWS; i++)
		wye_frame_drop(shared->compressed[i]);
}

struct wye_frame *wye_ws_shared_pick(const struct wye_ws_shared *shared,
				     const struct wye_ws *ws)
{
	struct wye_frame *compressed;

	if (!ws->deflate_bits || shared->plain->payload < ws->route->deflate_minimum)
		return shared->plain;
	compressed = shared->compressed[ws->deflate_bits - WYE_WS_LEAST_BITS];
	return compressed ? compressed : shared->plain;
}
