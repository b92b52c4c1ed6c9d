/* SPDX-License-Identifier: MIT
 *
 * metrics.c - see metrics.h.
 */
#include "base/metric.h"
#include "websocket/metrics.h"

static const char *const CLOSED_NAMES[] = {
	[WYE_WS_PEER] = "ws_closed_peer_total",
	[WYE_WS_HANDLER] = "ws_closed_handler_total",
	[WYE_WS_RESET] = "ws_closed_reset_total",
	[WYE_WS_PROTOCOL] = "ws_closed_protocol_total",
	[WYE_WS_LIMIT] = "ws_closed_limit_total",
	[WYE_WS_WRITE_STALL] = "ws_closed_write_stall_total",
	[WYE_WS_SLOW_CONSUMER] = "ws_closed_slow_consumer_total",
	[WYE_WS_POLICY] = "ws_closed_policy_total",
	[WYE_WS_DRAIN] = "ws_closed_drain_total",
	[WYE_WS_DEADLINE] = "ws_closed_deadline_total",
	[WYE_WS_SILENT] = "ws_closed_silent_total",
	[WYE_WS_IDLE] = "ws_closed_idle_total",
	[WYE_WS_LIFETIME] = "ws_closed_lifetime_total",
	[WYE_WS_RATE] = "ws_closed_rate_total",
	[WYE_WS_EXPIRED] = "ws_closed_expired_total",
};
#define CAUSES (sizeof CLOSED_NAMES / sizeof CLOSED_NAMES[0])

static struct {
	wye_metric open, opened, messages_in, bytes_in, messages_out, bytes_out, full,
		sends_refused, dropped, published, app_pings, throttled, backlog_messages,
		backlog_bytes, pending, refused;
	wye_histogram latency;
	wye_metric closed[CAUSES]; /* but for a refused handshake, which is no connection */
} metrics;

void wye_ws_metrics_register(void)
{
	metrics.open = wye_metric_register("ws_connections_open", WYE_GAUGE);
	metrics.opened = wye_metric_register("ws_connections_opened_total", WYE_COUNTER);
	metrics.messages_in = wye_metric_register("ws_messages_in_total", WYE_COUNTER);
	metrics.bytes_in = wye_metric_register("ws_bytes_in_total", WYE_COUNTER);
	metrics.messages_out = wye_metric_register("ws_messages_out_total", WYE_COUNTER);
	metrics.bytes_out = wye_metric_register("ws_bytes_out_total", WYE_COUNTER);
	metrics.full = wye_metric_register("ws_outbox_full_total", WYE_COUNTER);
	metrics.sends_refused = wye_metric_register("ws_sends_refused_total", WYE_COUNTER);
	metrics.dropped = wye_metric_register("ws_messages_dropped_total", WYE_COUNTER);
	metrics.published = wye_metric_register("ws_published_total", WYE_COUNTER);
	metrics.app_pings = wye_metric_register("ws_app_pings_total", WYE_COUNTER);
	metrics.throttled = wye_metric_register("ws_reads_throttled_total", WYE_COUNTER);
	metrics.backlog_messages = wye_metric_register("ws_backlog_messages", WYE_GAUGE);
	metrics.backlog_bytes = wye_metric_register("ws_backlog_bytes", WYE_GAUGE);
	metrics.latency = wye_histogram_register("ws_delivery_ms", "routes", "all");
	metrics.pending = wye_metric_register("ws_handshakes_waiting", WYE_GAUGE);
	metrics.refused = wye_metric_register("upgrades_refused_total", WYE_COUNTER);
	for (unsigned i = 0; i < CAUSES; i++)
		if (CLOSED_NAMES[i])
			metrics.closed[i] = wye_metric_register(CLOSED_NAMES[i], WYE_COUNTER);
}

void wye_ws_count_opened(void)
{
	wye_metric_add(metrics.open, 1);
	wye_metric_add(metrics.opened, 1);
}

void wye_ws_count_closed(enum wye_ws_cause cause)
{
	wye_metric_add(metrics.open, -1);
	wye_metric_add(metrics.closed[cause], 1);
}

void wye_ws_count_in(unsigned messages, size_t bytes)
{
	wye_metric_bump(metrics.messages_in, messages);
	wye_metric_bump(metrics.bytes_in, (int64_t)bytes);
}

void wye_ws_count_out(unsigned messages, size_t bytes)
{
	wye_metric_bump(metrics.messages_out, messages);
	wye_metric_bump(metrics.bytes_out, (int64_t)bytes);
}

void wye_ws_count_full(void)
{
	wye_metric_add(metrics.full, 1);
}

void wye_ws_count_sends_refused(void)
{
	wye_metric_add(metrics.sends_refused, 1);
}

void wye_ws_count_dropped(unsigned messages)
{
	wye_metric_add(metrics.dropped, messages);
}

void wye_ws_count_published(void)
{
	wye_metric_add(metrics.published, 1);
}

void wye_ws_count_app_ping(void)
{
	wye_metric_add(metrics.app_pings, 1);
}

void wye_ws_count_throttled(void)
{
	wye_metric_add(metrics.throttled, 1);
}

void wye_ws_count_backlog(const struct wye_ws_route_metrics *route, int64_t messages,
			  int64_t bytes)
{
	wye_metric_bump(route->backlog_messages, messages);
	wye_metric_bump(route->backlog_bytes, bytes);
	wye_metric_bump(metrics.backlog_messages, messages);
	wye_metric_bump(metrics.backlog_bytes, bytes);
}

void wye_ws_count_latency(const struct wye_ws_route_metrics *route, uint64_t milliseconds,
			  unsigned messages)
{
	wye_histogram_add(route->latency, milliseconds, messages);
	wye_histogram_add(metrics.latency, milliseconds, messages);
}

void wye_ws_count_pending(int change)
{
	wye_metric_add(metrics.pending, change);
}

void wye_ws_count_refused(void)
{
	wye_metric_add(metrics.refused, 1);
}
