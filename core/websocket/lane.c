/* SPDX-License-Identifier: MIT
 *
 * lane.c - see lane.h.
 */
#include <string.h>

#include <wye/log.h>

#include "base/calls.h"
#include "stream/loop.h"
#include "websocket/codec.h"
#include "websocket/connection.h"
#include "websocket/lane.h"
#include "websocket/pending.h"

static void refuse(struct wye_handshake *handshake, unsigned status, const char *body)
{
	if (wye_handshake_refuse(handshake, status, body) == -EINVAL)
		handshake->refusal.status = 500;
}

static const char *pattern_of(const struct wye_handshake *handshake)
{
	return handshake->route ? handshake->route->base.pattern : NULL;
}

/* ---- the route ---- */

static void find_route(struct wye_handshake *handshake)
{
	const struct wye_lane *lane = &handshake->lanes->websocket;
	struct wye_match *match = &handshake->match;
	struct wye_text path = wye_target_routed(&handshake->parts, &handshake->arena);

	if (!wye_hosts_find(lane->routes, handshake->host, WYE_METHOD_GET, path, match)) {
		match->count = 0;
		handshake->chain = wye_lane_miss(lane, handshake->host, path);
		return;
	}
	handshake->route = match->value;
	handshake->chain = handshake->route->base.chain;
	for (size_t i = 0; i < match->count; i++)
		match->parameters[i].value =
			wye_parameter_text(&match->parameters[i], &handshake->arena);
}

/* ---- steps ---- */

static enum wye_verdict call_step(struct wye_handshake *handshake)
{
	const struct wye_step *step = &handshake->chain->steps[handshake->entered - 1];
	struct wye_call before = wye_call_enter(step->name, pattern_of(handshake));
	enum wye_verdict verdict;

	verdict = step->ws->handshake(handshake, step->instance,
				      &handshake->states[handshake->entered - 1]);
	wye_call_leave(before);
	return verdict;
}

static struct wye_handshake *of_job(struct wye_job *job)
{
	return (struct wye_handshake *)((char *)job - offsetof(struct wye_handshake, job));
}

static void run_blocking(struct wye_job *job)
{
	struct wye_handshake *handshake = of_job(job);

	handshake->verdict = call_step(handshake);
}

static void blocking_done(struct wye_job *job)
{
	struct wye_handshake *handshake = of_job(job);

	wye_pending_go_on(handshake, handshake->verdict);
}

/* Once it is submitted the pool may hold the handshake: nothing of it is touched. */
static enum wye_verdict submit(struct wye_handshake *handshake)
{
	handshake->job.run = run_blocking;
	handshake->job.done = blocking_done;
	if (!wye_jobs_submit(handshake->loop->jobs, &handshake->job))
		return WYE_DEFERRED;
	handshake->entered--; /* it did not run: nothing of it is to be closed */
	refuse(handshake, 503, "busy\n");
	return WYE_ANSWERED;
}

static bool may_wait(const struct wye_step *step)
{
	return step->ws->flags & (WYE_BLOCKING | WYE_DEFERS);
}

static enum wye_verdict run_step(struct wye_handshake *handshake)
{
	const struct wye_step *step = &handshake->chain->steps[handshake->entered];
	enum wye_verdict verdict;

	handshake->states[handshake->entered++] = NULL;
	if (!step->ws->handshake)
		return WYE_NEXT;
	if (step->ws->flags & WYE_BLOCKING)
		return submit(handshake);
	handshake->running = true;
	verdict = call_step(handshake);
	handshake->running = false;
	if (verdict != WYE_DEFERRED) /* it would be finished beside a later step */
		wye_pending_drop_ticket(handshake);
	return verdict;
}

/* A step that says one thing and did another is a fault of its author: the client gets 500. */
static void blame(struct wye_handshake *handshake, const char *what)
{
	wye_log(WYE_LOG_ERROR, "%s %s", handshake->chain->steps[handshake->entered - 1].name,
		what);
	refuse(handshake, 500, "internal error\n");
}

/* ---- what is wrong with the request itself is said after the chain has seen it, so that it is
 * logged ---- */

static int negotiate(struct wye_handshake *handshake)
{
	const struct wye_ws_route *route = handshake->route;

	if (!route->deflate)
		return 0;
	return wye_deflate_negotiate(handshake->fields, handshake->count,
				     route->deflate_context_takeover, &handshake->deflate);
}

/* Without memory for the answer nothing is negotiated. */
static void answer_offer(struct wye_handshake *handshake)
{
	char value[WYE_DEFLATE_ANSWER_MAX];
	struct wye_text text = { value, 0 };

	if (!handshake->deflate.send_bits)
		return;
	text.length = wye_deflate_answer(value, &handshake->deflate);
	if (wye_handshake_reply_header(handshake, WYE_EXTENSIONS_FIELD, text))
		handshake->deflate = (struct wye_deflate_terms) { 0 };
}

static void judge(struct wye_handshake *handshake)
{
	unsigned status;

	if (handshake->query.incomplete || handshake->cookies.incomplete) {
		refuse(handshake, 503, "out of memory\n"); /* a step may have missed one */
		return;
	}
	if (!handshake->route) {
		refuse(handshake, 404, "no WebSocket here\n");
		return;
	}
	status = wye_handshake_check(handshake);
	if (status == 426) {
		(void)wye_handshake_reply_header(handshake, "Sec-WebSocket-Version",
						 (struct wye_text) { "13", 2 });
		refuse(handshake, 426, "WebSocket version 13 only\n");
	} else if (status || negotiate(handshake)) {
		refuse(handshake, 400, "bad WebSocket handshake\n");
	}
}

static void ask_handler(struct wye_handshake *handshake)
{
	const struct wye_ws_handler *handler = handshake->route->handler;
	const struct wye_route *route = &handshake->route->base;
	struct wye_call before;
	enum wye_verdict verdict = WYE_NEXT;

	if (handler->handshake) {
		before = wye_call_enter(route->handler, route->pattern);
		verdict = handler->handshake(handshake, &route->mount);
		wye_call_leave(before);
	}
	if (verdict != WYE_NEXT && !handshake->refusal.status) {
		wye_log(WYE_LOG_ERROR, "%s neither took nor refused a handshake",
			route->handler);
		refuse(handshake, 500, "internal error\n");
	}
	for (const char *const *name = handler->subprotocols;
	     name && *name && !handshake->subprotocol.data; name++)
		(void)!wye_handshake_choose(handshake, *name);
	wye_handshake_settle(handshake);
}

static enum wye_lane_verdict decide(struct wye_handshake *handshake)
{
	struct wye_ws_ending ending = { .size = sizeof ending,
					.cause = WYE_WS_REFUSED,
					.code = WYE_WS_ABNORMAL };

	if (!handshake->refusal.status)
		judge(handshake);
	if (!handshake->refusal.status)
		ask_handler(handshake);
	if (!handshake->refusal.status) {
		answer_offer(handshake);
		return WYE_LANE_ACCEPTED;
	}
	ending.status = handshake->refusal.status;
	wye_ws_lane_closed(handshake, &ending);
	return WYE_LANE_REFUSED;
}

/* ---- the run ---- */

/* Whether the chain goes on behind a step. A verdict that is none must not open the gate. */
static bool passes(struct wye_handshake *handshake, enum wye_verdict verdict)
{
	if (verdict == WYE_DEFERRED)
		blame(handshake, "deferred a handshake without a ticket");
	else if (verdict != WYE_NEXT && !handshake->refusal.status)
		blame(handshake, "said that it refused a handshake and did not");
	return !handshake->refusal.status;
}

static enum wye_lane_verdict run(struct wye_handshake *handshake)
{
	while (handshake->entered < handshake->chain->count) {
		enum wye_verdict verdict;

		if (!handshake->loop && may_wait(&handshake->chain->steps[handshake->entered]))
			return WYE_LANE_MOVE;
		verdict = run_step(handshake);
		if (verdict == WYE_DEFERRED && (handshake->ticket || handshake->job.out))
			return WYE_LANE_WAITING;
		if (!passes(handshake, verdict))
			break;
	}
	return decide(handshake);
}

enum wye_lane_verdict wye_ws_lane_enter(struct wye_handshake *handshake)
{
	find_route(handshake);
	return run(handshake);
}

enum wye_lane_verdict wye_ws_lane_go_on(struct wye_handshake *handshake,
					enum wye_verdict verdict)
{
	return passes(handshake, verdict) ? run(handshake) : decide(handshake);
}

/* ---- the end ---- */

void wye_ws_lane_closed(struct wye_handshake *handshake, const struct wye_ws_ending *ending)
{
	while (handshake->entered > 0) {
		const struct wye_step *step = &handshake->chain->steps[--handshake->entered];
		struct wye_call before;

		if (!step->ws->closed)
			continue;
		before = wye_call_enter(step->name, pattern_of(handshake));
		step->ws->closed(handshake, ending, step->instance,
				 handshake->states[handshake->entered]);
		wye_call_leave(before);
	}
}

void wye_ws_lane_abandon(struct wye_handshake *handshake, unsigned status,
			 enum wye_ws_cause cause)
{
	struct wye_ws_ending ending = {
		.size = sizeof ending, .cause = cause, .status = status, .code = WYE_WS_ABNORMAL
	};

	wye_ws_lane_closed(handshake, &ending);
	wye_handshake_destroy(handshake);
}

void wye_ws_lane_hand_over(struct wye_handshake *handshake, struct wye_wire wire,
			   enum wye_lane_verdict verdict)
{
	handshake->wire = wire;
	wye_context_leave(&handshake->context);
	handshake->loop = wye_stream_pick();
	if (wye_loop_mail(&handshake->loop->loop, &handshake->mail,
			  verdict == WYE_LANE_MOVE ? wye_pending_take_over
						   : wye_ws_take_over)) {
		wye_stream_unpick(handshake->loop);
		wye_ws_give_up(handshake);
	}
}
