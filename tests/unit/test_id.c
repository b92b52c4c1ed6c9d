/* SPDX-License-Identifier: MIT
 *
 * test_id.c - ids name a thing for ever: stale ones are refused, also while others look.
 */
#include <errno.h>
#include <pthread.h>

#include "base/id.h"
#include "unit.h"

static void acquire_and_release(void **state)
{
	struct wye_id_table *table;
	struct wye_slot *slot, *again;
	uint64_t id, next;
	int object;

	(void)state;
	assert_int_equal(wye_id_table_create(&table, 7, 2000), 0);
	assert_null(wye_id_find(table, 0));
	assert_int_equal(wye_id_acquire(table, &object, &slot, &id), 0);
	assert_int_equal(wye_id_loop(id), 7);
	assert_ptr_equal(wye_id_find(table, id), slot);
	assert_ptr_equal(atomic_load(&slot->object), &object);
	assert_int_equal(wye_id_count(table), 1);
	wye_id_release(table, slot);
	assert_null(wye_id_find(table, id));
	do { /* the oldest free slot comes first: this one comes last */
		assert_int_equal(wye_id_acquire(table, &object, &again, &next), 0);
		assert_int_not_equal(next, id);
	} while (again != slot);
	assert_int_equal(wye_id_count(table), 1024);
	assert_null(wye_id_find(table, id));
	wye_id_table_destroy(table);
}

static void has_a_limit(void **state)
{
	struct wye_id_table *table;
	struct wye_slot *slot;
	uint64_t id;

	(void)state;
	assert_int_equal(wye_id_table_create(&table, 0, 1500), 0);
	for (int i = 0; i < 1500; i++)
		assert_int_equal(wye_id_acquire(table, table, &slot, &id), 0);
	assert_int_equal(wye_id_acquire(table, table, &slot, &id), -ENFILE);
	wye_id_release(table, slot);
	assert_int_equal(wye_id_acquire(table, table, &slot, &id), 0);
	wye_id_table_destroy(table);
}

static _Atomic uint64_t shown;
static atomic_bool stop;
static struct wye_id_table *shared;

static void *look(void *argument)
{
	uint64_t found = 0;

	(void)argument;
	while (!atomic_load(&stop)) {
		uint64_t id = atomic_load(&shown);
		struct wye_slot *slot = wye_id_find(shared, id);

		found += slot && wye_id_matches(id, atomic_load(&slot->word));
	}
	return (void *)(uintptr_t)(found != UINT64_MAX);
}

static void look_while_it_changes(void **state)
{
	pthread_t threads[3];
	int object;

	(void)state;
	assert_int_equal(wye_id_table_create(&shared, 1, 5000), 0);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, look, NULL);
	for (int i = 0; i < 50000; i++) {
		struct wye_slot *slot;
		uint64_t id;

		assert_int_equal(wye_id_acquire(shared, &object, &slot, &id), 0);
		atomic_store(&shown, id);
		if (i % 3)
			wye_id_release(shared, slot);
		else if (i > 12000)
			wye_id_release(shared, slot);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	wye_id_table_destroy(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acquire_and_release),
		cmocka_unit_test(has_a_limit),
		cmocka_unit_test(look_while_it_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
