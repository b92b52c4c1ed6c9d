/* SPDX-License-Identifier: MIT
 *
 * test_calls.c - which callback a thread is in; the watchdog's lines, and a crash's last words.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/calls.h"
#include "base/metric.h"
#include "unit.h"

static void expect(const char *who, const char *route)
{
	const char *is_who = atomic_load(&wye_calls_mine.who);
	const char *is_route = atomic_load(&wye_calls_mine.route);

	assert_true(is_who == who && is_route == route);
}

static void nesting(void **state)
{
	static const char outer_name[] = "outer", inner_name[] = "inner", route[] = "/a";
	unsigned count = atomic_load(&wye_calls_mine.count);
	struct wye_call outer, inner;

	(void)state;
	expect(NULL, NULL);
	outer = wye_call_enter(outer_name, route);
	expect(outer_name, route);
	inner = wye_call_enter(inner_name, NULL);
	expect(inner_name, NULL);
	wye_call_leave(inner);
	expect(outer_name, route);
	wye_call_leave(outer);
	expect(NULL, NULL);
	assert_int_equal(atomic_load(&wye_calls_mine.count), count + 2);
}

/* ---- the watchdog ---- */

static char log_path[] = "/tmp/wye-calls-XXXXXX";
static int log_file, standard_error;

static int64_t slow(void)
{
	return wye_metric_read(wye_metric_register("plugin_slow_callbacks_total", WYE_COUNTER));
}

static void sleep_for(long milliseconds)
{
	const struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(log_path + strlen(log_path) - 6, "XXXXXX");
	log_file = mkstemp(log_path);
	fflush(stderr);
	standard_error = dup(STDERR_FILENO);
	dup2(log_file, STDERR_FILENO);
	return wye_calls_start();
}

static int tear_down(void **state)
{
	(void)state;
	wye_calls_stop();
	wye_calls_stop(); /* is left alone */
	dup2(standard_error, STDERR_FILENO);
	close(standard_error);
	close(log_file);
	unlink(log_path);
	return 0;
}

/* How often the log says it. */
static unsigned lines_with(const char *text)
{
	char log[4096];
	ssize_t length = pread(log_file, log, sizeof log - 1, 0);
	unsigned count = 0;

	log[length > 0 ? length : 0] = '\0';
	for (const char *at = log; (at = strstr(at, text)); at++)
		count++;
	return count;
}

static void *hold_a_thread(void *argument)
{
	struct wye_call call;

	wye_calls_watch("watched-1");
	call = wye_call_enter("sleeper", argument);
	sleep_for(200);
	wye_call_leave(call);
	wye_calls_forget();
	return NULL;
}

static void reported_once(void **state)
{
	static char route[] = "/slow";
	int64_t before = slow();
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, hold_a_thread, route), 0);
	pthread_join(thread, NULL);
	assert_int_equal(slow() - before, 1);
	assert_int_equal(lines_with("sleeper holds watched-1"), 1);
	assert_int_equal(lines_with("on route /slow;"), 1);
	assert_int_equal(pthread_create(&thread, NULL, hold_a_thread, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(slow() - before, 2);
	assert_int_equal(lines_with("on route"), 1);
}

/* Many short calls hold nothing, nor does a thread that is in none or is not watched. */
static void not_reported(void **state)
{
	int64_t before = slow();
	struct wye_call call;
	clock_t end;

	(void)state;
	call = wye_call_enter("unwatched", NULL);
	sleep_for(200);
	wye_call_leave(call);
	wye_calls_watch("watched-2");
	sleep_for(200);
	end = clock() + CLOCKS_PER_SEC / 5;
	while (clock() < end) {
		call = wye_call_enter("short", NULL);
		wye_call_leave(call);
	}
	wye_calls_forget();
	call = wye_call_enter("forgotten", NULL);
	sleep_for(200);
	wye_call_leave(call);
	wye_calls_forget(); /* is left alone */
	assert_int_equal(slow() - before, 0);
	assert_int_equal(lines_with("holds"), 0);
}

/* A call that is waited in, then one in it, then it again: the whole is one that holds. */
static void outer_call_is_named(void **state)
{
	int64_t before = slow();
	struct wye_call outer, inner;

	(void)state;
	wye_calls_watch("watched-3");
	outer = wye_call_enter("outer", NULL);
	inner = wye_call_enter("inner", NULL);
	wye_call_leave(inner);
	sleep_for(200);
	wye_call_leave(outer);
	wye_calls_forget();
	assert_int_equal(slow() - before, 1);
	assert_int_equal(lines_with("outer holds watched-3"), 1);
}

/* ---- last words ---- */

static void crash(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	if (wye_calls_start())
		_exit(1);
	(void)wye_call_enter("crasher", "/crash");
	abort();
}

static void last_words(void **state)
{
	const char *sanitized = getenv("WYE_SANITIZED");
	char text[600];
	int ends[2], status;
	ssize_t length;
	pid_t child;

	(void)state;
	if (sanitized && !strcmp(sanitized, "yes"))
		skip(); /* they have words of their own */
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child) {
		dup2(ends[1], STDERR_FILENO);
		crash();
	}
	close(ends[1]);
	length = read(ends[0], text, sizeof text - 1);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_true(length > 0);
	text[length] = '\0';
	assert_non_null(strstr(text, "wye: crashed by signal 06, in crasher, on route /crash, "
				     "thread "));
	assert_int_equal(text[length - 1], '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nesting),
		cmocka_unit_test(last_words),
		cmocka_unit_test_setup_teardown(reported_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_reported, set_up, tear_down),
		cmocka_unit_test_setup_teardown(outer_call_is_named, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
