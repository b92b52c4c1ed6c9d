/* SPDX-License-Identifier: MIT
 *
 * wye/metric.h - counters and gauges of a plugin's own, shown with those of the program. Cheap
 * to change: each thread has cells of its own, a reader adds them up.
 */
#ifndef WYE_METRIC_H
#define WYE_METRIC_H

#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Names a metric; kept in the plugin's instance. */
typedef unsigned wye_metric;

enum wye_metric_kind {
	WYE_COUNTER, /* only grows; its name ends in _total */
	WYE_GAUGE,   /* goes up and down, also from different threads; the sum is what counts */
};

/* Registers a name of a-z, 0-9 and _ ("greeter_greetings_total"), which is copied; the same
 * name gives the same metric, so instances of a plugin share one. Any thread; takes a lock: for
 * open(). There is room for some thousand in all; beyond it one that stands for nothing is
 * returned, and a line is logged. */
WYE_API wye_metric wye_metric_register(const char *name, enum wye_metric_kind kind);

/* Adds to it. Any thread; no lock. */
WYE_API void wye_metric_add(wye_metric metric, int64_t amount);

#ifdef __cplusplus
}
#endif
#endif
