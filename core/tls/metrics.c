/* SPDX-License-Identifier: MIT
 *
 * metrics.c - see metrics.h.
 */
#include "base/metric.h"
#include "tls/metrics.h"

static const char *const CAUSES[WYE_TLS_FAILURES] = {
	[WYE_TLS_FAILED_VERSION] = "version", [WYE_TLS_FAILED_CIPHER] = "cipher",
	[WYE_TLS_FAILED_ALPN] = "alpn",       [WYE_TLS_FAILED_HTTP] = "plain_http",
	[WYE_TLS_FAILED_ALERT] = "alert",     [WYE_TLS_FAILED_PROTOCOL] = "protocol",
	[WYE_TLS_FAILED_TIME] = "time",       [WYE_TLS_FAILED_GONE] = "gone",
};

static struct {
	wye_metric open, handshakes, failures[WYE_TLS_FAILURES];
} metrics;

void wye_tls_metrics_register(void)
{
	metrics.open = wye_metric_register("tls_connections_open", WYE_GAUGE);
	metrics.handshakes = wye_metric_register("tls_handshakes_total", WYE_COUNTER);
	for (unsigned i = 0; i < WYE_TLS_FAILURES; i++)
		metrics.failures[i] = wye_metric_register_for("tls_handshake_failures_total",
							      WYE_COUNTER, "cause", CAUSES[i]);
}

void wye_tls_count_open(int change)
{
	wye_metric_add(metrics.open, change);
}

void wye_tls_count_handshake(void)
{
	wye_metric_add(metrics.handshakes, 1);
}

void wye_tls_count_failure(enum wye_tls_failure failure)
{
	wye_metric_add(metrics.failures[failure], 1);
}
