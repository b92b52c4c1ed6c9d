/* SPDX-License-Identifier: MIT
 *
 * test_sink.c - sinks never make their callers wait, and lose no line without counting it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wye/log.h>

#include "base/metric.h"
#include "base/ring.h"
#include "base/sink.h"
#include "unit.h"

enum { WRITERS = 4, LINES = 30000, LENGTH = 64 };

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

static void lines_stay_whole_and_in_order(void **state)
{
	unsigned next[WRITERS] = { 0 }, count = 0;
	char path[] = "/tmp/wye-sink-XXXXXX", line[LENGTH + 2];
	int64_t before;
	FILE *file;

	(void)state;
	close(mkstemp(path));
	assert_int_equal(wye_sinks_start(), 0);
	before = dropped();
	assert_int_equal(wye_sink_open(&sink, path, NULL), 0);
	write_by_threads();
	wye_sink_close(sink);
	file = fopen(path, "r");
	while (fgets(line, sizeof line, file)) {
		unsigned writer, number;

		assert_int_equal(strlen(line), LENGTH);
		assert_int_equal(sscanf(line, "%u %u", &writer, &number), 2);
		assert_true(number >= next[writer]);
		next[writer] = number + 1;
		count++;
	}
	fclose(file);
	unlink(path);
	assert_int_equal(count, atomic_load(&accepted));
	assert_int_equal(count + (dropped() - before), WRITERS * LINES);
	wye_sinks_stop();
}

/* Nobody reads the pipe: writers go on, rings fill, the rest is dropped and counted. */
static void a_pipe_that_nobody_reads(void **state)
{
	char folder[] = "/tmp/wye-sink-XXXXXX", path[64];
	int64_t before;
	int reader;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
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
		cmocka_unit_test(one_file_is_shared),
		cmocka_unit_test(ring_wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
