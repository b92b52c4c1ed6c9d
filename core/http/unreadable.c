/* SPDX-License-Identifier: MIT
 *
 * unreadable.c - see unreadable.h.
 */
#include <string.h>

#include "http/connection.h"
#include "http/refusal.h"
#include "http/thread.h"
#include "http/unreadable.h"

static struct wye_fault fault_of(unsigned status, const char *otherwise)
{
	switch (status) {
	case 413:
		return (struct wye_fault) { 413, "body too large\n" };
	case 414:
		return (struct wye_fault) { 414, "request target too long\n" };
	case 431:
		return (struct wye_fault) { 431, "header fields or parameters too large\n" };
	case 505:
		return (struct wye_fault) { 505, "HTTP/1.0 and HTTP/1.1 only\n" };
	default:
		return (struct wye_fault) { 400, otherwise };
	}
}

enum MHD_Result wye_unreadable_refuse(struct wye_request *request, unsigned status)
{
	struct wye_fault fault;

	if (status == 431 &&
	    request->target.length > request->connection->thread->http->max_target)
		status = 414;
	fault = fault_of(status, "bad Content-Length\n");
	if (wye_intake_is_head(&request->connection->intake))
		request->method_bit = WYE_METHOD_HEAD;
	request->ending = WYE_REQUEST_REFUSED;
	wye_reply_plain(request, fault.status, fault.text);
	return wye_reply_say(request);
}

void wye_unreadable_expect(const struct wye_request *request)
{
	struct wye_http_connection *connection = request->connection;

	connection->silent =
		wye_intake_is_unreadable(&connection->intake) && wye_reply_is_last(request);
}

static void say(struct wye_http_connection *connection, const struct wye_fault *fault)
{
	struct wye_buffer text = { NULL, 0, 0 };

	if (!wye_refusal_compose(&text, fault, wye_intake_is_head(&connection->intake)))
		wye_http_connection_leave(connection, text.data, text.length);
	wye_buffer_fini(&text);
}

void wye_unreadable_answer(struct wye_http_connection *connection)
{
	const struct wye_intake *intake = &connection->intake;
	struct wye_fault fault =
		fault_of(intake->led_badly ? 400 : intake->held, "bad request line\n");

	if (connection->silent || connection->phase == WYE_HTTP_ENDING ||
	    !wye_intake_is_unreadable(intake))
		return;
	say(connection, &fault);
	wye_refusal_note(connection, fault.status,
			 (struct wye_text) { fault.text, strlen(fault.text) });
}
