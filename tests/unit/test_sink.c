/* SPDX-License-Identifier: MIT
 *
 * test_sink.c - sinks never make their callers wait, and lose no line without counting it.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wye/log.h>

#include "base/metric.h"
#include "base/ring.h"
#include "base/sink.h"
#include "unit.h"

enum { WRITERS = 4, LINES = 30000, PIPED = 3000, LENGTH = 61 }; /* no part of a page */

static struct wye_sink *sink;
static _Atomic unsigned accepted;

static void *write_lines(void *argument)
{
	char line[LENGTH + 1];

	for (unsigned i = 0; i < LINES; i++) {
		memset(line, '.', LENGTH);
		snprintf(line, sizeof line, "%02u %06u", (unsigned)(uintptr_t)argument, i);
		line[9] = ' ';
		line[LENGTH - 1] = '\n';
		if (wye_sink_write(sink, line, LENGTH))
			atomic_fetch_add(&accepted, 1);
	}
	return NULL;
}

static void write_by_threads(void)
{
	pthread_t threads[WRITERS];

	atomic_store(&accepted, 0);
	for (uintptr_t i = 0; i < WRITERS; i++)
		pthread_create(&threads[i], NULL, write_lines, (void *)i);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
}

static int64_t dropped(void)
{
	return wye_metric_read(wye_metric_register("log_lines_dropped_total", WYE_COUNTER));
}

struct tally {
	unsigned next[WRITERS], count;
};

static void check_line(const char *line, struct tally *tally)
{
	unsigned writer, number;

	assert_int_equal(strlen(line), LENGTH);
	assert_int_equal(line[LENGTH - 1], '\n');
	assert_int_equal(sscanf(line, "%u %u", &writer, &number), 2);
	assert_true(writer < WRITERS && number >= tally->next[writer]);
	tally->next[writer] = number + 1;
	tally->count++;
}

static void check_file(const char *path, struct tally *tally)
{
	char line[LENGTH + 2];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	while (fgets(line, sizeof line, file))
		check_line(line, tally);
	fclose(file);
	unlink(path);
}

static void lines_stay_whole_and_in_order(void **state)
{
	char path[] = "/tmp/wye-sink-XXXXXX";
	struct tally tally = { .count = 0 };
	int64_t before;

	(void)state;
	close(mkstemp(path));
	assert_int_equal(wye_sinks_start(), 0);
	before = dropped();
	assert_int_equal(wye_sink_open(&sink, path, NULL), 0);
	write_by_threads();
	wye_sink_close(sink);
	check_file(path, &tally);
	assert_int_equal(tally.count, atomic_load(&accepted));
	assert_int_equal(tally.count + (dropped() - before), WRITERS * LINES);
	wye_sinks_stop();
}

static int make_pipe(char *path, size_t size, const char *folder)
{
	snprintf(path, size, "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	return open(path, O_RDONLY | O_NONBLOCK);
}

/* Nobody reads the pipe: writers go on, rings fill, the rest is dropped and counted. */
static void a_pipe_that_nobody_reads(void **state)
{
	char folder[] = "/tmp/wye-sink-XXXXXX", path[64];
	int64_t before;
	int reader;

	(void)state;
	assert_non_null(mkdtemp(folder));
	reader = make_pipe(path, sizeof path, folder);
	assert_int_equal(wye_sinks_start(), 0);
	assert_int_equal(wye_sink_open(&sink, path, NULL), 0);
	before = dropped();
	write_by_threads();
	assert_int_equal(atomic_load(&accepted) + (dropped() - before), WRITERS * LINES);
	assert_true(dropped() > before);
	wye_sink_close(sink);
	wye_sinks_stop();
	close(reader);
	unlink(path);
	rmdir(folder);
}

/* By its pages: short writes may leave some of their bytes unused. */
static void wait_until_full(const char *path)
{
	struct pollfd writer = { open(path, O_WRONLY | O_NONBLOCK), POLLOUT, 0 };

	assert_true(writer.fd >= 0);
	while (poll(&writer, 1, 0) == 1)
		usleep(1000);
	close(writer.fd);
}

static void *write_one(void *argument)
{
	(void)argument;
	assert_true(wye_sink_write(sink, "other\n", 6));
	return NULL;
}

/* The pipe ends within a line; a line of another thread waits until that one is whole. */
static void a_pipe_that_takes_half_a_line(void **state)
{
	char folder[] = "/tmp/wye-sink-XXXXXX", path[64], line[LENGTH + 2];
	unsigned others = 0;
	pthread_t other;
	FILE *file;
	int reader;

	(void)state;
	assert_non_null(mkdtemp(folder));
	reader = make_pipe(path, sizeof path, folder);
	assert_int_equal(wye_sinks_start(), 0);
	assert_int_equal(wye_sink_open(&sink, path, NULL), 0);
	memset(line, '.', LENGTH);
	line[LENGTH - 1] = '\n';
	for (unsigned i = 0; i < PIPED; i++)
		assert_true(wye_sink_write(sink, line, LENGTH));
	wait_until_full(path);
	pthread_create(&other, NULL, write_one, NULL);
	pthread_join(other, NULL);
	fcntl(reader, F_SETFL, 0);
	file = fdopen(reader, "r");
	for (unsigned i = 0; i < PIPED + 1; i++) {
		assert_non_null(fgets(line, sizeof line, file));
		others += !strcmp(line, "other\n");
		assert_true(strlen(line) == LENGTH || !strcmp(line, "other\n"));
	}
	assert_int_equal(others, 1);
	fclose(file);
	wye_sink_close(sink);
	wye_sinks_stop();
	unlink(path);
	rmdir(folder);
}

static void *write_and_tell(void *ended)
{
	write_by_threads();
	atomic_store((atomic_bool *)ended, true);
	return NULL;
}

static void each_line_is_in_one_file(void **state)
{
	char folder[] = "/tmp/wye-sink-XXXXXX", path[64], old[96];
	struct tally tally = { .count = 0 };
	atomic_bool ended = false;
	unsigned files = 0;
	pthread_t writer;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/log", folder);
	assert_int_equal(wye_sinks_start(), 0);
	assert_int_equal(wye_sink_open(&sink, path, NULL), 0);
	pthread_create(&writer, NULL, write_and_tell, &ended);
	while (!atomic_load(&ended) && files < 1000) {
		snprintf(old, sizeof old, "%s.%u", path, files++);
		assert_int_equal(rename(path, old), 0);
		wye_sinks_reopen();
	}
	pthread_join(writer, NULL);
	wye_sink_close(sink);
	wye_sinks_stop();
	for (unsigned i = 0; i < files; i++) {
		snprintf(old, sizeof old, "%s.%u", path, i);
		check_file(old, &tally);
	}
	check_file(path, &tally);
	assert_int_equal(tally.count, atomic_load(&accepted));
	assert_int_equal(rmdir(folder), 0);
}

static void the_old_file_stays_in_use(void **state)
{
	char folder[] = "/tmp/wye-sink-XXXXXX", moved[64], path[80], line[LENGTH + 2];
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(moved, sizeof moved, "%s.moved", folder);
	snprintf(path, sizeof path, "%s/log", folder);
	assert_int_equal(wye_sink_open(&sink, path, NULL), 0);
	assert_int_equal(rename(folder, moved), 0);
	wye_sinks_reopen();
	assert_true(wye_sink_write(sink, "still\n", 6));
	wye_sink_close(sink);
	snprintf(path, sizeof path, "%s/log", moved);
	file = fopen(path, "r");
	assert_non_null(fgets(line, sizeof line, file));
	assert_string_equal(line, "still\n");
	fclose(file);
	unlink(path);
	assert_int_equal(rmdir(moved), 0);
}

static void one_file_is_shared(void **state)
{
	struct wye_sink *one, *two, *bad;
	struct wye_error why;

	(void)state;
	assert_int_equal(wye_sink_open(&one, "/dev/null", NULL), 0);
	assert_int_equal(wye_sink_open(&two, "/dev/null", NULL), 0);
	assert_ptr_equal(one, two);
	wye_sink_close(one);
	assert_true(wye_sink_write(two, "x\n", 2));
	wye_sink_close(two);
	assert_true(wye_sink_open(&bad, "/nonexistent/log", &why) < 0);
	assert_non_null(strstr(why.text, "/nonexistent/log"));
}

static void ring_wraps(void **state)
{
	static struct wye_ring ring;
	char piece[1000];
	struct iovec vectors[2];
	unsigned char next = 0, want = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		for (size_t i = 0; i < sizeof piece; i++)
			piece[i] = (char)next++;
		while (!wye_ring_put(&ring, piece, sizeof piece)) {
			int count = wye_ring_peek(&ring, vectors);

			for (int i = 0; i < count; i++) {
				const unsigned char *at = vectors[i].iov_base;

				for (size_t j = 0; j < vectors[i].iov_len; j++)
					assert_int_equal(at[j], want++);
				wye_ring_take(&ring, vectors[i].iov_len);
			}
		}
	}
	assert_true(wye_ring_used(&ring) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_stay_whole_and_in_order),
		cmocka_unit_test(a_pipe_that_nobody_reads),
		cmocka_unit_test(a_pipe_that_takes_half_a_line),
		cmocka_unit_test(each_line_is_in_one_file),
		cmocka_unit_test(the_old_file_stays_in_use),
		cmocka_unit_test(one_file_is_shared),
		cmocka_unit_test(ring_wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
