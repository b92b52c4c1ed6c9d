/* SPDX-License-Identifier: MIT
 *
 * lane.c - see lane.h.
 */
#include <string.h>
#include <unistd.h>

#include <wye/log.h>

#include "route/target.h"
#include "stream/loop.h"
#include "websocket/codec.h"
#include "websocket/connection.h"
#include "websocket/lane.h"

static void refuse(struct wye_handshake *handshake, unsigned status, const char *body)
{
	if (wye_handshake_refuse(handshake, status, body) == -EINVAL)
		handshake->refusal.status = 500;
}

/* Parameters are decoded once, here, as the match points into our own copy of the target. */
static void decode_parameters(struct wye_handshake *handshake)
{
	for (size_t i = 0; i < handshake->match.count; i++) {
		struct wye_text *value = &handshake->match.parameters[i].value;
		struct wye_text copy =
			wye_arena_copy(&handshake->arena, value->data, value->length);

		if (!copy.data)
			continue;
		copy.length = wye_percent_decode((char *)copy.data, copy.length);
		*value = copy;
	}
}

static void find_route(const struct wye_lanes *lanes, struct wye_handshake *handshake)
{
	handshake->chain = lanes->ws_chain;
	if (!wye_router_find(lanes->websocket, WYE_METHOD_GET, handshake->path,
			     &handshake->match)) {
		handshake->match.count = 0;
		return;
	}
	handshake->route = handshake->match.value;
	handshake->chain = handshake->route->chain;
	decode_parameters(handshake);
}

static bool run_step(struct wye_handshake *handshake)
{
	const struct wye_ws_step *step = &handshake->chain->steps[handshake->entered];
	void **state = &handshake->states[handshake->entered++];

	if (!step->middleware->handshake)
		return true;
	switch (step->middleware->handshake(handshake, step->instance, state)) {
	case WYE_NEXT:
		return !handshake->refusal.status;
	case WYE_ANSWERED:
		if (handshake->refusal.status)
			return false;
		wye_log(WYE_LOG_ERROR, "%s said that it refused a handshake and did not",
			step->name);
		break;
	case WYE_DEFERRED:
		wye_log(WYE_LOG_ERROR, "%s deferred a handshake, which this version can't do",
			step->name);
		break;
	}
	refuse(handshake, 500, "internal error\n");
	return false;
}

/* What is wrong with the request itself is said after the chain has seen it, so that it is
 * logged. */
static void judge(struct wye_handshake *handshake)
{
	unsigned status;

	if (!handshake->route) {
		refuse(handshake, 404, "no WebSocket here\n");
		return;
	}
	status = wye_handshake_check(handshake);
	if (status == 426) {
		(void)wye_handshake_reply_header(handshake, "Sec-WebSocket-Version",
						 (struct wye_text) { "13", 2 });
		refuse(handshake, 426, "WebSocket version 13 only\n");
	} else if (status) {
		refuse(handshake, status, "bad WebSocket handshake\n");
	}
}

bool wye_ws_lane_enter(const struct wye_lanes *lanes, struct wye_handshake *handshake)
{
	struct wye_ws_ending ending = { .size = sizeof ending,
					.cause = WYE_WS_REFUSED,
					.code = WYE_WS_ABNORMAL };
	bool on = true;

	find_route(lanes, handshake);
	while (on && handshake->entered < handshake->chain->count)
		on = run_step(handshake);
	if (on)
		judge(handshake);
	if (!handshake->refusal.status)
		return true;
	ending.status = handshake->refusal.status;
	wye_ws_lane_closed(handshake, &ending);
	return false;
}

void wye_ws_lane_closed(struct wye_handshake *handshake, const struct wye_ws_ending *ending)
{
	while (handshake->entered > 0) {
		const struct wye_ws_step *step = &handshake->chain->steps[--handshake->entered];

		if (step->middleware->closed)
			step->middleware->closed(handshake, ending, step->instance,
						 handshake->states[handshake->entered]);
	}
}

void wye_ws_lane_abandon(struct wye_handshake *handshake)
{
	struct wye_ws_ending ending = { .size = sizeof ending,
					.cause = WYE_WS_REFUSED,
					.status = 503,
					.code = WYE_WS_ABNORMAL };

	wye_ws_lane_closed(handshake, &ending);
	wye_handshake_destroy(handshake);
}

void wye_ws_lane_accept(struct wye_handshake *handshake, int descriptor)
{
	handshake->descriptor = descriptor;
	handshake->loop = wye_stream_pick();
	if (wye_loop_mail(&handshake->loop->loop, &handshake->mail, wye_ws_take_over)) {
		wye_stream_unpick(handshake->loop);
		wye_ws_give_up(handshake);
	}
}
