/* SPDX-License-Identifier: MIT
 *
 * test_table.c - the hash table against an array of what is in it; and without memory.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/table.h"
#include "unit.h"

enum { ITEMS = 700, STEPS = 200000 };

struct item {
	struct wye_entry entry; /* first */
	bool in, seen;
};

static struct wye_table table;
static struct item items[ITEMS];
static bool no_memory;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
	return no_memory ? NULL : __real_calloc(count, size);
}

/* Walking the entries of a hash finds those that are in, once each, and no other's. */
static void check_hash(uint64_t hash)
{
	size_t found = 0, expected = 0;

	for (int i = 0; i < ITEMS; i++) {
		expected += items[i].in && items[i].entry.hash == hash;
		items[i].seen = false;
	}
	for (struct wye_entry *at = wye_table_first(&table, hash); at;
	     at = wye_table_next(at)) {
		struct item *item = (struct item *)at;

		assert_true(at->hash == hash && item->in && !item->seen);
		item->seen = true;
		found++;
	}
	assert_int_equal(found, expected);
}

static void put(struct item *item, uint64_t hash)
{
	item->entry.hash = hash;
	assert_int_equal(wye_table_add(&table, &item->entry), 0);
	item->in = true;
}

static void take(struct item *item)
{
	wye_table_remove(&table, &item->entry);
	item->in = false;
}

/* Few, many, and those that differ in high bits only. */
static uint64_t random_hash(void)
{
	switch (rand() % 3) {
	case 0:
		return (unsigned)rand() % 20;
	case 1:
		return (unsigned)rand();
	default:
		return (uint64_t)(rand() % 64) << 58 | 5;
	}
}

static void step(size_t *count, unsigned wanted)
{
	struct item *item = &items[(unsigned)rand() % ITEMS];

	if (item->in && *count > wanted) {
		take(item);
		--*count;
		check_hash(item->entry.hash);
	} else if (!item->in && *count <= wanted) {
		put(item, random_hash());
		++*count;
		check_hash(item->entry.hash);
	}
	assert_int_equal(table.count, *count);
}

static void random_use(void **state)
{
	size_t count = 0;

	(void)state;
	srand(1);
	for (int i = 0; i < STEPS; i++) {
		step(&count, i / 2000 % 2 ? ITEMS : 0);
		if (!count)
			assert_null(table.buckets);
	}
	for (int i = 0; i < ITEMS; i++)
		check_hash(items[i].entry.hash);
	wye_table_fini(&table);
	assert_null(wye_table_first(&table, 5));
	memset(items, 0, sizeof items);
}

/* An empty table holds no memory, and can be used again. */
static void empty_holds_nothing(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++)
			put(&items[i], (uint64_t)i % 7);
		for (int i = 0; i < 100; i++)
			take(&items[i]);
		assert_null(table.buckets);
		assert_int_equal(table.size, 0);
		assert_null(wye_table_first(&table, 3));
	}
}

/* The first entry needs memory; later ones only get longer chains without it. */
static void without_memory(void **state)
{
	size_t size;

	(void)state;
	no_memory = true;
	assert_int_equal(wye_table_add(&table, &items[0].entry), -ENOMEM);
	assert_int_equal(table.count, 0);
	assert_null(wye_table_first(&table, 0));
	no_memory = false;
	put(&items[0], 0);
	size = table.size;
	no_memory = true;
	for (int i = 1; i < ITEMS; i++)
		put(&items[i], (uint64_t)i);
	assert_int_equal(table.size, size);
	for (int i = 0; i < ITEMS; i++)
		check_hash((uint64_t)i);
	no_memory = false;
	for (int i = 0; i < ITEMS; i++)
		take(&items[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_use),
		cmocka_unit_test(empty_holds_nothing),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
