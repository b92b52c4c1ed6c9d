/* SPDX-License-Identifier: MIT
 *
 * frame.h - the bytes of one message as they go over the wire, shared by all outboxes that wait
 * to write them: made once, never changed, freed by the last holder. Any thread.
 */
#ifndef WYE_CORE_STREAM_FRAME_H
#define WYE_CORE_STREAM_FRAME_H

#include <stdatomic.h>

#include <wye/types.h>

struct wye_frame {
	atomic_uint holders;
	uint32_t length;  /* bytes */
	uint32_t payload; /* of them */
	uint8_t data[];
};

/* Copies both parts; only the second counts as payload. The caller holds it. NULL without
 * memory. */
struct wye_frame *wye_frame_create(const void *head, size_t head_length, const void *data,
				   size_t length);

static inline void wye_frame_hold(struct wye_frame *frame)
{
	atomic_fetch_add_explicit(&frame->holders, 1, memory_order_relaxed);
}

/* Lets go of it; NULL is accepted. */
void wye_frame_drop(struct wye_frame *frame);

#endif
