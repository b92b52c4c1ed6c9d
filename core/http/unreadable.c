/* SPDX-License-Identifier: MIT
 *
 * unreadable.c - see unreadable.h.
 */
#include "http/connection.h"
#include "http/thread.h"
#include "http/unreadable.h"

#define WHY "bad request line"

static const char REFUSAL[] = "HTTP/1.1 400 Bad Request\r\n"
			      "Content-Type: text/plain\r\n"
			      "Content-Length: 17\r\n"
			      "Connection: close\r\n"
			      "\r\n" WHY "\n";

/* Whether its answer may be the last one on its connection: behind that nothing is said. */
static bool is_last(const struct wye_request *request)
{
	return request->ending != WYE_REQUEST_FINISHED ||
	       request->state != WYE_REQUEST_QUEUED || request->reading ||
	       request->reply.kind == WYE_REPLY_EVENTS ||
	       request->connection->thread->draining || request->version.data[7] == '0' ||
	       wye_head_lists(&request->head, "Connection", "close");
}

void wye_unreadable_expect(const struct wye_request *request)
{
	struct wye_http_connection *connection = request->connection;

	if (wye_intake_is_unreadable(&connection->intake))
		connection->silent = is_last(request);
}

void wye_unreadable_answer(struct wye_http_connection *connection)
{
	if (connection->silent || connection->phase == WYE_HTTP_ENDING ||
	    !wye_intake_is_unreadable(&connection->intake))
		return;
	wye_metric_add(connection->thread->metrics->malformed, 1);
	wye_http_connection_log_refusal(connection, 400,
					(struct wye_text) { WHY, sizeof WHY - 1 });
	wye_http_connection_leave(connection, REFUSAL, sizeof REFUSAL - 1);
}
