/* SPDX-License-Identifier: MIT
 *
 * pressure.c - see pressure.h.
 */
#include <wye/metric.h>

#include "stream/pressure.h"

struct wye_pressure wye_pressure = { .limit = INT64_MAX };

static wye_metric waiting;

void wye_pressure_start(uint64_t limit)
{
	wye_pressure.limit = limit < INT64_MAX ? (int64_t)limit : INT64_MAX;
	waiting = wye_metric_register("outbox_bytes_waiting", WYE_GAUGE);
}

void wye_pressure_change(size_t before, size_t now)
{
	int64_t change = (int64_t)now - (int64_t)before;

	atomic_fetch_add_explicit(&wye_pressure.waiting, change, memory_order_relaxed);
	wye_metric_add(waiting, change);
}
