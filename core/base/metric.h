/* SPDX-License-Identifier: MIT
 *
 * metric.h - counters and gauges that are cheap to change: each thread has cells of its own,
 * written by it alone; a reader adds them up. Registering and adding is <wye/metric.h>.
 */
#ifndef WYE_CORE_BASE_METRIC_H
#define WYE_CORE_BASE_METRIC_H

#include <wye/metric.h>

#include "base/buffer.h"

/* Metrics of the whole program, at most. */
#define WYE_METRICS_MAX 256

/* The sum over all threads, ended ones included. Any thread. */
int64_t wye_metric_read(wye_metric metric);

/* Appends all as one JSON object: {"name": value, ...}. Any thread. Returns 0 or -ENOMEM. */
int wye_metric_json(struct wye_buffer *out) WYE_MUST_CHECK;

#endif
