/* SPDX-License-Identifier: MIT
 *
 * chain.c - see chain.h.
 */
#include <string.h>

#include "http/blocking.h"
#include "http/chain.h"
#include "http/connection.h"
#include "http/thread.h"
#include "http/wait.h"

void wye_chain_route(struct wye_request *request)
{
	const struct wye_lanes *lanes = request->connection->thread->lanes;

	request->chain = lanes->rest_chain;
	if (wye_router_find(lanes->rest, request->method_bit, request->path, &request->match)) {
		request->route = request->match.value;
		request->chain = request->route->chain;
	}
}

static void reply_field(struct wye_request *request, const char *name, const char *value)
{
	(void)wye_reply_header(request, name, (struct wye_text) { value, strlen(value) });
}

/* 404; 405 with Allow; or 426 for a path that only WebSocket is served on (RFC 9110, 15.5). */
static void answer_miss(struct wye_request *request)
{
	const struct wye_lanes *lanes = request->connection->thread->lanes;
	unsigned allowed = request->match.allowed;
	struct wye_match socket;
	char list[64];

	(void)wye_router_find(lanes->websocket, WYE_METHOD_GET, request->path, &socket);
	if (!allowed && !socket.allowed) {
		wye_reply_plain(request, 404, "not found\n");
		return;
	}
	if (!allowed && (request->method_bit & (WYE_METHOD_GET | WYE_METHOD_HEAD))) {
		reply_field(request, "Upgrade", "websocket");
		wye_reply_plain(request, 426, "this path speaks WebSocket only\n");
		return;
	}
	(void)wye_method_list(allowed | socket.allowed, list);
	reply_field(request, "Allow", list);
	wye_reply_plain(request, 405, "method not allowed\n");
}

static enum wye_verdict run_handler(struct wye_request *request)
{
	const struct wye_rest_route *route = request->route;

	request->in_handler = true;
	if (!route) {
		answer_miss(request);
		return WYE_ANSWERED;
	}
	if (route->handler->flags & WYE_BLOCKING)
		return wye_blocking_submit(request);
	return route->handler->handle(request, &route->base.mount);
}

static enum wye_verdict run_middleware(struct wye_request *request)
{
	const struct wye_rest_step *step = &request->chain->steps[request->entered];
	void **state = &request->states[request->entered++];

	*state = NULL;
	if (!step->middleware->request)
		return WYE_NEXT;
	if (step->middleware->flags & WYE_BLOCKING)
		return wye_blocking_submit(request);
	return step->middleware->request(request, step->instance, state);
}

enum wye_verdict wye_chain_blocking_step(struct wye_request *request)
{
	const struct wye_rest_step *step;

	if (request->in_handler)
		return request->route->handler->handle(request, &request->route->base.mount);
	step = &request->chain->steps[request->entered - 1];
	return step->middleware->request(request, step->instance,
					 &request->states[request->entered - 1]);
}

/* A step that says one thing and did another is a fault of its author: the client gets 500. */
static void blame(struct wye_request *request, const char *what)
{
	wye_log(WYE_LOG_ERROR, "%s %s", wye_request_step(request), what);
	wye_reply_discard(request);
	wye_reply_plain(request, 500, "internal error\n");
}

static void settle(struct wye_request *request, enum wye_verdict verdict)
{
	bool waiting = request->ticket || request->on_pool;

	if (verdict == WYE_DEFERRED && waiting) {
		request->state = WYE_REQUEST_WAITING;
		return;
	}
	if (verdict == WYE_DEFERRED)
		blame(request, "deferred a request without a ticket");
	else if (waiting)
		blame(request, "took a ticket and did not return WYE_DEFERRED");
	else if (verdict == WYE_NEXT)
		blame(request, "is a handler and did not answer");
	else if (!request->reply.status)
		blame(request, "said that it answered and did not");
	request->state = WYE_REQUEST_RESUMED;
	wye_wait_end(request);
}

void wye_chain_run(struct wye_request *request)
{
	enum wye_verdict verdict = WYE_NEXT;

	request->state = WYE_REQUEST_RUNNING;
	request->chain_begun = true;
	while (verdict == WYE_NEXT && request->entered < request->chain->count)
		verdict = run_middleware(request);
	if (verdict == WYE_NEXT)
		verdict = run_handler(request);
	settle(request, verdict);
}

void wye_chain_continue(struct wye_request *request, enum wye_verdict verdict)
{
	wye_wait_pause(request);
	if (verdict == WYE_NEXT && !request->in_handler)
		wye_chain_run(request);
	else
		settle(request, verdict);
}

void wye_chain_response(struct wye_request *request)
{
	if (!request->chain_begun)
		return;
	for (size_t i = request->entered; i-- > 0;) {
		const struct wye_rest_step *step = &request->chain->steps[i];

		if (step->middleware->response)
			step->middleware->response(request, step->instance, request->states[i]);
	}
}

void wye_chain_done(struct wye_request *request)
{
	const struct wye_rest_chain *chain = request->chain;
	size_t count = request->entered;

	if (!request->chain_begun) { /* it ended before: the chain of a miss hears of it */
		chain = request->connection->thread->lanes->rest_chain;
		count = chain->count;
		memset(request->states, 0, count * sizeof request->states[0]);
	}
	for (size_t i = count; i-- > 0;) {
		const struct wye_rest_step *step = &chain->steps[i];

		if (step->middleware->done)
			step->middleware->done(request, step->instance, request->states[i]);
	}
}
