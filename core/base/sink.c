/* SPDX-License-Identifier: MIT
 *
 * sink.c - files that lines are appended to (<wye/log.h>).
 *
 * Each thread has a ring of its own per sink, found in a small table of the thread; one thread,
 * wye-log, drains the rings every 100 ms while there is something in them, and sleeps on an
 * eventfd otherwise. It never waits for one sink alone: what a pipe or a disk does not take
 * stays in the ring, and lines that find no room are dropped and counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/ring.h"
#include "base/sink.h"

enum {
	SINKS = 32,        /* open at once, at most */
	TICK = 100,        /* milliseconds between two drains */
	LAST_DRAIN = 1000, /* milliseconds that a close may take */
	PIPE_PIECE = 4096, /* what poll(2) promises a pipe takes without waiting: PIPE_BUF */
};

/* One thread's part of a sink. Kept until the sink is closed, also when the thread has ended.
 */
struct lane {
	struct lane *next;
	struct wye_ring ring;
};

struct wye_sink {
	int descriptor;
	unsigned index, users;
	uint64_t use; /* which use of the index this is, so that a stale lane is not used */
	bool plain;   /* a plain file: written without asking poll(2) */
	char *path;
	struct lane *unfinished; /* its line has been written in part only */
	_Atomic(struct lane *) lanes;
	_Atomic uint64_t dropped;
	uint64_t reported;
};

static struct {
	pthread_mutex_t lock; /* of the table; wye-log holds it while it drains */
	struct wye_sink *sinks[SINKS];
	uint64_t uses; /* sinks ever opened */
	pthread_t thread;
	int wake;
	atomic_bool asleep;
	atomic_bool stop;
	bool running, trial;
	wye_metric dropped, errors;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = -1 };

static _Thread_local struct {
	struct lane *lane;
	uint64_t use;
} mine[SINKS];

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- writing, on wye-log ---- */

/* Returns the bytes taken; 0 if the sink takes none now. */
static size_t write_pieces(struct wye_sink *sink, struct iovec *pieces, int count)
{
	struct pollfd ready = { sink->descriptor, POLLOUT, 0 };
	ssize_t written;

	if (!sink->plain) {
		if (poll(&ready, 1, 0) <= 0 || !(ready.revents & POLLOUT))
			return 0;
		if (pieces[0].iov_len > PIPE_PIECE)
			pieces[0].iov_len = PIPE_PIECE;
		count = 1;
	}
	written = writev(sink->descriptor, pieces, count);
	if (written >= 0)
		return (size_t)written;
	if (errno != EAGAIN && errno != EINTR)
		wye_metric_add(all.errors, 1);
	return 0;
}

static char byte_at(const struct iovec pieces[2], size_t index)
{
	const char *first = pieces[0].iov_base, *second = pieces[1].iov_base;

	return index < pieces[0].iov_len ? first[index] : second[index - pieces[0].iov_len];
}

/* Returns true if something is left. */
static bool drain_lane(struct wye_sink *sink, struct lane *lane)
{
	struct iovec pieces[2];
	int count;

	while ((count = wye_ring_peek(&lane->ring, pieces))) {
		size_t taken = write_pieces(sink, pieces, count);

		if (!taken)
			return true;
		sink->unfinished = byte_at(pieces, taken - 1) == '\n' ? NULL : lane;
		wye_ring_take(&lane->ring, taken);
	}
	return false;
}

/* No other lane's line may come into the middle of one. */
static bool drain_sink(struct wye_sink *sink)
{
	bool left = false;

	if (sink->unfinished && drain_lane(sink, sink->unfinished))
		return true;
	for (struct lane *lane = atomic_load_explicit(&sink->lanes, memory_order_acquire); lane;
	     lane = lane->next) {
		left = drain_lane(sink, lane) || left;
		if (sink->unfinished)
			return true;
	}
	return left;
}

/* Says in the log that lines of another sink were lost. */
static void report_losses(struct wye_sink *sink)
{
	uint64_t dropped = atomic_load_explicit(&sink->dropped, memory_order_relaxed);

	if (dropped == sink->reported)
		return;
	wye_log(WYE_LOG_WARNING, "%llu lines for %s were dropped: it takes no more",
		(unsigned long long)(dropped - sink->reported), sink->path);
	sink->reported = dropped;
}

static bool drain_all(void)
{
	bool left = false;

	pthread_mutex_lock(&all.lock);
	for (unsigned i = 0; i < SINKS; i++)
		if (all.sinks[i] && !drain_sink(all.sinks[i]))
			report_losses(all.sinks[i]);
		else if (all.sinks[i])
			left = true;
	pthread_mutex_unlock(&all.lock);
	return left;
}

static void sleep_until_woken(void)
{
	struct pollfd wait = { all.wake, POLLIN, 0 };
	uint64_t count;

	atomic_store(&all.asleep, true);
	if (!drain_all()) /* what came in before `asleep` was seen */
		(void)poll(&wait, 1, -1);
	atomic_store(&all.asleep, false);
	(void)!read(all.wake, &count, sizeof count);
}

static void *write_lines(void *argument)
{
	const struct timespec tick = { 0, TICK * 1000000L };
	long end = 0;

	(void)argument;
	while (!atomic_load(&all.stop)) {
		if (!drain_all())
			sleep_until_woken();
		nanosleep(&tick, NULL); /* lines are written together, ten times a second */
	}
	end = now_ms() + LAST_DRAIN;
	while (drain_all() && now_ms() < end)
		nanosleep(&(struct timespec) { 0, 5000000 }, NULL);
	return NULL;
}

static void wake(void)
{
	const uint64_t one = 1;

	if (atomic_exchange(&all.asleep, false))
		(void)!write(all.wake, &one, sizeof one);
}

/* ---- start and stop ---- */

/* Signals are for main: one that came while it is busy would end the program here. */
static int start_thread(void)
{
	sigset_t every, before;
	int error;

	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	error = pthread_create(&all.thread, NULL, write_lines, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

int wye_sinks_start(void)
{
	int error;

	all.dropped = wye_metric_register("log_lines_dropped_total", WYE_COUNTER);
	all.errors = wye_metric_register("log_write_errors_total", WYE_COUNTER);
	all.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (all.wake < 0)
		return -errno;
	atomic_store(&all.stop, false);
	error = start_thread();
	all.running = !error;
	if (!error)
		pthread_setname_np(all.thread, "wye-log");
	return -error;
}

void wye_sinks_stop(void)
{
	if (!all.running)
		return;
	atomic_store(&all.stop, true);
	atomic_store(&all.asleep, true);
	wake();
	pthread_join(all.thread, NULL);
	all.running = false;
	close(all.wake);
	all.wake = -1;
}

void wye_sinks_try(void)
{
	all.trial = true;
}

/* ---- opening and closing ---- */

static struct wye_sink *find(const char *path)
{
	for (unsigned i = 0; i < SINKS; i++)
		if (all.sinks[i] && !strcmp(all.sinks[i]->path, path))
			return all.sinks[i];
	return NULL;
}

static bool is_standard(const char *path)
{
	return !strcmp(path, "-") || !strcmp(path, "stderr");
}

static bool is_plain(const struct stat *status, const char *path)
{
	return S_ISREG(status->st_mode) || !strcmp(path, "/dev/null");
}

/* Instead of making the file. */
static int try_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int error = folder ? access(folder, W_OK | X_OK) : -1;

	free(folder);
	return error ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static int open_file(const char *path)
{
	const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int descriptor = open(path, all.trial ? flags : flags | O_CREAT, 0640);

	return all.trial && descriptor < 0 && errno == ENOENT ? try_folder(path) : descriptor;
}

static int open_path(const char *path)
{
	if (!strcmp(path, "-"))
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	if (!strcmp(path, "stderr"))
		return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	return open_file(path);
}

static void free_sink(struct wye_sink *sink)
{
	struct lane *lane = atomic_load(&sink->lanes);

	while (lane) {
		struct lane *next = lane->next;

		free(lane);
		lane = next;
	}
	if (sink->descriptor >= 0)
		close(sink->descriptor);
	free(sink->path);
	free(sink);
}

static int make_sink(struct wye_sink **out, const char *path)
{
	struct wye_sink *sink = calloc(1, sizeof *sink);
	struct stat status;

	if (!sink)
		return -ENOMEM;
	sink->path = strdup(path);
	sink->descriptor = open_path(path);
	if (sink->descriptor < 0 || !sink->path || fstat(sink->descriptor, &status)) {
		int error = -errno;

		free_sink(sink);
		return error;
	}
	sink->plain = is_plain(&status, path);
	*out = sink;
	return 0;
}

static int enter(struct wye_sink *sink)
{
	for (unsigned i = 0; i < SINKS; i++)
		if (!all.sinks[i]) {
			sink->index = i;
			sink->users = 1;
			sink->use = ++all.uses;
			all.sinks[i] = sink;
			return 0;
		}
	return -ENFILE;
}

int wye_sink_open(struct wye_sink **out, const char *path, struct wye_error *why)
{
	struct wye_sink *sink;
	int error;

	pthread_mutex_lock(&all.lock);
	sink = find(path);
	error = sink ? 0 : make_sink(&sink, path);
	if (!error && sink->users) {
		sink->users++;
	} else if (!error) {
		error = enter(sink);
		if (error)
			free_sink(sink);
	}
	pthread_mutex_unlock(&all.lock);
	if (error)
		wye_error_set(why, "can't open %s: %s", path, strerror(-error));
	else
		*out = sink;
	return error;
}

void wye_sink_close(struct wye_sink *sink)
{
	long end = now_ms() + LAST_DRAIN;
	bool last;

	if (!sink)
		return;
	pthread_mutex_lock(&all.lock);
	last = !--sink->users;
	while (last && drain_sink(sink) && now_ms() < end)
		nanosleep(&(struct timespec) { 0, 5000000 }, NULL);
	if (last)
		all.sinks[sink->index] = NULL;
	pthread_mutex_unlock(&all.lock);
	if (last)
		free_sink(sink);
}

/* ---- opening anew ---- */

/* The rest of a line whose first part the old file has is no line of the new one. */
static void skip_rest(struct wye_sink *sink)
{
	struct lane *lane = sink->unfinished;
	struct iovec pieces[2];
	bool ended = false;

	sink->unfinished = NULL;
	while (lane && !ended && wye_ring_peek(&lane->ring, pieces)) {
		const char *end = memchr(pieces[0].iov_base, '\n', pieces[0].iov_len);

		ended = end;
		wye_ring_take(&lane->ring,
			      end ? (size_t)(end + 1 - (const char *)pieces[0].iov_base)
				  : pieces[0].iov_len);
	}
	if (ended) {
		atomic_fetch_add_explicit(&sink->dropped, 1, memory_order_relaxed);
		wye_metric_add(all.dropped, 1);
	}
}

static void replace(struct wye_sink *sink, int descriptor, const struct stat *status, long end)
{
	while (drain_sink(sink) && now_ms() < end)
		nanosleep(&(struct timespec) { 0, 5000000 }, NULL);
	skip_rest(sink);
	close(sink->descriptor);
	sink->descriptor = descriptor;
	sink->plain = is_plain(status, sink->path);
}

static int reopen(struct wye_sink *sink, long end)
{
	int descriptor = open_path(sink->path), error = 0;
	struct stat before, now;

	if (descriptor < 0)
		return -errno;
	if (fstat(descriptor, &now) || fstat(sink->descriptor, &before)) {
		error = -errno;
	} else if (now.st_dev != before.st_dev || now.st_ino != before.st_ino) {
		replace(sink, descriptor, &now, end);
		return 0;
	}
	close(descriptor); /* the file was not renamed, or an error */
	return error;
}

void wye_sinks_reopen(void)
{
	long end = now_ms() + LAST_DRAIN;

	pthread_mutex_lock(&all.lock);
	for (unsigned i = 0; i < SINKS; i++) {
		struct wye_sink *sink = all.sinks[i];
		int error = sink && !is_standard(sink->path) ? reopen(sink, end) : 0;

		if (error)
			wye_log(WYE_LOG_ERROR, "can't open %s anew: %s; the old file is kept",
				sink->path, strerror(-error));
	}
	pthread_mutex_unlock(&all.lock);
}

static bool is_writable(const char *path)
{
	return !eaccess(path, W_OK) || errno == ENOENT;
}

void wye_sinks_check(void)
{
	pthread_mutex_lock(&all.lock);
	for (unsigned i = 0; i < SINKS; i++) {
		const struct wye_sink *sink = all.sinks[i];

		if (sink && !is_standard(sink->path) && !is_writable(sink->path))
			wye_log(WYE_LOG_WARNING, "%s can't be opened anew: %s", sink->path,
				strerror(errno));
	}
	pthread_mutex_unlock(&all.lock);
}

/* ---- putting lines in, on any thread ---- */

static struct lane *join(struct wye_sink *sink)
{
	struct lane *lane = calloc(1, sizeof *lane);

	if (!lane)
		return NULL;
	lane->next = atomic_load_explicit(&sink->lanes, memory_order_relaxed);
	while (!atomic_compare_exchange_weak(&sink->lanes, &lane->next, lane))
		;
	mine[sink->index].lane = lane;
	mine[sink->index].use = sink->use;
	return lane;
}

bool wye_sink_write(struct wye_sink *sink, const char *data, size_t length)
{
	unsigned index = sink->index;
	struct lane *lane = mine[index].use == sink->use ? mine[index].lane : join(sink);

	if (!lane || !wye_ring_put(&lane->ring, data, length)) {
		atomic_fetch_add_explicit(&sink->dropped, 1, memory_order_relaxed);
		wye_metric_add(all.dropped, 1);
		return false;
	}
	atomic_thread_fence(memory_order_seq_cst); /* put in before `asleep` is read */
	if (atomic_load_explicit(&all.asleep, memory_order_relaxed))
		wake();
	return true;
}
