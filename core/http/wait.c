/* SPDX-License-Identifier: MIT
 *
 * wait.c - see wait.h.
 */
#include <errno.h>

#include "base/metric.h"
#include "http/chain.h"
#include "http/connection.h"
#include "http/thread.h"
#include "http/wait.h"

enum {
	PATIENCE = 1000, /* milliseconds before a wait watches for its client */
};

static void stop_watching(struct wye_request *request)
{
	struct wye_loop *loop = &request->connection->thread->loop;

	if (!request->wait)
		return;
	wye_timer_stop(loop, &request->wait->patience);
	if (request->wait->watching)
		wye_watch_stop(loop, &request->wait->hangup);
	request->wait->watching = false;
}

/* The ticket's id is refused from now on. */
static void drop_ticket(struct wye_request *request)
{
	if (!request->ticket)
		return;
	wye_id_release(request->connection->thread->tickets, request->ticket);
	request->ticket = NULL;
	if (request->wait->gauges)
		wye_metric_add(request->wait->gauges->tickets, -1);
}

bool wye_wait_on_pool(const struct wye_request *request)
{
	return request->wait && request->wait->job.out;
}

static bool withdraw(struct wye_request *request)
{
	return wye_jobs_withdraw(request->connection->thread->jobs, &request->wait->job);
}

bool wye_wait_cut(struct wye_request *request, enum wye_request_end ending)
{
	wye_context_cancel(&request->context, WYE_CANCEL_GONE);
	stop_watching(request);
	if (wye_wait_on_pool(request) && !withdraw(request))
		return false;
	wye_wait_pause(request);
	request->ending = (uint8_t)ending;
	if (request->state == WYE_REQUEST_QUEUED)
		wye_http_connection_cut(request->connection);
	else
		request->state = WYE_REQUEST_CUT;
	wye_wait_end(request);
	return true;
}

static void client_gone(void *argument, unsigned events)
{
	struct wye_request *request = argument;

	if (events & WYE_HANGUP)
		(void)wye_wait_cut(request, WYE_REQUEST_ABORTED);
}

static void watch_client(void *argument)
{
	struct wye_request *request = argument;
	struct wye_http_connection *connection = request->connection;

	request->wait->watching =
		!wye_watch_start(&connection->thread->loop, &request->wait->hangup,
				 connection->engine_descriptor, 0, client_gone, request);
}

/* ---- time ---- */

static void give_up(struct wye_request *request)
{
	request->wait->expired = true;
	if (wye_wait_on_pool(request) && !withdraw(request))
		return; /* it is running: answered when it is back */
	wye_log(WYE_LOG_WARNING, "%s did not finish a request in time",
		wye_request_step(request));
	if (request->state == WYE_REQUEST_QUEUED) { /* in the middle of its body */
		(void)wye_wait_cut(request, WYE_REQUEST_ABORTED);
		return;
	}
	wye_reply_discard(request);
	wye_reply_plain(request, 503, "timed out\n");
	wye_chain_continue(request, WYE_ANSWERED);
}

static void expire(void *argument)
{
	struct wye_request *request = argument;

	wye_metric_add(request->connection->thread->metrics->ticket_timeouts, 1);
	wye_context_cancel(&request->context, WYE_CANCEL_DEADLINE);
	give_up(request);
}

void wye_wait_deadline_over(struct wye_context *context)
{
	struct wye_request *request =
		(struct wye_request *)((char *)context - offsetof(struct wye_request, context));

	wye_metric_add(request->connection->thread->metrics->deadlines, 1);
	if (request->suspended)
		give_up(request);
	else if (request->state == WYE_REQUEST_READING || request->state == WYE_REQUEST_QUEUED)
		wye_http_connection_expire(request->connection);
}

static unsigned allowed_time(const struct wye_request *request)
{
	if (request->route)
		return request->route->ticket_timeout;
	return request->connection->thread->http->ticket_timeout;
}

static struct wye_wait *make_wait(struct wye_request *request)
{
	struct wye_wait *wait = wye_arena_allocate(&request->arena, sizeof *wait);

	if (!wait)
		return NULL;
	*wait = (struct wye_wait) { .request = request };
	wye_timer_init(&wait->deadline, expire, request);
	wye_timer_init(&wait->patience, watch_client, request);
	return wait;
}

static int suspend(struct wye_request *request)
{
	struct wye_http_thread *thread = request->connection->thread;

	if (thread->waiting >= thread->http->max_waiting) {
		wye_metric_add(thread->metrics->waiting_refused, 1);
		return -EAGAIN;
	}
	thread->waiting++;
	wye_metric_add(thread->metrics->waiting, 1);
	MHD_suspend_connection(request->connection->engine);
	request->suspended = true;
	return 0;
}

int wye_wait_begin(struct wye_request *request)
{
	struct wye_loop *loop = &request->connection->thread->loop;
	int error = 0;

	if (!request->wait)
		request->wait = make_wait(request);
	if (!request->wait)
		return -ENOMEM;
	if (!request->suspended)
		error = suspend(request);
	if (error)
		return error;
	wye_timer_start(loop, &request->wait->deadline, allowed_time(request));
	wye_timer_start(loop, &request->wait->patience, PATIENCE);
	return 0;
}

void wye_wait_pause(struct wye_request *request)
{
	if (!request->suspended)
		return;
	wye_timer_stop(&request->connection->thread->loop, &request->wait->deadline);
	stop_watching(request);
	drop_ticket(request);
}

void wye_wait_end(struct wye_request *request)
{
	struct wye_http_thread *thread = request->connection->thread;

	if (!request->suspended)
		return;
	wye_wait_pause(request);
	request->suspended = false;
	thread->waiting--;
	wye_metric_add(thread->metrics->waiting, -1);
	MHD_resume_connection(request->connection->engine);
}
