/* SPDX-License-Identifier: MIT
 *
 * pressure.h - what waits in all outboxes together, against `outbox_total`. Counted when it
 * changes from one flush to the next, so that a message which is written at once costs nothing.
 * Above the limit an outbox takes no more than WYE_PRESSED bytes.
 */
#ifndef WYE_CORE_STREAM_PRESSURE_H
#define WYE_CORE_STREAM_PRESSURE_H

#include <stdatomic.h>

#include <wye/types.h>

#define WYE_PRESSED 16384

extern struct wye_pressure {
	_Atomic int64_t waiting; /* bytes, frames included */
	int64_t limit;           /* set before the loops start */
} wye_pressure;

/* Main thread, before the loops start. */
void wye_pressure_start(uint64_t limit);

/* Any thread. */
static inline bool wye_pressure_high(void)
{
	return atomic_load_explicit(&wye_pressure.waiting, memory_order_relaxed) >
	       wye_pressure.limit;
}

/* An outbox had `before` bytes left at the last flush, and has `now`. Its loop. */
void wye_pressure_change(size_t before, size_t now);

#endif
