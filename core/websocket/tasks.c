/* SPDX-License-Identifier: MIT
 *
 * tasks.c - see tasks.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "stream/send.h"
#include "websocket/tasks.h"

typedef void run_function(struct wye_ws *ws, void *argument);

enum kind {
	TIMER,
	WORK,
};

/* In its connection's list, but for work that has outlived the connection. */
struct wye_ws_task {
	struct wye_ws_task *next, **link;
	enum kind kind;
	struct wye_ws *ws; /* NULL: it has ended */
	const struct wye_route *route;
	run_function *run;
	void *argument;
};

struct wye_ws_timer {
	struct wye_ws_task task; /* first */
	struct wye_timer timer;
	struct wye_loop *loop;
};

struct work {
	struct wye_ws_task task; /* first */
	struct wye_job job;
	struct wye_context context;
	void (*work)(void *argument, const struct wye_context *context);
};

struct post {
	struct wye_mail mail;
	uint64_t id;
	const struct wye_gauges *gauges;
	run_function *run;
	void *argument;
};

static void call(const struct wye_route *route, run_function *run, struct wye_ws *ws,
		 void *argument)
{
	struct wye_call before = wye_call_enter(route->handler, route->pattern);

	run(ws, argument);
	wye_call_leave(before);
}

/* ---- the list ---- */

static void enlist(struct wye_ws_task *task, struct wye_ws *ws)
{
	task->ws = ws;
	task->route = &ws->route->base;
	task->next = ws->tasks;
	task->link = &ws->tasks;
	if (task->next)
		task->next->link = &task->next;
	ws->tasks = task;
}

static void delist(struct wye_ws_task *task)
{
	if (!task->ws)
		return;
	*task->link = task->next;
	if (task->next)
		task->next->link = task->link;
}

/* Ends a task that is in no list any more. */
static void finish(struct wye_ws_task *task, struct wye_ws *ws)
{
	const struct wye_gauges *gauges = task->route->gauges;

	call(task->route, task->run, ws, task->argument);
	wye_metric_add(task->kind == TIMER ? gauges->timers : gauges->jobs, -1);
	free(task);
}

static bool is_ending(const struct wye_ws *ws)
{
	return ws->state == WYE_WS_CLOSED;
}

/* ---- timers ---- */

static void expire(void *argument)
{
	struct wye_ws_task *task = argument;

	delist(task);
	finish(task, task->ws);
}

int wye_ws_timer_start(struct wye_ws *ws, uint64_t milliseconds,
		       void (*run)(struct wye_ws *ws, void *argument), void *argument,
		       struct wye_ws_timer **out)
{
	struct wye_ws_timer *timer;

	if (is_ending(ws))
		return -ENOENT;
	timer = calloc(1, sizeof *timer);
	if (!timer)
		return -ENOMEM;
	timer->task.kind = TIMER;
	timer->task.run = run;
	timer->task.argument = argument;
	timer->loop = &ws->socket.loop->loop;
	enlist(&timer->task, ws);
	wye_timer_init(&timer->timer, expire, timer);
	wye_timer_start(timer->loop, &timer->timer, milliseconds);
	wye_metric_add(ws->route->base.gauges->timers, 1);
	if (out)
		*out = timer;
	return 0;
}

void wye_ws_timer_stop(struct wye_ws_timer *timer)
{
	wye_timer_stop(timer->loop, &timer->timer);
	delist(&timer->task);
	wye_metric_add(timer->task.route->gauges->timers, -1);
	free(timer);
}

/* ---- posted calls ---- */

static void arrive(struct wye_mail *mail)
{
	struct post *post = (struct post *)mail;
	struct wye_socket *socket = wye_socket_find(post->id, WYE_SOCKET_WEBSOCKET);
	struct wye_ws *ws = socket ? wye_ws_from_socket(socket) : NULL;
	struct wye_call before =
		ws ? wye_ws_enter_call(ws) : wye_call_enter("a posted call", NULL);

	post->run(ws, post->argument);
	wye_call_leave(before);
	wye_metric_add(post->gauges->posts, -1);
	free(post);
}

int wye_ws_post(wye_ws_id id, void (*run)(struct wye_ws *ws, void *argument), void *argument)
{
	struct wye_socket_place place = wye_socket_place(id.value, WYE_SOCKET_WEBSOCKET);
	const struct wye_ws_route *route = place.tag;
	struct post *post;

	if (!place.loop)
		return -ENOENT;
	post = malloc(sizeof *post);
	if (!post)
		return -ENOMEM;
	*post = (struct post) {
		.id = id.value, .gauges = route->base.gauges, .run = run, .argument = argument
	};
	wye_metric_add(post->gauges->posts, 1);
	if (!wye_loop_mail(&place.loop->loop, &post->mail, arrive))
		return 0;
	wye_metric_add(post->gauges->posts, -1);
	free(post);
	return -ENOENT;
}

/* ---- work ---- */

static struct work *of_job(struct wye_job *job)
{
	return (struct work *)((char *)job - offsetof(struct work, job));
}

static void run_work(struct wye_job *job)
{
	struct work *work = of_job(job);
	struct wye_call before =
		wye_call_enter(work->task.route->handler, work->task.route->pattern);

	work->work(work->task.argument, &work->context);
	wye_call_leave(before);
}

static void work_done(struct wye_job *job)
{
	struct work *work = of_job(job);

	delist(&work->task);
	wye_context_fini(&work->context);
	finish(&work->task, work->task.ws);
}

/* The context of work has no deadline. */
static void no_deadline(struct wye_context *context)
{
	(void)context;
}

int wye_ws_work(struct wye_ws *ws,
		void (*work)(void *argument, const struct wye_context *context),
		void (*run)(struct wye_ws *ws, void *argument), void *argument)
{
	struct work *made;
	int error;

	if (is_ending(ws))
		return -ENOENT;
	made = calloc(1, sizeof *made);
	if (!made)
		return -ENOMEM;
	made->task.kind = WORK;
	made->task.run = run;
	made->task.argument = argument;
	made->work = work;
	made->job.run = run_work;
	made->job.done = work_done;
	wye_context_init(&made->context, &ws->socket.loop->loop, no_deadline);
	enlist(&made->task, ws);
	error = wye_jobs_submit(ws->socket.loop->jobs, &made->job);
	if (error) {
		delist(&made->task);
		free(made);
		return error;
	}
	wye_metric_add(ws->route->base.gauges->jobs, 1);
	return 0;
}

/* ---- the end ---- */

static void end_timer(struct wye_ws_timer *timer)
{
	wye_timer_stop(timer->loop, &timer->timer);
	finish(&timer->task, NULL);
}

static void end_work(struct work *work, struct wye_jobs *jobs, enum wye_cancel_cause cause)
{
	wye_context_cancel(&work->context, cause);
	if (wye_jobs_withdraw(jobs, &work->job))
		finish(&work->task, NULL);
}

void wye_ws_tasks_end(struct wye_ws *ws)
{
	enum wye_cancel_cause cause = wye_context_cancelled(&ws->context);

	while (ws->tasks) {
		struct wye_ws_task *task = ws->tasks;

		delist(task);
		task->ws = NULL;
		if (task->kind == TIMER)
			end_timer((struct wye_ws_timer *)task);
		else
			end_work((struct work *)task, ws->socket.loop->jobs,
				 cause ? cause : WYE_CANCEL_ENDED);
	}
}
