/* SPDX-License-Identifier: MIT
 *
 * request.c - see request.h; the life of a request and the public functions about it. What the
 * client sent is read in input.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/connection.h"
#include "http/request.h"
#include "http/thread.h"
#include "http/wait.h"

#define REQUEST_MAGIC 0x77797265u

static uint64_t microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

enum {
	BATCH = WYE_ARENA_EACH_ITS_OWN ? 1 : 15,
};

/* Requests are allocated some at a time: one that leaves with an event stream, and stays for
 * long, would else keep a page to itself between the engine's blocks, which come and go. */
struct wye_request_batch {
	atomic_uint left; /* requests that are not freed */
	struct wye_request requests[BATCH];
};

static void allocate_batch(struct wye_http_thread *thread)
{
	struct wye_request_batch *batch = malloc(sizeof *batch);

	if (!batch)
		return;
	atomic_init(&batch->left, BATCH);
	for (unsigned i = BATCH; i-- > 0;) {
		struct wye_request *request = &batch->requests[i];

		wye_arena_init(&request->arena, request->memory, sizeof request->memory);
		request->batch = batch;
		request->next_free = thread->free_requests;
		thread->free_requests = request;
	}
}

static struct wye_request *take(struct wye_http_thread *thread)
{
	struct wye_request *request;

	if (!thread->free_requests)
		allocate_batch(thread);
	request = thread->free_requests;
	if (request)
		thread->free_requests = request->next_free;
	return request;
}

/* Any thread. */
static void free_request(struct wye_request *request)
{
	struct wye_request_batch *batch = request->batch;

	if (atomic_fetch_sub_explicit(&batch->left, 1, memory_order_acq_rel) == 1)
		free(batch);
}

void wye_requests_free(struct wye_http_thread *thread)
{
	while (thread->free_requests) {
		struct wye_request *next = thread->free_requests->next_free;

		free_request(thread->free_requests);
		thread->free_requests = next;
	}
}

static void reset(struct wye_request *request, struct wye_http_connection *connection)
{
	memset(request, 0, offsetof(struct wye_request, batch));
	request->magic = REQUEST_MAGIC;
	request->connection = connection;
	request->lanes = connection->thread->lanes;
	request->body_limit = UINT64_MAX;
	request->reply.file = -1;
	request->reply.last = &request->reply.fields;
	request->started = microseconds();
	wye_context_init(&request->context, &connection->thread->loop, wye_wait_deadline_over);
}

struct wye_request *wye_request_begin(struct wye_http_connection *connection,
				      const char *target)
{
	struct wye_request *request = take(connection->thread);

	if (!request)
		return NULL;
	reset(request, connection);
	request->target = wye_arena_copy(&request->arena, target, strlen(target));
	if (!request->target.data) {
		wye_request_finish(request);
		return NULL;
	}
	request->parts = wye_target_parse(request->target);
	return request;
}

static void run_undos(struct wye_request *request)
{
	while (request->undo) {
		struct wye_undo *undo = request->undo;

		request->undo = undo->next;
		undo->run(undo->argument);
	}
}

void wye_request_finish(struct wye_request *request)
{
	struct wye_http_connection *connection = request->connection;

	wye_context_fini(&request->context);
	wye_reply_release(&request->reply);
	run_undos(request);
	wye_buffer_fini(&request->body);
	wye_tls_peer_release(request->tls_peer);
	wye_arena_reset(&request->arena);
	request->magic = 0;
	if (!connection) { /* it came from another thread, whose list is not ours */
		free_request(request);
		return;
	}
	request->next_free = connection->thread->free_requests;
	connection->thread->free_requests = request;
}

void wye_request_detach(struct wye_request *request)
{
	struct wye_text client = wye_request_client(request);

	request->client = wye_arena_copy(&request->arena, client.data, client.length);
	request->tls_peer = wye_tls_peer_hold(request->connection->tls_peer);
	wye_context_leave(&request->context);
	request->connection = NULL;
}

struct wye_request *wye_request_from(void *pointer)
{
	struct wye_request *request = pointer;

	if (request->magic != REQUEST_MAGIC) {
		wye_log(WYE_LOG_ERROR, "internal error: not a request");
		abort();
	}
	return request;
}

const char *wye_request_step(const struct wye_request *request)
{
	if (request->in_handler && request->route)
		return request->route->base.handler;
	if (request->chain && request->entered)
		return request->chain->steps[request->entered - 1].name;
	return "wye";
}

const struct wye_gauges *wye_request_gauges(const struct wye_request *request)
{
	if (request->in_handler && request->route)
		return request->route->base.gauges;
	if (request->chain && request->entered)
		return request->chain->steps[request->entered - 1].gauges;
	return NULL;
}

const char *wye_request_pattern(const struct wye_request *request)
{
	return request->route ? request->route->base.pattern : NULL;
}

struct wye_text wye_request_route(const struct wye_request *request)
{
	const char *pattern = wye_request_pattern(request);

	return (struct wye_text) { pattern, pattern ? strlen(pattern) : 0 };
}

static int set_text(struct wye_request *request, struct wye_text *out, struct wye_text value)
{
	struct wye_text copy = wye_arena_copy(&request->arena, value.data, value.length);

	if (!copy.data)
		return -ENOMEM;
	*out = copy;
	return 0;
}

const struct wye_tls_peer *wye_request_tls_peer(const struct wye_request *request)
{
	return request->connection ? request->connection->tls_peer : request->tls_peer;
}

struct wye_text wye_request_id(const struct wye_request *request)
{
	return request->id;
}

int wye_request_set_id(struct wye_request *request, struct wye_text id)
{
	return set_text(request, &request->id, id);
}

struct wye_text wye_request_user(const struct wye_request *request)
{
	return request->user;
}

int wye_request_set_user(struct wye_request *request, struct wye_text user)
{
	return set_text(request, &request->user, user);
}

struct wye_text wye_request_attribute(const struct wye_request *request, const char *name)
{
	return wye_attribute_find(request->attributes, name);
}

int wye_request_set_attribute(struct wye_request *request, const char *name,
			      struct wye_text value)
{
	return wye_attribute_set(&request->attributes, &request->arena, name, value);
}

void *wye_request_data(const struct wye_request *request)
{
	return request->data;
}

void wye_request_set_data(struct wye_request *request, void *data)
{
	request->data = data;
}

int wye_request_at_end(struct wye_request *request, void (*run)(void *argument), void *argument)
{
	struct wye_undo *undo = wye_arena_allocate(&request->arena, sizeof *undo);

	if (!undo) {
		run(argument);
		return -ENOMEM;
	}
	undo->run = run;
	undo->argument = argument;
	undo->next = request->undo;
	request->undo = undo;
	return 0;
}

void *wye_request_allocate(struct wye_request *request, size_t size)
{
	return wye_arena_allocate(&request->arena, size);
}

struct wye_context *wye_request_context(struct wye_request *request)
{
	return &request->context;
}

enum wye_request_end wye_request_ending(const struct wye_request *request)
{
	return (enum wye_request_end)request->ending;
}

uint64_t wye_request_age(const struct wye_request *request)
{
	return microseconds() - request->started;
}
