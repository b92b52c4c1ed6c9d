/* SPDX-License-Identifier: MIT
 *
 * metric.h - counters and gauges that are cheap to change: each thread has cells of its own,
 * written by it alone; a reader adds them up. Registered by name at start-up.
 */
#ifndef WYE_CORE_BASE_METRIC_H
#define WYE_CORE_BASE_METRIC_H

#include <wye/types.h>

#include "base/buffer.h"

/* Metrics of the whole program, at most. */
#define WYE_METRICS_MAX 256

/* An index; a static variable of the room that counts. */
typedef unsigned wye_metric;

enum wye_metric_kind {
	WYE_COUNTER, /* only grows */
	WYE_GAUGE,   /* goes up and down, also from different threads; the sum is what counts */
};

/* Registers a name ("rest_requests_total"), which is copied; the same name gives the same
 * index. Any thread; takes a lock. Above the limit: the last index, and a line in the log. */
wye_metric wye_metric_register(const char *name, enum wye_metric_kind kind);

/* Any thread; a relaxed load and store of the thread's own cell. */
void wye_metric_add(wye_metric metric, int64_t amount);

/* The sum over all threads, ended ones included. Any thread. */
int64_t wye_metric_read(wye_metric metric);

/* Appends all as one JSON object: {"name": value, ...}. Any thread. Returns 0 or -ENOMEM. */
int wye_metric_json(struct wye_buffer *out) WYE_MUST_CHECK;

#endif
