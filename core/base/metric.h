/* SPDX-License-Identifier: MIT
 *
 * metric.h - counters and gauges that are cheap to change: each thread has cells of its own,
 * written by it alone; a reader adds them up. Registering and adding is <wye/metric.h>.
 */
#ifndef WYE_CORE_BASE_METRIC_H
#define WYE_CORE_BASE_METRIC_H

#include <stdatomic.h>

#include <wye/metric.h>

#include "base/buffer.h"

/* Metrics of the whole program, at most; each bucket of a histogram is one. */
#define WYE_METRICS_MAX 4096

/* The name with a label, as `name{label="value"}`; `value` is escaped. Registered as
 * wye_metric_register(). */
wye_metric wye_metric_register_for(const char *name, enum wye_metric_kind kind,
				   const char *label, const char *value);

/* How long something took: counted by the upper bounds of WYE_HISTOGRAM_BOUNDS. A value; kept
 * by who registered it. */
typedef struct wye_histogram {
	wye_metric first; /* buckets, each for itself; then the sum, then the count */
} wye_histogram;

#define WYE_HISTOGRAM_BUCKETS 14
/* Milliseconds; the last bucket has no bound. */
extern const unsigned wye_histogram_bounds[WYE_HISTOGRAM_BUCKETS - 1];

wye_histogram wye_histogram_register(const char *name, const char *label, const char *value);
/* `times` values of so many milliseconds. Any thread; no lock. */
void wye_histogram_add(wye_histogram histogram, uint64_t milliseconds, unsigned times);

/* A thread's cells; NULL before its first metric. For wye_metric_bump(). */
struct wye_metric_cells {
	struct wye_metric_cells *next, **link;
	_Atomic int64_t values[WYE_METRICS_MAX];
};
extern _Thread_local struct wye_metric_cells *wye_metric_mine;

/* wye_metric_add() in line, for what is counted per message. */
static inline void wye_metric_bump(wye_metric metric, int64_t amount)
{
	_Atomic int64_t *value;

	if (!wye_metric_mine) {
		wye_metric_add(metric, amount);
		return;
	}
	value = &wye_metric_mine->values[metric];
	atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + amount,
			      memory_order_relaxed);
}

/* The sum over all threads, ended ones included. Any thread. */
int64_t wye_metric_read(wye_metric metric);

/* Appends all as one JSON object: {"name": value, ...}; those with a label only where they
 * are not 0. Any thread. Returns 0 or -ENOMEM. */
int wye_metric_json(struct wye_buffer *out) WYE_MUST_CHECK;

#endif
