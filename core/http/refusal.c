/* SPDX-License-Identifier: MIT
 *
 * refusal.c - see refusal.h.
 */
#include <string.h>

#include <wye/log.h>

#include "base/status.h"
#include "http/connection.h"
#include "http/refusal.h"
#include "http/thread.h"

int wye_refusal_compose(struct wye_buffer *out, const struct wye_fault *fault, bool head)
{
	size_t length = strlen(fault->text);
	int error = wye_status_begin(out, fault->status);

	if (!error)
		error = wye_buffer_printf(out, "Content-Type: text/plain; charset=utf-8\r\n");
	if (!error && head)
		return wye_buffer_printf(out, "Content-Length: %zu\r\n\r\n", length);
	return error ? error : wye_status_body(out, fault->text, length);
}

static wye_metric metric_of(const struct wye_http_metrics *metrics, unsigned status,
			    bool by_engine)
{
	switch (status) {
	case 431:
		return metrics->too_large_header;
	case 414:
		return metrics->too_large_target;
	case 413:
		return metrics->too_large_body;
	default:
		return by_engine ? metrics->engine_refused : metrics->malformed;
	}
}

void wye_refusal_note(struct wye_http_connection *connection, unsigned status,
		      struct wye_text why)
{
	struct wye_text peer = wye_http_connection_peer(connection);

	wye_metric_add(metric_of(connection->thread->metrics, status, !why.data), 1);
	if (!why.data)
		why = (struct wye_text) { "by the engine", 13 };
	else if (why.length && why.data[why.length - 1] == '\n')
		why.length--;
	wye_log(WYE_LOG_INFO, "%.*s was refused: %u %.*s", (int)peer.length, peer.data, status,
		(int)why.length, why.data);
}
