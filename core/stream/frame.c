/* SPDX-License-Identifier: MIT
 *
 * frame.c - see frame.h.
 */
#include <stdlib.h>
#include <string.h>

#include "stream/frame.h"

struct wye_frame *wye_frame_create(const void *head, size_t head_length, const void *data,
				   size_t length)
{
	struct wye_frame *frame = malloc(sizeof *frame + head_length + length);

	if (!frame)
		return NULL;
	atomic_init(&frame->holders, 1);
	frame->length = (uint32_t)(head_length + length);
	frame->payload = (uint32_t)length;
	if (head_length)
		memcpy(frame->data, head, head_length);
	if (length)
		memcpy(frame->data + head_length, data, length);
	return frame;
}

void wye_frame_drop(struct wye_frame *frame)
{
	if (frame && atomic_fetch_sub_explicit(&frame->holders, 1, memory_order_acq_rel) == 1)
		free(frame);
}
