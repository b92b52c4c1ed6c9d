/* SPDX-License-Identifier: MIT
 *
 * metrics.c - see metrics.h.
 */
#include "base/metric.h"
#include "tls/metrics.h"

static const char *const CAUSES[WYE_TLS_FAILURES] = {
	[WYE_TLS_FAILED_VERSION] = "version",    [WYE_TLS_FAILED_CIPHER] = "cipher",
	[WYE_TLS_FAILED_ALPN] = "alpn",          [WYE_TLS_FAILED_HTTP] = "plain_http",
	[WYE_TLS_FAILED_ALERT] = "alert",        [WYE_TLS_FAILED_PROTOCOL] = "protocol",
	[WYE_TLS_FAILED_VERIFY] = "certificate", [WYE_TLS_FAILED_TIME] = "time",
	[WYE_TLS_FAILED_GONE] = "gone",
};

static const char *const REFUSALS[WYE_TLS_REFUSALS] = {
	[WYE_TLS_REFUSED_KEY_UPDATES] = "key_updates",
	[WYE_TLS_REFUSED_RENEGOTIATION] = "renegotiation",
};

static struct {
	wye_metric open, handshakes, failures[WYE_TLS_FAILURES], refusals[WYE_TLS_REFUSALS];
	wye_metric reloads, reload_failures;
} metrics;

void wye_tls_metrics_register(void)
{
	metrics.open = wye_metric_register("tls_connections_open", WYE_GAUGE);
	metrics.handshakes = wye_metric_register("tls_handshakes_total", WYE_COUNTER);
	metrics.reloads = wye_metric_register("tls_reloads_total", WYE_COUNTER);
	metrics.reload_failures = wye_metric_register("tls_reload_failures_total", WYE_COUNTER);
	for (unsigned i = 0; i < WYE_TLS_FAILURES; i++)
		metrics.failures[i] = wye_metric_register_for("tls_handshake_failures_total",
							      WYE_COUNTER, "cause", CAUSES[i]);
	for (unsigned i = 0; i < WYE_TLS_REFUSALS; i++)
		metrics.refusals[i] = wye_metric_register_for(
			"tls_sessions_refused_total", WYE_COUNTER, "cause", REFUSALS[i]);
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

void wye_tls_count_refusal(enum wye_tls_refusal refusal)
{
	wye_metric_add(metrics.refusals[refusal], 1);
}

void wye_tls_count_reload(bool done)
{
	wye_metric_add(done ? metrics.reloads : metrics.reload_failures, 1);
}

/* Set and not added to, as several listeners may have the same file. */
static void show_end(const char *name, const char *label, const char *path, time_t end)
{
	wye_metric metric = wye_metric_register_for(name, WYE_GAUGE, label, path);

	wye_metric_add(metric, (int64_t)end - wye_metric_read(metric));
}

void wye_tls_show_expiry(const char *path, time_t end)
{
	show_end("tls_certificate_expires_seconds", "certificate", path, end);
}

void wye_tls_show_lists_end(const char *path, time_t end)
{
	show_end("tls_crl_expires_seconds", "crl", path, end);
}
