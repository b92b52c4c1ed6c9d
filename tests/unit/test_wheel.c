/* SPDX-License-Identifier: MIT
 *
 * test_wheel.c - the timer wheel against a naive model, over simulated days.
 */
#include <stdlib.h>

#include "base/wheel.h"
#include "unit.h"

enum { TIMERS = 200, STEPS = 200000 };

struct timer {
	struct wye_timer timer;
	uint64_t due; /* 0: not running */
};

static struct wye_wheel wheel;
static struct timer timers[TIMERS];
static uint64_t now;
static unsigned ran;

static void fire(void *argument)
{
	struct timer *timer = argument;

	assert_true(timer->due && timer->due <= now);
	assert_true(now - timer->due < 2 * WYE_WHEEL_TICK + 60000); /* the step's own length */
	timer->due = 0;
	ran++;
	if (ran % 3 == 0) { /* starts itself again, or another one, from the inside */
		struct timer *other = &timers[(unsigned)rand() % TIMERS];

		other->due = now + (unsigned)rand() % 5000;
		wye_wheel_start(&wheel, &other->timer, other->due);
	}
}

static uint64_t random_delay(void)
{
	switch (rand() % 4) {
	case 0:
		return (unsigned)rand() % 30;
	case 1:
		return (unsigned)rand() % 5000;
	case 2:
		return (unsigned)rand() % 4000000;
	default:
		return UINT64_C(150000000) +
		       (unsigned)rand() % 100000000; /* beyond the range */
	}
}

static uint64_t earliest(void)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < TIMERS; i++)
		if (timers[i].due && timers[i].due < best)
			best = timers[i].due;
	return best;
}

/* Nothing that is due stays, nothing runs early, and the time-out never lies behind the next
 * one. */
static void check(void)
{
	uint64_t first = earliest();
	int timeout = wye_wheel_timeout(&wheel, now);

	for (int i = 0; i < TIMERS; i++)
		assert_true(!timers[i].due || timers[i].due + WYE_WHEEL_TICK > now);
	if (first == UINT64_MAX)
		assert_int_equal(timeout, -1);
	else
		assert_true(timeout >= 0 &&
			    now + (unsigned)timeout <=
				    (first > now ? first : now) + WYE_WHEEL_TICK);
}

static void random_days(void **state)
{
	(void)state;
	srand(1);
	now = 123456789;
	wye_wheel_init(&wheel, now);
	for (int i = 0; i < TIMERS; i++)
		wye_timer_init(&timers[i].timer, fire, &timers[i]);
	for (int step = 0; step < STEPS; step++) {
		struct timer *timer = &timers[(unsigned)rand() % TIMERS];

		if (rand() % 3) {
			timer->due = now + random_delay();
			wye_wheel_start(&wheel, &timer->timer, timer->due);
		} else {
			timer->due = 0;
			wye_wheel_stop(&wheel, &timer->timer);
		}
		now += step % 50 ? (unsigned)rand() % 200 : (unsigned)rand() % 60000;
		wye_wheel_run(&wheel, now);
		check();
	}
	assert_true(ran > 1000);
}

static void start_again(void *argument)
{
	ran++;
	wye_wheel_start(&wheel, argument, now);
}

/* A timer that starts itself with no delay does not hold the loop for ever. */
static void no_endless_run(void **state)
{
	struct wye_timer timer;

	(void)state;
	now = 1000;
	ran = 0;
	wye_wheel_init(&wheel, now);
	wye_timer_init(&timer, start_again, &timer);
	wye_wheel_start(&wheel, &timer, now);
	now += 100;
	wye_wheel_run(&wheel, now);
	assert_true(ran >= 1 && ran <= 10);
	wye_wheel_stop(&wheel, &timer);
	assert_int_equal(wye_wheel_timeout(&wheel, now), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_days),
		cmocka_unit_test(no_endless_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
