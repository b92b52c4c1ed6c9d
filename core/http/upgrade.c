/* SPDX-License-Identifier: MIT
 *
 * upgrade.c - see upgrade.h.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "http/connection.h"
#include "http/thread.h"
#include "http/upgrade.h"
#include "websocket/handshake.h"
#include "websocket/lane.h"

/* ---- what an Upgrade is ---- */

bool wye_upgrade_wanted(const struct wye_request *request)
{
	return request->method_bit == WYE_METHOD_GET && request->version.data[7] == '1' &&
	       wye_head_lists(&request->head, "Upgrade", "websocket") &&
	       wye_head_lists(&request->head, "Connection", "upgrade");
}

/* ---- the handshake ---- */

static int make_handshake(struct wye_request *request, struct wye_handshake **out)
{
	struct wye_handshake_source source = {
		.target = request->target,
		.host = request->head.host,
		.client = wye_request_client(request),
		.address = request->address,
		.peer = &request->connection->peer,
		.tls_peer = request->connection->tls_peer,
		.fields = request->head.fields,
		.count = request->head.count,
		.lanes = request->lanes,
	};

	return wye_handshake_create(out, &source);
}

static enum MHD_Result refuse_at_once(struct wye_request *request, unsigned status,
				      const char *text, void **context)
{
	wye_metric_add(request->connection->thread->metrics->handshakes_refused, 1);
	request->ending = WYE_REQUEST_REFUSED;
	wye_reply_plain(request, status, text);
	return wye_reply_queue(request, context);
}

/* Its client's session of TLS has broken meanwhile, or there is no descriptor. The other lane's
 * chain hears of it, and no other. */
static enum MHD_Result give_up(struct wye_request *request, struct wye_handshake *handshake,
			       int error, void **context)
{
	bool gone = error == -EPIPE;

	wye_ws_lane_abandon(handshake, gone ? 0 : 503, gone ? WYE_WS_RESET : WYE_WS_REFUSED);
	request->chain_begun = true;
	request->entered = 0;
	if (!gone)
		return refuse_at_once(request, 503, "no descriptor left\n", context);
	request->ending = WYE_REQUEST_ABORTED;
	request->state = WYE_REQUEST_CUT;
	return MHD_NO;
}

static enum MHD_Result hand_over(struct wye_request *request, struct wye_handshake *handshake,
				 enum wye_lane_verdict verdict, const char *end, void **context)
{
	struct wye_wire wire;
	int error = wye_http_connection_depart(request->connection, end, &wire);

	if (error)
		return give_up(request, handshake, error, context);
	request->state = WYE_REQUEST_HANDED;
	request->connection->handed_over = true;
	wye_metric_add(request->connection->thread->metrics->handed_over, 1);
	wye_ws_lane_hand_over(handshake, wire, verdict);
	return MHD_NO;
}

enum MHD_Result wye_upgrade_begin(struct wye_request *request, bool body, const char *end,
				  void **context)
{
	struct wye_handshake *handshake;
	enum wye_lane_verdict verdict;

	if (body)
		return refuse_at_once(request, 400, "an Upgrade has no body\n", context);
	if (request->connection->thread->draining)
		return refuse_at_once(request, 503, "going away\n", context);
	if (make_handshake(request, &handshake))
		return refuse_at_once(request, 503, "out of memory\n", context);
	wye_http_connection_serve(request->connection);
	verdict = wye_ws_lane_enter(handshake);
	if (verdict != WYE_LANE_REFUSED)
		return hand_over(request, handshake, verdict, end, context);
	wye_metric_add(request->connection->thread->metrics->handshakes_refused, 1);
	request->handshake = handshake;
	request->state = WYE_REQUEST_UPGRADE;
	return MHD_YES;
}

enum MHD_Result wye_upgrade_refuse(struct wye_request *request, void **context)
{
	const struct wye_handshake *handshake = request->handshake;
	const struct wye_handshake_field *field;

	for (field = handshake->reply; field; field = field->next)
		(void)wye_reply_header(request, field->name.data, field->value);
	if (wye_reply_static(request, handshake->refusal.status, "text/plain; charset=utf-8",
			     handshake->refusal.body.data, handshake->refusal.body.length))
		return MHD_NO;
	return wye_reply_queue(request, context);
}

void wye_upgrade_end(struct wye_request *request)
{
	wye_handshake_destroy(request->handshake);
	request->handshake = NULL;
}
