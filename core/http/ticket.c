/* SPDX-License-Identifier: MIT
 *
 * ticket.c - finishing a deferred request from any thread. A ticket is the id of a slot of the
 * request's thread; the state in the slot's word makes it good for one use, and the function
 * that finishes the request travels to that thread as mail.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/calls.h"
#include "base/field.h"
#include "http/chain.h"
#include "http/connection.h"
#include "http/request.h"
#include "http/thread.h"
#include "http/wait.h"

struct finish {
	struct wye_mail mail;
	struct wye_http_thread *thread;
	uint64_t ticket;
	enum wye_verdict (*run)(struct wye_request *request, void *argument);
	void *argument;
};

struct answer {
	unsigned status;
	size_t length;
	const char *type;
	const char *body;
	char bytes[];
};

/* A source may wait for what it sends next. */
static bool is_answered(const struct wye_request *request)
{
	return request->reply.status && !(request->state == WYE_REQUEST_QUEUED &&
					  request->reply.kind == WYE_REPLY_SOURCE);
}

int wye_ticket_take(struct wye_request *request, wye_ticket *out)
{
	struct wye_http_thread *thread;
	struct wye_slot *slot;
	int error;

	if (!request->connection)
		return -EPERM; /* a stream: its loop is not an http thread */
	if (request->ticket || wye_wait_on_pool(request) || is_answered(request))
		return -EALREADY;
	thread = request->connection->thread;
	error = wye_id_acquire(thread->tickets, request, &slot, &out->value);
	if (error)
		return error == -ENFILE ? -EAGAIN : error;
	error = wye_wait_begin(request);
	if (error) {
		wye_id_release(thread->tickets, slot);
		return error;
	}
	request->ticket = slot;
	request->wait->gauges = wye_request_gauges(request);
	if (request->wait->gauges)
		wye_metric_add(request->wait->gauges->tickets, 1);
	return 0;
}

/* A source waited. */
static void go_on_sending(struct wye_request *request, enum wye_verdict verdict)
{
	if (verdict == WYE_NEXT) {
		wye_http_connection_serve(request->connection); /* write_timeout begins anew */
		wye_wait_end(request);
	} else if (verdict != WYE_DEFERRED || !request->ticket) {
		(void)wye_wait_cut(request, WYE_REQUEST_ABORTED);
	}
}

static void finish(struct wye_mail *mail)
{
	struct finish *message = (struct finish *)mail;
	struct wye_slot *slot = wye_id_find(message->thread->tickets, message->ticket);

	if (slot) {
		struct wye_request *request = wye_request_from(atomic_load(&slot->object));
		enum wye_verdict verdict;
		struct wye_call before;

		wye_wait_pause(request); /* so that the step may take another ticket */
		before =
			wye_call_enter(wye_request_step(request), wye_request_pattern(request));
		verdict = message->run(request, message->argument);
		wye_call_leave(before);
		if (request->state == WYE_REQUEST_QUEUED)
			go_on_sending(request, verdict);
		else if (verdict == WYE_DEFERRED && request->ticket)
			request->state = WYE_REQUEST_WAITING;
		else
			wye_chain_continue(request, verdict);
	} else {
		(void)message->run(NULL, message->argument);
	}
	free(message);
}

int wye_ticket_run(wye_ticket ticket,
		   enum wye_verdict (*run)(struct wye_request *request, void *argument),
		   void *argument)
{
	struct wye_http_thread *thread = wye_http_thread_of(wye_id_loop(ticket.value));
	struct wye_slot *slot = thread ? wye_id_find(thread->tickets, ticket.value) : NULL;
	struct finish *message;

	if (!slot)
		return -ENOENT;
	message = malloc(sizeof *message);
	if (!message)
		return -ENOMEM;
	*message = (struct finish) {
		.thread = thread, .ticket = ticket.value, .run = run, .argument = argument
	};
	if (!wye_id_claim(slot, ticket.value) ||
	    wye_loop_mail(&thread->loop, &message->mail, finish)) {
		free(message);
		return -ENOENT;
	}
	return 0;
}

bool wye_ticket_open(wye_ticket ticket)
{
	struct wye_http_thread *thread = wye_http_thread_of(wye_id_loop(ticket.value));
	struct wye_slot *slot = thread ? wye_id_find(thread->tickets, ticket.value) : NULL;

	return slot && wye_id_unclaimed(slot, ticket.value);
}

static enum wye_verdict pass_on(struct wye_request *request, void *verdict)
{
	(void)request;
	return (enum wye_verdict)(intptr_t)verdict;
}

int wye_ticket_finish(wye_ticket ticket, enum wye_verdict verdict)
{
	if (verdict == WYE_DEFERRED)
		return -EINVAL;
	return wye_ticket_run(ticket, pass_on, (void *)(intptr_t)verdict);
}

static enum wye_verdict give_answer(struct wye_request *request, void *argument)
{
	struct answer *answer = argument;

	if (!request) {
		free(answer);
		return WYE_ANSWERED;
	}
	if (wye_request_at_end(request, free, answer)) {
		wye_reply_plain(request, 500, "internal error\n");
		return WYE_ANSWERED;
	}
	(void)wye_reply_static(request, answer->status, answer->type, answer->body,
			       answer->length);
	return WYE_ANSWERED;
}

static struct answer *pack(unsigned status, const char *type, const void *body, size_t length)
{
	size_t type_size = type ? strlen(type) + 1 : 0;
	struct answer *answer = malloc(sizeof *answer + type_size + length);

	if (!answer)
		return NULL;
	answer->status = status;
	answer->length = length;
	answer->type = type ? answer->bytes : NULL;
	answer->body = answer->bytes + type_size;
	if (type)
		memcpy(answer->bytes, type, type_size);
	if (length)
		memcpy(answer->bytes + type_size, body, length);
	return answer;
}

int wye_ticket_reply(wye_ticket ticket, unsigned status, const char *type, const void *body,
		     size_t length)
{
	struct answer *answer;
	int error;

	if (status < 200 || status > 599 || (type && !wye_type_valid(type)))
		return -EINVAL;
	answer = pack(status, type, body, length);
	if (!answer)
		return -ENOMEM;
	error = wye_ticket_run(ticket, give_answer, answer);
	if (error)
		free(answer);
	return error;
}
