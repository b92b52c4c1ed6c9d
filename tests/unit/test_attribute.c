/* SPDX-License-Identifier: MIT
 *
 * test_attribute.c - attributes are found by their whole name, replaced, and outlive their
 * arena in a copy.
 */
#include <stdlib.h>

#include "base/attribute.h"
#include "unit.h"

static struct wye_arena arena;
static char first[256];

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, strlen(string) };
}

static void expect(const struct wye_attribute *list, const char *name, const char *value)
{
	struct wye_text found = wye_attribute_find(list, name);

	if (!value) {
		assert_null(found.data);
		return;
	}
	assert_non_null(found.data);
	assert_int_equal(found.length, strlen(value));
	assert_memory_equal(found.data, value, found.length);
}

static int clear(void **state)
{
	(void)state;
	wye_arena_reset(&arena);
	return 0;
}

static void none(void **state)
{
	(void)state;
	expect(NULL, "a", NULL);
	assert_int_equal(wye_attributes_size(NULL), 0);
	assert_null(wye_attributes_copy(NULL, first));
}

static void names(void **state)
{
	struct wye_attribute *list = NULL;

	(void)state;
	assert_int_equal(wye_attribute_set(&list, &arena, "claim.a", text("1")), 0);
	assert_int_equal(wye_attribute_set(&list, &arena, "claim.ab", text("2")), 0);
	assert_int_equal(wye_attribute_set(&list, &arena, "empty", (struct wye_text) { 0 }), 0);
	expect(list, "claim.a", "1");
	expect(list, "claim.ab", "2");
	expect(list, "empty", "");
	expect(list, "claim.", NULL);
	expect(list, "Claim.a", NULL);
	assert_int_equal(wye_attribute_set(&list, &arena, "claim.a", text("longer")), 0);
	expect(list, "claim.a", "longer");
	expect(list, "claim.ab", "2");
}

static void copies(void **state)
{
	struct wye_attribute *list = NULL, *copy;
	void *memory;

	(void)state;
	assert_int_equal(wye_attribute_set(&list, &arena, "a", text("one")), 0);
	assert_int_equal(wye_attribute_set(&list, &arena, "bb", text("")), 0);
	assert_int_equal(wye_attribute_set(&list, &arena, "ccc", text("three")), 0);
	memory = malloc(wye_attributes_size(list)); /* exactly: a sanitizer looks on */
	copy = wye_attributes_copy(list, memory);
	wye_arena_reset(&arena);
	memset(first, 'x', sizeof first);
	expect(copy, "a", "one");
	expect(copy, "bb", "");
	expect(copy, "ccc", "three");
	expect(copy, "d", NULL);
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none),
		cmocka_unit_test_teardown(names, clear),
		cmocka_unit_test_teardown(copies, clear),
	};

	wye_arena_init(&arena, first, sizeof first);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
