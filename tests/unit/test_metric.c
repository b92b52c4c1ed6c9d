/* SPDX-License-Identifier: MIT
 *
 * test_metric.c - sums over living and ended threads; buffers and their JSON.
 */
#include <pthread.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums),
		cmocka_unit_test(json),
		cmocka_unit_test(buffer_grows),
		cmocka_unit_test(arena_allocates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
