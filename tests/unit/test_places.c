/* SPDX-License-Identifier: MIT
 *
 * test_places.c - places by key: entered and left, never more than there are, by eight threads.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <wye/limit.h>

#include "unit.h"

static struct wye_text name(char room[16], unsigned number)
{
	return (struct wye_text) { room, (size_t)snprintf(room, 16, "%u", number) };
}

static void so_many_of_each(void **state)
{
	struct wye_text a = { "a", 1 }, b = { "b", 1 };
	struct wye_place *held[3], *other, *none;
	struct wye_places *places;

	(void)state;
	assert_int_equal(wye_places_create(&places, 3), 0);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3; i++)
			assert_int_equal(wye_places_enter(places, a, &held[i]), 0);
		assert_int_equal(wye_places_enter(places, a, &none), -EAGAIN);
		assert_int_equal(wye_places_enter(places, b, &other), 0);
		wye_places_leave(places, held[1]);
		assert_int_equal(wye_places_enter(places, a, &held[1]), 0);
		assert_int_equal(wye_places_enter(places, a, &none), -EAGAIN);
		for (int i = 0; i < 3; i++)
			wye_places_leave(places, held[i]);
		wye_places_leave(places, other);
	}
	wye_places_destroy(places);
	wye_places_destroy(NULL);
}

static void none_at_all(void **state)
{
	struct wye_places *places;
	struct wye_place *place;

	(void)state;
	assert_int_equal(wye_places_create(&places, 0), 0);
	assert_int_equal(wye_places_enter(places, (struct wye_text) { "", 0 }, &place),
			 -EAGAIN);
	wye_places_destroy(places);
}

/* Memory is that of the keys inside: under AddressSanitizer a leak would show. */
static void many_keys(void **state)
{
	enum { KEYS = 5000 };
	static struct wye_place *held[KEYS];
	struct wye_places *places;
	char room[16];

	(void)state;
	assert_int_equal(wye_places_create(&places, 1), 0);
	for (unsigned i = 0; i < KEYS; i++)
		assert_int_equal(wye_places_enter(places, name(room, i), &held[i]), 0);
	for (unsigned i = 0; i < KEYS; i++)
		assert_int_equal(wye_places_enter(places, name(room, i), &held[0]), -EAGAIN);
	for (unsigned i = 0; i < KEYS; i++)
		wye_places_leave(places, held[i]);
	wye_places_destroy(places);
}

/* ---- threads ---- */

enum { THREADS = 8, ROUNDS = 20000, NAMES = 20, MOST = 3 };

static struct wye_places *shared;
static atomic_int inside[NAMES];

static void *come_and_go(void *argument)
{
	unsigned *turned_away = argument;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned number = i % NAMES;
		struct wye_place *place;
		char room[16];

		if (wye_places_enter(shared, name(room, number), &place)) {
			++*turned_away;
			continue;
		}
		if (atomic_fetch_add(&inside[number], 1) >= MOST)
			*turned_away = UINT32_MAX / 2;
		atomic_fetch_sub(&inside[number], 1);
		wye_places_leave(shared, place);
	}
	return NULL;
}

static void threads(void **state)
{
	pthread_t running[THREADS];
	unsigned turned_away[THREADS] = { 0 };
	struct wye_place *place;
	char room[16];

	(void)state;
	assert_int_equal(wye_places_create(&shared, MOST), 0);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&running[i], NULL, come_and_go, &turned_away[i]), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(running[i], NULL);
		assert_in_range(turned_away[i], 0, ROUNDS);
	}
	for (unsigned i = 0; i < NAMES * MOST; i++) /* all have left */
		assert_int_equal(wye_places_enter(shared, name(room, i % NAMES), &place), 0);
	for (unsigned i = 0; i < NAMES; i++)
		assert_int_equal(wye_places_enter(shared, name(room, i), &place), -EAGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_of_each),
		cmocka_unit_test(none_at_all),
		cmocka_unit_test(many_keys),
		cmocka_unit_test(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
