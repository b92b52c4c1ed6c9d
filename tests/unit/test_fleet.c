/* SPDX-License-Identifier: MIT
 *
 * test_fleet.c - whether a fleet of clients that lost their connections at the same moment
 * comes back through `admission`, by its bucket and a clock of the test's own. A client tries
 * again after min(1 s * 2^n + random(1 s), 30 s), five times, as etc/www/wye.js does. The sum
 * stands in docs/websocket.md.
 */
#include <stdlib.h>

#include <wye/limit.h>

#include "unit.h"

enum { ATTEMPTS = 5, FLEET = 60000 };

struct client {
	uint64_t due; /* of its next attempt, milliseconds */
};

static struct client fleet[FLEET];
static uint64_t let_in[FLEET]; /* when each was */
static size_t inside;
static uint64_t longest_wait;
static unsigned seed;

static uint64_t back_off(unsigned attempt)
{
	uint64_t delay = (1000u << attempt) + (unsigned)rand_r(&seed) % 1000;

	return delay < 30000 ? delay : 30000;
}

static uint64_t fixed(unsigned attempt)
{
	(void)attempt;
	return 3000;
}

static int by_time(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* Those that are refused gather at the front of the fleet. Returns how many. */
static size_t attempt(const struct wye_bucket_limits *limits, struct wye_bucket *bucket,
		      size_t count)
{
	size_t refused = 0;

	for (size_t i = 0; i < count; i++) {
		struct wye_bucket_answer answer = wye_bucket_take(limits, bucket, fleet[i].due);

		if (answer.verdict == WYE_BUCKET_REFUSES) {
			fleet[refused++] = fleet[i];
			continue;
		}
		let_in[inside++] = fleet[i].due + answer.wait;
		if (answer.wait > longest_wait)
			longest_wait = answer.wait;
	}
	return refused;
}

/* One attempt of all is over before the next one of any begins, at these delays. Returns how
 * many have given up. */
static size_t come_back(const struct wye_bucket_limits *limits, size_t count,
			uint64_t (*delay)(unsigned attempt))
{
	struct wye_bucket bucket = { 0, 0 };

	inside = 0;
	longest_wait = 0;
	for (size_t i = 0; i < count; i++)
		fleet[i].due = 1000000;
	for (unsigned n = 0; n < ATTEMPTS && count; n++) {
		for (size_t i = 0; i < count; i++)
			fleet[i].due += delay(n);
		qsort(fleet, count, sizeof *fleet, by_time);
		count = attempt(limits, &bucket, count);
	}
	qsort(let_in, inside, sizeof *let_in, by_time);
	return count;
}

/* In no second of the clock, wherever it begins. */
static void check_seconds(const struct wye_bucket_limits *limits)
{
	size_t most = limits->rate / 1000 + limits->delay + 1;

	for (size_t i = 0; i + most < inside; i++)
		assert_true(let_in[i + most] - let_in[i] >= 1000);
	assert_true(longest_wait <=
		    (uint64_t)(limits->burst - limits->delay) * 1000000 / limits->rate);
}

static const struct wye_bucket_limits defaults = { .rate = 200000,
						   .burst = 1000,
						   .delay = 100 };

static void defaults_let_5000_in(void **state)
{
	(void)state;
	for (seed = 1; seed <= 50; seed++) {
		assert_int_equal(come_back(&defaults, 5000, back_off), 0);
		assert_int_equal(inside, 5000);
		check_seconds(&defaults);
	}
}

/* With burst = 5 * rate, 25 times the rate. */
static void twenty_five_times_the_rate(void **state)
{
	(void)state;
	for (uint32_t rate = 10; rate <= 2000; rate = rate * 3 / 2)
		for (seed = 1; seed <= 5; seed++) {
			const struct wye_bucket_limits limits = { .rate = rate * 1000,
								  .burst = 5 * rate,
								  .delay = rate / 2 };

			assert_int_equal(come_back(&limits, 25 * rate, back_off), 0);
			check_seconds(&limits);
		}
}

/* The sum is no idle one: a third more is too many. */
static void more_are_too_many(void **state)
{
	(void)state;
	seed = 1;
	assert_in_range(come_back(&defaults, 6700, back_off), 1, 6700);
	check_seconds(&defaults);
}

/* All at the same moments: the bucket is empty long before they come again. */
static void without_jitter(void **state)
{
	(void)state;
	assert_int_equal(come_back(&defaults, 5000, fixed), 5000 - 1001 - 4 * 600);
	check_seconds(&defaults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_let_5000_in),
		cmocka_unit_test(twenty_five_times_the_rate),
		cmocka_unit_test(more_are_too_many),
		cmocka_unit_test(without_jitter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
