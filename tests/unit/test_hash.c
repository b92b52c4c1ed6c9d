/* SPDX-License-Identifier: MIT
 *
 * test_hash.c - SipHash against one that is written in another way, which is itself checked
 * with published values; and that random numbers spread.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/random.h"
#include "unit.h"

enum { LONGEST = 600, DRAWS = 160000 };

/* ---- the naive one ---- */

struct siphash {
	uint64_t a, b, c, d;
	unsigned rounds;
};

static uint64_t rotate(uint64_t value, unsigned bits)
{
	return (value << bits) | (value >> (64 - bits));
}

static void one_round(struct siphash *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13);
	s->d = rotate(s->d, 16);
	s->b ^= s->a;
	s->d ^= s->c;
	s->a = rotate(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = rotate(s->b, 17);
	s->d = rotate(s->d, 21);
	s->b ^= s->c;
	s->d ^= s->a;
	s->c = rotate(s->c, 32);
}

static void feed(struct siphash *s, uint64_t word)
{
	s->d ^= word;
	for (unsigned i = 0; i < s->rounds; i++)
		one_round(s);
	s->a ^= word;
}

/* Little-endian, of up to eight bytes. */
static uint64_t load(const uint8_t *bytes, size_t count)
{
	uint64_t word = 0;

	while (count--)
		word = word << 8 | bytes[count];
	return word;
}

/* SipHash-c-d; with `extra`, a word in front of the last one. */
static uint64_t siphash(unsigned c, unsigned d, const uint64_t key[2], const uint8_t *bytes,
			size_t length, const uint64_t *extra)
{
	struct siphash s = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
			     key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573, c };
	size_t whole = length / 8 * 8;

	for (size_t at = 0; at < whole; at += 8)
		feed(&s, load(bytes + at, 8));
	if (extra)
		feed(&s, *extra);
	feed(&s, (uint64_t)length << 56 | load(bytes + whole, length - whole));
	s.c ^= 0xff;
	for (unsigned i = 0; i < d; i++)
		one_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

/* ---- tests ---- */

static const uint64_t KEY[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

/* The paper's example (appendix A), and the first value for 1-3 that others test with. */
static void naive_one_is_right(void **state)
{
	uint8_t bytes[15];

	(void)state;
	for (uint8_t i = 0; i < 15; i++)
		bytes[i] = i;
	assert_true(siphash(2, 4, KEY, bytes, 15, NULL) == 0xa129ca6149be45e5);
	assert_true(siphash(1, 3, KEY, bytes, 0, NULL) == 0xabac0158050fc4dc);
}

static struct wye_text text_of(const uint8_t *bytes, size_t length)
{
	return (struct wye_text) { (const char *)bytes, length };
}

/* Each length lies at the end of an allocation of its own, at an odd place too. */
static void agrees(void **state)
{
	(void)state;
	srand(1);
	for (size_t length = 0; length < LONGEST; length++) {
		uint8_t *bytes = malloc(length + 1);
		uint64_t key[2] = { (uint64_t)rand() << 33 | (unsigned)rand(),
				    (uint64_t)rand() << 33 | (unsigned)rand() };
		uint64_t space = (unsigned)rand() % 256;

		for (size_t i = 0; i < length + 1; i++)
			bytes[i] = (uint8_t)rand();
		assert_true(wye_hash_keyed(key, text_of(bytes + 1, length), (uint8_t)space) ==
			    siphash(1, 3, key, bytes + 1, length, &space));
		free(bytes);
	}
}

/* A text with NULs at its end, or in another space, is another text. */
static void sets_apart(void **state)
{
	static const uint8_t nothing[32];
	uint64_t seen[32 * 8];
	size_t count = 0;

	(void)state;
	for (size_t length = 0; length < 32; length++)
		for (unsigned space = 0; space < 8; space++)
			seen[count++] =
				wye_hash_keyed(KEY, text_of(nothing, length), (uint8_t)space);
	for (size_t i = 0; i < count; i++)
		for (size_t other = 0; other < i; other++)
			assert_true(seen[i] != seen[other]);
	assert_true(wye_hash_keyed(KEY, (struct wye_text) { NULL, 0 }, 3) == seen[3]);
}

/* Before the start the key is zero; what is drawn first stays, so that tables do. */
static void key_is_drawn_once(void **state)
{
	const uint64_t zero[2] = { 0, 0 };
	struct wye_text text = { "a name", 6 };
	uint64_t first;

	(void)state;
	assert_true(wye_hash(text, 1) == wye_hash_keyed(zero, text, 1));
	wye_hash_start();
	first = wye_hash(text, 1);
	assert_true(first != wye_hash_keyed(zero, text, 1));
	wye_hash_start();
	assert_true(wye_hash(text, 1) == first);
	assert_true(wye_hash(text, 2) != first);
}

/* 16 places of 10,000 draws each on average; 700 off are seven deviations. */
static void numbers_spread(void **state)
{
	unsigned hits[16] = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_true(wye_random(0) == 0);
		assert_true(wye_random(1) == 0);
		assert_true(wye_random(3) < 3);
	}
	for (int i = 0; i < DRAWS; i++)
		hits[wye_random(16)]++;
	for (int i = 0; i < 16; i++)
		assert_in_range(hits[i], DRAWS / 16 - 700, DRAWS / 16 + 700);
}

static void *draw_one(void *out)
{
	*(uint64_t *)out = wye_random(UINT64_C(1) << 50);
	return NULL;
}

/* Threads do not draw the same numbers. */
static void threads_differ(void **state)
{
	pthread_t threads[2];
	uint64_t drawn[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, draw_one, &drawn[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_true(drawn[0] != drawn[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(naive_one_is_right), cmocka_unit_test(agrees),
		cmocka_unit_test(sets_apart),         cmocka_unit_test(key_is_drawn_once),
		cmocka_unit_test(numbers_spread),     cmocka_unit_test(threads_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
