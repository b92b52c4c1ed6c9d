/* SPDX-License-Identifier: MIT
 *
 * request.c - see request.h; the public functions that read a request.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/connection.h"
#include "http/request.h"
#include "http/thread.h"
#include "route/target.h"

#define REQUEST_MAGIC 0x77797265u

static uint64_t microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct wye_request *take(struct wye_http_thread *thread)
{
	struct wye_request *request = thread->free_requests;

	if (request) {
		thread->free_requests = request->next_free;
		return request;
	}
	request = malloc(sizeof *request);
	if (request)
		wye_arena_init(&request->arena, request->memory, sizeof request->memory);
	return request;
}

static void reset(struct wye_request *request, struct wye_http_connection *connection)
{
	request->magic = REQUEST_MAGIC;
	request->state = WYE_REQUEST_NEW;
	request->connection = connection;
	request->method = request->version = (struct wye_text) { NULL, 0 };
	request->id = request->user = (struct wye_text) { NULL, 0 };
	request->route = NULL;
	request->chain = NULL;
	request->match.count = 0;
	request->entered = 0;
	request->chain_begun = request->in_handler = false;
	request->reply = (struct wye_reply) { .status = 0 };
	request->reply.last = &request->reply.fields;
	request->undo = NULL;
	request->handshake = NULL;
	request->body_received = 0;
	request->started = microseconds();
	request->ending = WYE_REQUEST_FINISHED;
	atomic_store_explicit(&request->cancelled, false, memory_order_relaxed);
	request->ticket = NULL;
	request->suspended = request->watching = request->expired = false;
	request->on_pool = request->queued = false;
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
	wye_target_split(request->target, &request->path, &request->query);
	return request;
}

void wye_request_finish(struct wye_request *request)
{
	struct wye_http_thread *thread = request->connection->thread;

	while (request->undo) {
		struct wye_undo *undo = request->undo;

		request->undo = undo->next;
		undo->run(undo->argument);
	}
	wye_arena_reset(&request->arena);
	request->magic = 0;
	request->next_free = thread->free_requests;
	thread->free_requests = request;
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

struct wye_text wye_request_method(const struct wye_request *request)
{
	return request->method;
}

struct wye_text wye_request_target(const struct wye_request *request)
{
	return request->target;
}

struct wye_text wye_request_path(const struct wye_request *request)
{
	return request->path;
}

struct wye_text wye_request_query(const struct wye_request *request)
{
	return request->query;
}

struct wye_text wye_request_version(const struct wye_request *request)
{
	return request->version;
}

struct wye_text wye_request_header(const struct wye_request *request, const char *name)
{
	struct wye_text value = { NULL, 0 };

	if (request->connection->engine)
		(void)MHD_lookup_connection_value_n(request->connection->engine,
						    MHD_HEADER_KIND, name, strlen(name),
						    &value.data, &value.length);
	return value;
}

/* Parameters stand encoded in the match and are decoded on demand, as most are never asked for.
 */
struct wye_text wye_request_parameter(const struct wye_request *request, const char *name)
{
	struct wye_request *owner = (struct wye_request *)request;
	size_t length = strlen(name);

	for (size_t i = 0; i < request->match.count; i++) {
		const struct wye_parameter *parameter = &request->match.parameters[i];
		struct wye_text decoded;

		if (parameter->name.length != length ||
		    memcmp(parameter->name.data, name, length))
			continue;
		if (!memchr(parameter->value.data, '%', parameter->value.length))
			return parameter->value;
		decoded = wye_arena_copy(&owner->arena, parameter->value.data,
					 parameter->value.length);
		if (decoded.data)
			decoded.length =
				wye_percent_decode((char *)decoded.data, decoded.length);
		return decoded;
	}
	return (struct wye_text) { NULL, 0 };
}

struct wye_text wye_request_peer(const struct wye_request *request)
{
	return wye_http_connection_peer(request->connection);
}

struct wye_text wye_request_route(const struct wye_request *request)
{
	const char *pattern = request->route ? request->route->base.pattern : NULL;

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

bool wye_request_cancelled(const struct wye_request *request)
{
	return atomic_load_explicit(&request->cancelled, memory_order_relaxed);
}

enum wye_request_end wye_request_ending(const struct wye_request *request)
{
	return request->ending;
}

uint64_t wye_request_age(const struct wye_request *request)
{
	return microseconds() - request->started;
}
