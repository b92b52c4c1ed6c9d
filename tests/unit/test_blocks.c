/* SPDX-License-Identifier: MIT
 *
 * test_blocks.c - tls/blocks: what a thread keeps of OpenSSL's large blocks, and what it does
 * not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "tls/blocks.h"

enum {
	RECORD = 16709, /* what OpenSSL takes for one */
	MANY = 8,
};

static void fill(void *blocks[MANY], size_t size)
{
	for (int i = 0; i < MANY; i++) {
		blocks[i] = OPENSSL_malloc(size);
		assert_non_null(blocks[i]);
		memset(blocks[i], i, size);
	}
}

static void empty(void *blocks[MANY])
{
	for (int i = 0; i < MANY; i++)
		OPENSSL_free(blocks[i]);
}

static bool is_among(const void *block, void *const blocks[MANY])
{
	for (int i = 0; i < MANY; i++)
		if (blocks[i] == block)
			return true;
	return false;
}

static void kept_ones_come_again(void **state)
{
	void *before[MANY], *now[MANY];

	(void)state;
	wye_tls_blocks_keep();
	fill(before, RECORD);
	empty(before);
	fill(now, RECORD);
	for (int i = 0; i < 4; i++)
		assert_true(is_among(now[i], before));
	for (int i = 0; i < MANY; i++)
		for (int j = 0; j < i; j++)
			assert_ptr_not_equal(now[i], now[j]);
	empty(now);
	wye_tls_blocks_free();
}

/* A block that is too small for a larger record stays. */
static void none_is_too_small(void **state)
{
	void *before[MANY], *now[MANY];

	(void)state;
	wye_tls_blocks_keep();
	fill(before, RECORD);
	empty(before);
	fill(now, RECORD + 1000); /* a sanitizer sees it if one is too small */
	empty(now);
	wye_tls_blocks_free();
}

static void others_are_as_before(void **state)
{
	static const size_t sizes[] = { 1, 100, 16383, 18433, 100000 };
	void *blocks[MANY];

	(void)state;
	wye_tls_blocks_keep();
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		fill(blocks, sizes[i]);
		blocks[0] = OPENSSL_realloc(blocks[0], RECORD);
		assert_non_null(blocks[0]);
		memset(blocks[0], 1, RECORD);
		empty(blocks);
	}
	OPENSSL_free(NULL);
	wye_tls_blocks_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_ones_come_again),
		cmocka_unit_test(none_is_too_small),
		cmocka_unit_test(others_are_as_before),
	};

	wye_tls_blocks_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
