/* SPDX-License-Identifier: MIT
 *
 * tasks.c - a plugin for the tests: timers, posted calls and work of connections; each must end
 * exactly once, which the plugin checks at its end. By orders (orders.h):
 *   tasks   WebSocket: "timer count= ms=", "stop" (starts one and stops it), "work count= ms=",
 *           "post count=", "chain" (each ends by starting the next); answered by how many were
 *           accepted; close() tries each once more
 *   post    REST: "post to= count=": so many from each of eight threads
 *   counts  REST: what has happened so far
 */
#include <errno.h>
#include <time.h>

#include "orders.h"

struct tasks {
	struct peers peers;
	atomic_int started, stopped, run, over, early, unordered, cancelled, refused;
	atomic_int opens, closes;
};

/* A connection's own; freed with the last task that names it. */
struct mine {
	struct tasks *tasks;
	atomic_int holders;
	bool closed;
	int posted; /* the latest post that has run */
};

struct task {
	struct mine *mine;
	atomic_int calls;
	int number, milliseconds, again;
	bool is_post;
};

static void let_go(struct mine *mine)
{
	if (atomic_fetch_sub(&mine->holders, 1) == 1)
		free(mine);
}

static struct task *make(struct mine *mine, int number, long milliseconds)
{
	struct task *task = calloc(1, sizeof *task);

	if (!task)
		abort();
	atomic_fetch_add(&mine->holders, 1);
	atomic_fetch_add(&mine->tasks->started, 1);
	task->mine = mine;
	task->number = number;
	task->milliseconds = (int)milliseconds;
	return task;
}

static void unmake(struct task *task)
{
	struct mine *mine = task->mine;

	free(task);
	let_go(mine);
}

static void never_started(struct task *task)
{
	atomic_fetch_sub(&task->mine->tasks->started, 1);
	atomic_fetch_add(&task->mine->tasks->refused, 1);
	unmake(task);
}

static bool start_timer(struct wye_ws *ws, struct task *task);

/* Ends each task. */
static void run(struct wye_ws *ws, void *argument)
{
	struct task *task = argument;
	struct mine *mine = task->mine;
	struct tasks *tasks = mine->tasks;

	if (atomic_fetch_add(&task->calls, 1) || !wye_loop_current())
		abort();
	if (ws && mine->closed)
		atomic_fetch_add(&tasks->early, 1);
	atomic_fetch_add(ws ? &tasks->run : &tasks->over, 1);
	if (task->is_post && task->number >= 0) {
		if (task->number != mine->posted + 1)
			atomic_fetch_add(&tasks->unordered, 1);
		mine->posted = task->number;
	}
	if (ws && task->again) {
		struct task *next = make(mine, 0, task->milliseconds);

		next->again = task->again - 1;
		start_timer(ws, next);
	}
	unmake(task);
}

static bool start_timer(struct wye_ws *ws, struct task *task)
{
	if (!wye_ws_timer_start(ws, (uint64_t)task->milliseconds, run, task, NULL))
		return true;
	never_started(task);
	return false;
}

static void stop_one(struct wye_ws *ws, struct mine *mine)
{
	struct task *task = make(mine, 0, 20);
	struct wye_ws_timer *timer;

	if (wye_ws_timer_start(ws, 20, run, task, &timer)) {
		never_started(task);
		return;
	}
	wye_ws_timer_stop(timer);
	atomic_fetch_add(&mine->tasks->stopped, 1);
	unmake(task);
}

/* On the pool; for so long, or until its connection ends. */
static void work(void *argument, const struct wye_context *context)
{
	struct task *task = argument;
	const struct timespec moment = { 0, 1000000 };

	if (wye_loop_current())
		abort();
	for (int i = 0; i < task->milliseconds && !wye_context_cancelled(context); i++)
		nanosleep(&moment, NULL);
	if (wye_context_cancelled(context))
		atomic_fetch_add(&task->mine->tasks->cancelled, 1);
}

static bool start_work(struct wye_ws *ws, struct task *task)
{
	if (!wye_ws_work(ws, work, run, task))
		return true;
	never_started(task);
	return false;
}

static bool post(wye_ws_id id, struct task *task)
{
	task->is_post = true;
	if (!wye_ws_post(id, run, task))
		return true;
	never_started(task);
	return false;
}

static int start_some(struct wye_ws *ws, struct mine *mine, const char *what, long count,
		      long milliseconds)
{
	int started = 0;

	for (int i = 0; i < count; i++) {
		struct task *task;

		if (!strcmp(what, "stop")) {
			stop_one(ws, mine);
			continue;
		}
		task = make(mine, i, milliseconds);
		if (!strcmp(what, "chain"))
			task->again = 10;
		if (!strcmp(what, "work"))
			started += start_work(ws, task);
		else if (!strcmp(what, "post"))
			started += post(wye_ws_identity(ws), task);
		else
			started += start_timer(ws, task);
	}
	return started;
}

/* ---- connections ---- */

static int open_mine(struct wye_ws *ws, const struct wye_mount *mount,
		     const struct wye_handshake *handshake)
{
	struct tasks *tasks = mount->instance;
	struct wye_text name = wye_handshake_query_value(handshake, "name");
	struct mine *mine = calloc(1, sizeof *mine);

	if (!mine)
		return -ENOMEM;
	mine->tasks = tasks;
	mine->posted = -1;
	atomic_init(&mine->holders, 1);
	wye_ws_set_data(ws, mine);
	peer_add(&tasks->peers, name, wye_ws_identity(ws));
	atomic_fetch_add(&tasks->opens, 1);
	return 0;
}

static int message(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		   const void *data, size_t length)
{
	struct mine *mine = wye_ws_data(ws);
	struct order order;
	char text[16];
	int size;

	(void)mount;
	(void)kind;
	order_read(&order, data, length);
	mine->posted = -1;
	size = snprintf(text, sizeof text, "%d",
			start_some(ws, mine, order.text, order_number(&order, "count", 1),
				   order_number(&order, "ms", 0)));
	return wye_ws_send(wye_ws_identity(ws), WYE_WS_TEXT, text, (size_t)size);
}

static void close_mine(struct wye_ws *ws, const struct wye_mount *mount,
		       const struct wye_ws_ending *ending)
{
	struct mine *mine = wye_ws_data(ws);

	(void)mount;
	(void)ending;
	mine->closed = true;
	if (start_some(ws, mine, "timer", 1, 1) || start_some(ws, mine, "work", 1, 1) ||
	    start_some(ws, mine, "post", 1, 1))
		abort(); /* it is over */
	atomic_fetch_add(&mine->tasks->closes, 1);
	let_go(mine);
}

/* ---- REST ---- */

struct burst {
	pthread_t thread;
	struct tasks *tasks;
	struct mine *mine;
	wye_ws_id id;
	long count;
	int accepted;
};

static void *post_some(void *argument)
{
	struct burst *burst = argument;

	for (long i = 0; i < burst->count; i++)
		burst->accepted += post(burst->id, make(burst->mine, -1, 0));
	return NULL;
}

static int storm(struct tasks *tasks, struct mine *mine, wye_ws_id id, long count)
{
	struct burst bursts[8];
	int accepted = 0;

	for (int i = 0; i < 8; i++) {
		bursts[i] = (struct burst) {
			.tasks = tasks, .mine = mine, .id = id, .count = count
		};
		if (pthread_create(&bursts[i].thread, NULL, post_some, &bursts[i]))
			abort();
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(bursts[i].thread, NULL);
		accepted += bursts[i].accepted;
	}
	return accepted;
}

static enum wye_verdict take_post(struct wye_request *request, const struct wye_mount *mount)
{
	struct tasks *tasks = mount->instance;
	struct wye_text body = wye_request_body(request);
	struct mine *mine = calloc(1, sizeof *mine);
	struct order order;
	char text[16];
	int size, accepted;

	if (!mine)
		return WYE_NEXT;
	mine->tasks = tasks;
	atomic_init(&mine->holders, 1);
	order_read(&order, body.data, body.length);
	accepted = storm(tasks, mine, peer_id(&tasks->peers, order_text(&order, "to")),
			 order_number(&order, "count", 1));
	let_go(mine);
	size = snprintf(text, sizeof text, "%d", accepted);
	wye_reply(request, 200, "text/plain", text, (size_t)size);
	return WYE_ANSWERED;
}

static enum wye_verdict counts(struct wye_request *request, const struct wye_mount *mount)
{
	struct tasks *tasks = mount->instance;
	char text[256];
	int size = snprintf(
		text, sizeof text,
		"{\"started\": %d, \"stopped\": %d, \"run\": %d, \"over\": %d, \"early\": %d, "
		"\"unordered\": %d, \"cancelled\": %d, \"refused\": %d, \"opens\": %d, "
		"\"closes\": %d}",
		tasks->started, tasks->stopped, tasks->run, tasks->over, tasks->early,
		tasks->unordered, tasks->cancelled, tasks->refused, tasks->opens,
		tasks->closes);

	wye_reply(request, 200, "application/json", text, (size_t)size);
	return WYE_ANSWERED;
}

/* ---- the plugin ---- */

static int open_tasks(const struct wye_settings *settings, void **instance,
		      struct wye_error *why)
{
	struct tasks *tasks = calloc(1, sizeof *tasks);

	(void)settings;
	(void)why;
	if (!tasks)
		return -ENOMEM;
	pthread_mutex_init(&tasks->peers.lock, NULL);
	*instance = tasks;
	return 0;
}

/* What must be so at the end, whatever happened: else the test's exit status is wrong. */
static void close_tasks(void *instance)
{
	struct tasks *tasks = instance;

	if (tasks->started != tasks->run + tasks->over + tasks->stopped || tasks->early ||
	    tasks->unordered || tasks->opens != tasks->closes) {
		fprintf(stderr, "tasks: %d started, %d run, %d over, %d stopped, %d early\n",
			tasks->started, tasks->run, tasks->over, tasks->stopped, tasks->early);
		abort();
	}
	pthread_mutex_destroy(&tasks->peers.lock);
	free(tasks);
}

static const char *const methods[] = { "POST", NULL };
static const struct wye_rest_handler post_handler = {
	.size = sizeof post_handler, .name = "post", .methods = methods, .handle = take_post
};
static const struct wye_rest_handler counts_handler = { .size = sizeof counts_handler,
							.name = "counts",
							.handle = counts };
static const struct wye_rest_handler *const rest_handlers[] = { &post_handler, &counts_handler,
								NULL };
static const struct wye_ws_handler tasks_handler = { .size = sizeof tasks_handler,
						     .name = "tasks",
						     .open = open_mine,
						     .message = message,
						     .close = close_mine };
static const struct wye_ws_handler *const ws_handlers[] = { &tasks_handler, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "tasks",
	.sentence = "for tests",
	.open = open_tasks,
	.close = close_tasks,
	.rest_handlers = rest_handlers,
	.ws_handlers = ws_handlers,
};
