/* SPDX-License-Identifier: MIT
 *
 * test_remembered.c - what is remembered, for how long, and how much of it.
 */
#include <stdlib.h>

#include "remembered.h"
#include "unit.h"

static void fill(uint8_t digest[DIGEST_SIZE], unsigned number)
{
	struct wye_text text = { (const char *)&number, sizeof number };

	assert_true(digest_of(&text, 1, digest));
}

static void time_and_generation(void **state)
{
	struct remembered *remembered = remembered_create(64);
	uint8_t digest[DIGEST_SIZE], other[DIGEST_SIZE];

	(void)state;
	fill(digest, 1);
	fill(other, 2);
	assert_false(remembered_holds(remembered, digest, 0, 0));
	remembered_add(remembered, digest, 1000, 7);
	assert_true(remembered_holds(remembered, digest, 999, 7));
	assert_false(remembered_holds(remembered, digest, 1000, 7));
	assert_false(remembered_holds(remembered, digest, 999, 8));
	assert_false(remembered_holds(remembered, other, 999, 7));
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		digest[i] ^= 1;
		assert_false(remembered_holds(remembered, digest, 999, 7));
		digest[i] ^= 1;
	}
	remembered_add(remembered, digest, 2000, 8);
	assert_true(remembered_holds(remembered, digest, 1999, 8));
	assert_false(remembered_holds(remembered, digest, 999, 7));
	remembered_destroy(remembered);
}

static void bounded(void **state)
{
	enum { LIMIT = 640, ADDED = 10000 };
	struct remembered *remembered = remembered_create(LIMIT);
	uint8_t digest[DIGEST_SIZE];
	unsigned kept = 0, late = 0;

	(void)state;
	for (unsigned i = 0; i < ADDED; i++) {
		fill(digest, i);
		remembered_add(remembered, digest, 1000 + i, 0);
	}
	for (unsigned i = 0; i < ADDED; i++) {
		fill(digest, i);
		if (remembered_holds(remembered, digest, 0, 0)) {
			kept++;
			late += i >= ADDED - LIMIT / 2;
		}
	}
	assert_int_equal(kept, LIMIT);
	assert_true(late > LIMIT / 2 * 9 / 10); /* those that end last stay */
	remembered_destroy(remembered);
}

static void none(void **state)
{
	struct remembered *remembered = remembered_create(0);
	uint8_t digest[DIGEST_SIZE];

	(void)state;
	fill(digest, 1);
	remembered_add(remembered, digest, 1000, 0);
	assert_false(remembered_holds(remembered, digest, 0, 0));
	remembered_destroy(remembered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_and_generation),
		cmocka_unit_test(bounded),
		cmocka_unit_test(none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
