/* SPDX-License-Identifier: MIT
 *
 * chain.c - see chain.h.
 */
#include <string.h>

#include "base/calls.h"
#include "http/chain.h"
#include "http/connection.h"
#include "http/miss.h"
#include "http/thread.h"
#include "http/wait.h"

/* ---- routing ---- */

static bool keep_match(struct wye_request *request, const struct wye_match *match)
{
	size_t size = match->count * sizeof match->parameters[0];

	request->route = match->value;
	request->chain = request->route->base.chain;
	request->parameter_count = (uint16_t)match->count;
	if (!size)
		return true;
	request->parameters = wye_arena_allocate(&request->arena, size);
	if (request->parameters)
		memcpy(request->parameters, match->parameters, size);
	return request->parameters;
}

static bool make_states(struct wye_request *request)
{
	if (!request->chain->count)
		return true;
	request->states = wye_arena_allocate(&request->arena,
					     request->chain->count * sizeof *request->states);
	return request->states;
}

/* The chain of a request that matched no route. A page's question about a request that it wants
 * to make (WHATWG Fetch, CORS preflight) goes through the chain which that one would go
 * through, as the answer is up to a middleware there. */
static const struct wye_chain *missed_chain(const struct wye_request *request)
{
	const struct wye_lane *lane = &request->lanes->rest;
	struct wye_text asked = { NULL, 0 };
	struct wye_match match;

	if (request->method_bit == WYE_METHOD_OPTIONS)
		asked = wye_request_header(request, "Access-Control-Request-Method");
	if (asked.data && wye_hosts_find(lane->routes, request->head.host,
					 wye_method_parse(asked), request->path, &match))
		return ((const struct wye_rest_route *)match.value)->base.chain;
	return wye_lane_miss(lane, request->head.host, request->path);
}

bool wye_chain_route(struct wye_request *request)
{
	const struct wye_lane *lane = &request->lanes->rest;
	struct wye_match match;

	request->chain = lane->chain; /* for the log, whatever comes */
	request->path = wye_target_routed(&request->parts, &request->arena);
	if (!request->path.data)
		return false;
	if (request->parts.form == WYE_TARGET_ASTERISK)
		return make_states(request);
	if (!wye_hosts_find(lane->routes, request->head.host, request->method_bit,
			    request->path, &match))
		request->chain = missed_chain(request);
	else if (!keep_match(request, &match))
		return false;
	request->allowed = match.allowed;
	return make_states(request);
}

/* ---- steps ---- */

static enum wye_verdict call_handler(struct wye_request *request)
{
	const struct wye_rest_route *route = request->route;
	struct wye_call before = wye_call_enter(route->base.handler, route->base.pattern);
	enum wye_verdict verdict;

	if (request->piece)
		verdict = route->handler->body(request, &route->base.mount, request->piece,
					       request->piece_length);
	else
		verdict = route->handler->handle(request, &route->base.mount);
	wye_call_leave(before);
	return verdict;
}

static enum wye_verdict call_middleware(struct wye_request *request)
{
	const struct wye_step *step = &request->chain->steps[request->entered - 1];
	struct wye_call before = wye_call_enter(step->name, wye_request_pattern(request));
	enum wye_verdict verdict;

	verdict = step->rest->request(request, step->instance,
				      &request->states[request->entered - 1]);
	wye_call_leave(before);
	return verdict;
}

/* ---- steps on the pool ---- */

static struct wye_request *of_job(struct wye_job *job)
{
	return ((struct wye_wait *)((char *)job - offsetof(struct wye_wait, job)))->request;
}

static void run_blocking(struct wye_job *job)
{
	struct wye_request *request = of_job(job);

	request->wait->verdict =
		request->in_handler ? call_handler(request) : call_middleware(request);
}

static void blocking_done(struct wye_job *job)
{
	struct wye_request *request = of_job(job);

	if (request->wait->expired) {
		wye_reply_discard(request);
		wye_reply_plain(request, 503, "timed out\n");
		request->wait->verdict = WYE_ANSWERED;
	}
	wye_chain_continue(request, request->wait->verdict);
}

/* Once it is submitted the pool may hold the request: nothing of it is touched. */
static enum wye_verdict submit(struct wye_request *request)
{
	int error = wye_wait_begin(request);

	if (!error) {
		request->wait->job.run = run_blocking;
		request->wait->job.done = blocking_done;
		error = wye_jobs_submit(request->connection->thread->jobs, &request->wait->job);
	}
	if (!error)
		return WYE_DEFERRED;
	(void)wye_reply_header(request, "Retry-After", (struct wye_text) { "1", 1 });
	wye_reply_plain(request, 503, "busy\n");
	return WYE_ANSWERED;
}

/* ---- the run ---- */

static enum wye_verdict run_handler(struct wye_request *request)
{
	request->in_handler = true;
	if (!request->route) {
		wye_miss_answer(request);
		return WYE_ANSWERED;
	}
	if (request->route->handler->flags & WYE_BLOCKING)
		return submit(request);
	return call_handler(request);
}

static enum wye_verdict run_middleware(struct wye_request *request)
{
	const struct wye_step *step = &request->chain->steps[request->entered];

	request->states[request->entered++] = NULL;
	if (!step->rest->request)
		return WYE_NEXT;
	if (step->rest->flags & WYE_BLOCKING)
		return submit(request);
	return call_middleware(request);
}

/* A step that says one thing and did another is a fault of its author: the client gets 500. */
static void blame(struct wye_request *request, const char *what)
{
	wye_log(WYE_LOG_ERROR, "%s %s", wye_request_step(request), what);
	wye_reply_discard(request);
	wye_reply_plain(request, 500, "internal error\n");
}

/* The connection is resumed, if it was suspended: the engine will call. */
static void enter(struct wye_request *request, enum wye_request_state state)
{
	request->state = (uint8_t)state;
	if (state == WYE_REQUEST_READING || request->reading) /* or to drop the rest of it */
		wye_http_connection_read_body(request->connection);
	wye_wait_end(request);
}

static void settle(struct wye_request *request, enum wye_verdict verdict)
{
	bool waiting = request->ticket || wye_wait_on_pool(request);

	if (verdict == WYE_DEFERRED && waiting) {
		request->state = WYE_REQUEST_WAITING;
		wye_http_connection_serve(request->connection);
		return;
	}
	if (verdict == WYE_NEXT && request->piece && !waiting && !request->reply.status) {
		request->piece = NULL;
		enter(request, WYE_REQUEST_READING);
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
	request->piece = NULL;
	enter(request, WYE_REQUEST_RESUMED);
}

void wye_chain_run(struct wye_request *request)
{
	enum wye_verdict verdict = WYE_NEXT;

	request->state = WYE_REQUEST_RUNNING;
	request->chain_begun = true;
	while (verdict == WYE_NEXT && request->entered < request->chain->count)
		verdict = run_middleware(request);
	if (verdict == WYE_NEXT && request->reading && request->route) {
		enter(request, WYE_REQUEST_READING);
		return;
	}
	if (verdict == WYE_NEXT)
		verdict = run_handler(request);
	settle(request, verdict);
}

/* The engine moves its buffer while the pool works: that one gets a copy. */
static bool copy_piece(struct wye_request *request)
{
	request->body.length = 0;
	if (wye_buffer_append(&request->body, request->piece, request->piece_length))
		return false;
	request->piece = request->body.data;
	return true;
}

void wye_chain_piece(struct wye_request *request, const void *data, size_t length)
{
	bool blocking = request->route->handler->flags & WYE_BLOCKING;

	request->state = WYE_REQUEST_RUNNING;
	request->in_handler = true;
	request->piece = data;
	request->piece_length = length;
	if (blocking && !copy_piece(request)) {
		wye_reply_plain(request, 503, "out of memory\n");
		settle(request, WYE_ANSWERED);
		return;
	}
	settle(request, blocking ? submit(request) : call_handler(request));
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
		const struct wye_step *step = &request->chain->steps[i];
		struct wye_call before;

		if (!step->rest->response)
			continue;
		before = wye_call_enter(step->name, wye_request_pattern(request));
		step->rest->response(request, step->instance, request->states[i]);
		wye_call_leave(before);
	}
}

void wye_chain_done(struct wye_request *request)
{
	const struct wye_chain *chain = request->chain;
	void *untouched[WYE_CHAIN_MAX] = { NULL }, **states = request->states;
	size_t count = request->entered;

	if (!request->chain_begun) { /* it ended before: its chain, or the lane's, hears of it
				      */
		chain = chain ? chain : request->lanes->rest.chain;
		count = chain->count;
		states = untouched;
	}
	for (size_t i = count; i-- > 0;) {
		const struct wye_step *step = &chain->steps[i];
		struct wye_call before;

		if (!step->rest->done)
			continue;
		before = wye_call_enter(step->name, wye_request_pattern(request));
		step->rest->done(request, step->instance, states[i]);
		wye_call_leave(before);
	}
}
