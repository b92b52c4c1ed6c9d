/* SPDX-License-Identifier: MIT
 *
 * test_pace.c - tokens: a burst, one by one afterwards, back to the burst after a rest; clocks
 * that differ; no token is given twice to eight threads.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "net/pace.h"
#include "unit.h"

static unsigned take_all(struct wye_pace *pace, uint64_t now)
{
	unsigned taken = 0;

	while (taken < 10000 && wye_pace_take(pace, now))
		taken++;
	return taken;
}

static void burst_and_rate(void **state)
{
	struct wye_pace *pace;

	(void)state;
	assert_int_equal(wye_pace_create(&pace, 10, 5), 0);
	assert_int_equal(take_all(pace, 1000), 5);
	assert_int_equal(take_all(pace, 1099), 0);
	assert_int_equal(take_all(pace, 1100), 1);
	assert_int_equal(take_all(pace, 1350), 2);
	assert_int_equal(take_all(pace, 1399), 0);
	assert_int_equal(take_all(pace, 1400), 1); /* what is refused costs nothing */
	assert_int_equal(take_all(pace, 1000000), 5);
	wye_pace_destroy(pace);
}

static void one_at_a_time(void **state)
{
	struct wye_pace *pace;

	(void)state;
	assert_int_equal(wye_pace_create(&pace, 1000000, 1), 0);
	assert_int_equal(take_all(pace, 1), 1);
	assert_int_equal(take_all(pace, 2), 1);
	wye_pace_destroy(pace);
	assert_int_equal(wye_pace_create(&pace, 1, 1000000), 0);
	assert_int_equal(take_all(pace, 1), 10000);
	wye_pace_destroy(pace);
}

static void clocks_differ(void **state)
{
	struct wye_pace *pace;

	(void)state;
	assert_int_equal(wye_pace_create(&pace, 10, 2), 0);
	assert_int_equal(take_all(pace, 1000), 2);
	assert_int_equal(take_all(pace, 990), 0);
	assert_int_equal(take_all(pace, 1100), 1);
	assert_int_equal(take_all(pace, 1095), 0);
	wye_pace_destroy(pace);
}

static struct {
	struct wye_pace *pace;
	atomic_uint taken;
} shared;

static void *take_some(void *argument)
{
	(void)argument;
	for (uint64_t now = 1; now <= 1000; now++)
		for (unsigned i = 0; i < 50; i++)
			if (wye_pace_take(shared.pace, now))
				atomic_fetch_add(&shared.taken, 1);
	return NULL;
}

/* A second at 2,000 a second, behind a burst of 100. */
static void threads(void **state)
{
	pthread_t threads[8];

	(void)state;
	assert_int_equal(wye_pace_create(&shared.pace, 2000, 100), 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_some, NULL), 0);
	for (unsigned i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_in_range(shared.taken, 2000, 100 + 999 * 2);
	wye_pace_destroy(shared.pace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_and_rate),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(clocks_differ),
		cmocka_unit_test(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
