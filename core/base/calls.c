/* SPDX-License-Identifier: MIT
 *
 * calls.c - see calls.h.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <wye/log.h>
#include <wye/metric.h>

#include "base/calls.h"
#include "base/until.h"

enum {
	TICK = 25, /* milliseconds between two looks */
	LIMIT = 4, /* looks that find the same call: more than 100 ms then */
};

/* An alternate stack, as a crash may be an overflow of the ordinary one. */
static char crash_stack[65536];

static struct {
	pthread_mutex_t lock;
	struct wye_calls *threads;
	pthread_t thread;
	sem_t stop;
	bool running;
	wye_metric slow;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

_Thread_local struct wye_calls wye_calls_mine;

void wye_calls_watch(const char *thread)
{
	struct wye_calls *mine = &wye_calls_mine;

	mine->thread = thread;
	pthread_mutex_lock(&all.lock);
	mine->next = all.threads;
	all.threads = mine;
	pthread_mutex_unlock(&all.lock);
}

void wye_calls_forget(void)
{
	struct wye_calls **link = &all.threads;

	pthread_mutex_lock(&all.lock);
	while (*link && *link != &wye_calls_mine)
		link = &(*link)->next;
	if (*link)
		*link = wye_calls_mine.next;
	pthread_mutex_unlock(&all.lock);
}

/* ---- callbacks that take too long ---- */

static void report(const struct wye_calls *calls, const char *who)
{
	const char *route = atomic_load_explicit(&calls->route, memory_order_relaxed);

	wye_metric_add(all.slow, 1);
	wye_log(WYE_LOG_WARNING,
		"%s holds %s for more than 100 ms%s%s; a step that waits needs WYE_BLOCKING",
		who, calls->thread, route ? ", on route " : "", route ? route : "");
}

static void look(struct wye_calls *calls)
{
	unsigned count = atomic_load_explicit(&calls->count, memory_order_relaxed);
	const char *who = atomic_load_explicit(&calls->who, memory_order_relaxed);

	if (!who || count != calls->seen) {
		calls->seen = count;
		calls->ticks = 0;
	} else if (++calls->ticks == LIMIT) {
		report(calls, who);
	}
}

static bool stopped_within(unsigned milliseconds)
{
	const struct timespec until = wye_until(CLOCK_MONOTONIC, milliseconds);

	return !sem_clockwait(&all.stop, CLOCK_MONOTONIC, &until); /* the day's may jump */
}

static void *watch(void *argument)
{
	(void)argument;
	while (!stopped_within(TICK)) {
		pthread_mutex_lock(&all.lock);
		for (struct wye_calls *calls = all.threads; calls; calls = calls->next)
			look(calls);
		pthread_mutex_unlock(&all.lock);
	}
	return NULL;
}

/* ---- last words ---- */

static const int FATAL[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

static size_t put(char *line, size_t at, size_t size, const char *text)
{
	while (*text && at < size)
		line[at++] = *text++;
	return at;
}

/* Async-signal-safe: only write(2), and texts that live as long as the program. */
static void last_words(int number)
{
	const char *who = atomic_load_explicit(&wye_calls_mine.who, memory_order_relaxed);
	const char *route = atomic_load_explicit(&wye_calls_mine.route, memory_order_relaxed);
	char thread[16] = "";
	const char digits[3] = { (char)('0' + number / 10 % 10), (char)('0' + number % 10), 0 };
	char line[512];
	size_t at = 0, size = sizeof line - 1;

	at = put(line, at, size, "wye: crashed by signal ");
	at = put(line, at, size, digits);
	at = put(line, at, size, who ? ", in " : ", in no plugin's callback");
	at = put(line, at, size, who ? who : "");
	at = put(line, at, size, route ? ", on route " : "");
	at = put(line, at, size, route ? route : "");
	at = put(line, at, size, ", thread ");
	prctl(PR_GET_NAME, thread);
	at = put(line, at, size, thread);
	line[at++] = '\n';
	(void)!write(STDERR_FILENO, line, at);
	raise(number); /* the handler is gone: now it has its ordinary effect, with a core */
}

static void catch_crashes(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they tell more */
	const stack_t stack = { .ss_sp = crash_stack, .ss_size = sizeof crash_stack };
	struct sigaction action = { .sa_handler = last_words,
				    .sa_flags = SA_RESETHAND | SA_ONSTACK | SA_NODEFER };

	sigaltstack(&stack, NULL); /* main's; other threads have their own stacks' guard only */
	for (size_t i = 0; i < sizeof FATAL / sizeof FATAL[0]; i++)
		sigaction(FATAL[i], &action, NULL);
#else
	(void)FATAL;
	(void)crash_stack;
	(void)last_words;
#endif
}

int wye_calls_start(void)
{
	int error;

	all.slow = wye_metric_register("plugin_slow_callbacks_total", WYE_COUNTER);
	catch_crashes();
	sem_init(&all.stop, 0, 0);
	error = pthread_create(&all.thread, NULL, watch, NULL);
	all.running = !error;
	if (!error)
		pthread_setname_np(all.thread, "wye-watchdog");
	return -error;
}

void wye_calls_stop(void)
{
	if (!all.running)
		return;
	sem_post(&all.stop);
	pthread_join(all.thread, NULL);
	all.running = false;
	sem_destroy(&all.stop);
}
