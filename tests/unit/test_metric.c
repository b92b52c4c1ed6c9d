/* SPDX-License-Identifier: MIT
 *
 * test_metric.c - sums over living and ended threads; labels, histograms; buffers, their JSON
 * and that of all metrics, read by a strict reader of its own.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/metric.h"
#include "unit.h"

static wye_metric counter, gauge;

static void *count(void *argument)
{
	for (int i = 0; i < 10000; i++) {
		wye_metric_add(counter, 1);
		wye_metric_add(gauge, i % 2 ? 1 : -1);
	}
	return argument;
}

static void sums(void **state)
{
	pthread_t threads[8];

	(void)state;
	counter = wye_metric_register("test_total", WYE_COUNTER);
	gauge = wye_metric_register("test_open", WYE_GAUGE);
	assert_int_equal(wye_metric_register("test_total", WYE_COUNTER), counter);
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, count, NULL);
	for (int i = 0; i < 1000; i++)
		assert_true(wye_metric_read(counter) <= 80000);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	count(NULL);
	assert_int_equal(wye_metric_read(counter), 90000);
	assert_int_equal(wye_metric_read(gauge), 0);
}

static void json(void **state)
{
	struct wye_buffer out = { NULL, 0, 0 };

	(void)state;
	assert_int_equal(wye_metric_json(&out), 0);
	assert_int_equal(wye_buffer_append(&out, "", 1), 0);
	assert_non_null(strstr(out.data, "\"test_total\":90000"));
	out.length = 0;
	assert_int_equal(
		wye_buffer_json(&out,
				(struct wye_text) { "a\"\\\n\xc3\xbc\xff\xed\xa0\x80z", 11 }),
		0);
	assert_int_equal(wye_buffer_append(&out, "", 1), 0);
	assert_string_equal(out.data, "\"a\\\"\\\\\\u000a\xc3\xbc\xef\xbf\xbd\xef\xbf\xbd"
				      "\xef\xbf\xbd\xef\xbf\xbdz\"");
	wye_buffer_fini(&out);
}

static void buffer_grows(void **state)
{
	struct wye_buffer out = { NULL, 0, 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(wye_buffer_printf(&out, "%04d", i), 0);
	assert_int_equal(out.length, 4000);
	assert_memory_equal(out.data + 3996, "0999", 4);
	wye_buffer_fini(&out);
	assert_null(out.data);
}

static void arena_allocates(void **state)
{
	_Alignas(max_align_t) char first[256];
	struct wye_arena arena;

	(void)state;
	wye_arena_init(&arena, first, sizeof first);
	for (int round = 0; round < 3; round++) {
		for (size_t size = 1; size < 20000; size = size * 3 / 2 + 1) {
			char *memory = wye_arena_allocate(&arena, size);

			assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
			memset(memory, 0x5a, size);
		}
		assert_string_equal(wye_arena_copy(&arena, "text", 4).data, "text");
		wye_arena_reset(&arena);
	}
}

/* ---- labels ---- */

/* Past a JSON string (RFC 8259, 7); NULL if it is none. */
static const char *skip_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at != '\\')
			continue;
		at++;
		if (*at == 'u' && strspn(at + 1, "0123456789abcdefABCDEF") >= 4)
			at += 4;
		else if (!*at || !strchr("\"\\/bfnrt", *at))
			return NULL;
	}
	return at + 1;
}

/* How many members an object of integers has; -1 if it is none. */
static int count_members(const char *at)
{
	int count = 0;

	if (*at++ != '{')
		return -1;
	if (!strcmp(at, "}"))
		return 0;
	for (;;) {
		at = skip_string(at);
		if (!at || *at++ != ':')
			return -1;
		at += *at == '-';
		if (!strspn(at, "0123456789"))
			return -1;
		at += strspn(at, "0123456789");
		count++;
		if (*at != ',')
			return strcmp(at, "}") ? -1 : count;
		at++;
	}
}

/* All metrics; to be freed. */
static char *all_json(void)
{
	struct wye_buffer out = { NULL, 0, 0 };

	assert_int_equal(wye_metric_json(&out), 0);
	assert_int_equal(wye_buffer_append(&out, "", 1), 0);
	assert_true(count_members(out.data) >= 0);
	return out.data;
}

static bool json_has(const char *text)
{
	char *json = all_json();
	bool has = strstr(json, text);

	free(json);
	return has;
}

/* Whatever the value is, the JSON stays JSON. */
static void labels(void **state)
{
	wye_metric plain = wye_metric_register_for("of", WYE_GAUGE, "route", "/a/:id");
	wye_metric odd = wye_metric_register_for("of", WYE_GAUGE, "route", "\"\\\n\x01\xff\t");

	(void)state;
	assert_int_not_equal(plain, odd);
	assert_int_equal(wye_metric_register_for("of", WYE_GAUGE, "route", "/a/:id"), plain);
	assert_false(json_has("of{"));
	wye_metric_add(plain, -3);
	wye_metric_add(odd, 7);
	assert_true(json_has("\"of{route=\\\"/a/:id\\\"}\":-3"));
	assert_true(json_has("\"of{route=\\\"\\\\\\\"\\\\\\\\\\\\n\\u0001\xef\xbf\xbd\\u0009"
			     "\\\"}\":7"));
	wye_metric_add(plain, 3);
	assert_false(json_has("/a/:id"));
}

/* ---- histograms ---- */

enum {
	PARTS = WYE_HISTOGRAM_BUCKETS + 2,
};

static int64_t part(wye_histogram histogram, unsigned n)
{
	return wye_metric_read(histogram.first + n);
}

/* Each value lands in the bucket of the first bound that is not below it. */
static void histogram_buckets(void **state)
{
	wye_histogram histogram = wye_histogram_register("took_ms", "route", "/a");
	int64_t expected[PARTS] = { 0 };

	(void)state;
	for (unsigned value = 0; value < 12000; value += value < 300 ? 1 : 50) {
		unsigned n = 0, times = value % 3 + 1;

		while (n < WYE_HISTOGRAM_BUCKETS - 1 && wye_histogram_bounds[n] < value)
			n++;
		expected[n] += times;
		expected[WYE_HISTOGRAM_BUCKETS] += (int64_t)value * times;
		expected[WYE_HISTOGRAM_BUCKETS + 1] += times;
		wye_histogram_add(histogram, value, times);
	}
	for (unsigned n = 0; n < PARTS; n++)
		assert_int_equal(part(histogram, n), expected[n]);
	assert_int_equal(wye_histogram_register("took_ms", "route", "/a").first,
			 histogram.first);
	assert_true(json_has("took_ms{route=\\\"/a\\\",upto=\\\"1\\\"}"));
	assert_true(json_has("took_ms{route=\\\"/a\\\",upto=\\\"inf\\\"}"));
	assert_true(json_has("took_ms{route=\\\"/a\\\",of=\\\"sum\\\"}"));
	assert_true(json_has("took_ms{route=\\\"/a\\\",of=\\\"count\\\"}"));
}

enum { REGISTRARS = 4, EACH = 30 };

static wye_histogram made[REGISTRARS][EACH];
static pthread_barrier_t barrier;

static void *register_many(void *argument)
{
	wye_histogram *own = argument;
	char name[32];

	pthread_barrier_wait(&barrier);
	for (int i = 0; i < EACH; i++) {
		snprintf(name, sizeof name, "%d", (int)(own - made[0]) + i);
		own[i] = wye_histogram_register("many_ms", "number", name);
		wye_histogram_add(own[i], 30, 2);
	}
	return NULL;
}

/* The parts of one lie side by side, also where several threads register. */
static void histograms_of_threads(void **state)
{
	pthread_t threads[REGISTRARS];

	(void)state;
	pthread_barrier_init(&barrier, NULL, REGISTRARS);
	for (int i = 0; i < REGISTRARS; i++)
		pthread_create(&threads[i], NULL, register_many, made[i]);
	for (int i = 0; i < REGISTRARS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
	for (int i = 0; i < REGISTRARS * EACH; i++) {
		wye_histogram histogram = made[i / EACH][i % EACH];

		for (unsigned n = 0; n < PARTS; n++)
			assert_int_equal(part(histogram, n),
					 n == 5 || n == WYE_HISTOGRAM_BUCKETS + 1 ? 2
					 : n == WYE_HISTOGRAM_BUCKETS             ? 60
										  : 0);
	}
}

/* Beyond the room there is one metric that stands for nothing; those before it still count,
 * and no histogram is there by half. The last test: the room is not given back. */
static void no_more_room(void **state)
{
	wye_metric last = 0, metric;
	wye_histogram histogram;
	char name[32];

	(void)state;
	for (int i = 0; last != WYE_METRICS_MAX - PARTS; i++) {
		snprintf(name, sizeof name, "filling_%d", i);
		last = wye_metric_register(name, WYE_GAUGE);
		assert_true(last < WYE_METRICS_MAX - 1);
	}
	histogram = wye_histogram_register("too_late_ms", "route", "/");
	wye_histogram_add(histogram, 3, 5);
	assert_false(json_has("too_late_ms"));
	for (int i = 0; i < PARTS; i++) {
		snprintf(name, sizeof name, "late_%d", i);
		metric = wye_metric_register(name, WYE_GAUGE);
		wye_metric_add(metric, 1);
	}
	assert_int_equal(metric, WYE_METRICS_MAX - 1);
	wye_metric_add(last, 5);
	assert_int_equal(wye_metric_read(last), 5);
	assert_int_equal(wye_metric_register("test_total", WYE_COUNTER), counter);
	assert_true(json_has("\"late_0\":1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums),
		cmocka_unit_test(json),
		cmocka_unit_test(buffer_grows),
		cmocka_unit_test(arena_allocates),
		cmocka_unit_test(labels),
		cmocka_unit_test(histogram_buckets),
		cmocka_unit_test(histograms_of_threads),
		cmocka_unit_test(no_more_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
