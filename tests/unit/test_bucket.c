/* SPDX-License-Identifier: MIT
 *
 * test_bucket.c - the leaky bucket: verdicts worked out by hand, and against nginx's formula
 * in its own signed arithmetic; tables: keys apart, the oldest forgotten, eight threads.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <wye/limit.h>

#include "base/metric.h"
#include "unit.h"

#define text(literal) ((struct wye_text) { literal, sizeof literal - 1 })

/* ---- one bucket ---- */

/* 5 a second, burst 10, delay 5: 20 ms are a tenth of an event. */
static const struct wye_bucket_limits five = { .rate = 5000, .burst = 10, .delay = 5 };

static void expect(struct wye_bucket *bucket, uint64_t now, enum wye_bucket_verdict verdict,
		   uint64_t wait)
{
	struct wye_bucket_answer answer = wye_bucket_take(&five, bucket, now);

	assert_int_equal(answer.verdict, verdict);
	assert_int_equal(answer.wait, wait);
}

static void all_at_once(void **state)
{
	struct wye_bucket bucket = { 0, 0 };

	(void)state;
	for (unsigned i = 0; i <= 5; i++)
		expect(&bucket, 1000, WYE_BUCKET_PASSES, 0);
	for (unsigned i = 1; i <= 5; i++)
		expect(&bucket, 1000, WYE_BUCKET_WAITS, 200 * i);
	for (unsigned i = 0; i < 100; i++)
		expect(&bucket, 1000, WYE_BUCKET_REFUSES, 200);
}

/* What was refused adds nothing: the next that fits is where it would have been. */
static void refused_add_nothing(void **state)
{
	struct wye_bucket bucket = { 0, 0 };

	(void)state;
	for (unsigned i = 0; i <= 10; i++)
		(void)wye_bucket_take(&five, &bucket, 1000);
	for (unsigned i = 0; i < 200; i++)
		expect(&bucket, 1000 + i, WYE_BUCKET_REFUSES, 200 - i);
	expect(&bucket, 1200, WYE_BUCKET_WAITS, 1000);
	expect(&bucket, 1200, WYE_BUCKET_REFUSES, 200);
}

static void after_a_pause(void **state)
{
	struct wye_bucket bucket = { 0, 0 };

	(void)state;
	for (unsigned i = 0; i <= 10; i++)
		(void)wye_bucket_take(&five, &bucket, 1000);
	expect(&bucket, 2000, WYE_BUCKET_WAITS, 200);           /* 10 - 5 + 1 */
	expect(&bucket, 1000 + 86400000, WYE_BUCKET_PASSES, 0); /* a day: empty */
	assert_int_equal(bucket.excess, 0);
	expect(&bucket, 1000 + 86400000, WYE_BUCKET_PASSES, 0);
	assert_int_equal(bucket.excess, 1000);
	expect(&bucket, UINT64_MAX / 4, WYE_BUCKET_PASSES, 0);
	assert_int_equal(bucket.excess, 0);
}

static void one_a_tick(void **state)
{
	struct wye_bucket bucket = { 0, 0 };

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		expect(&bucket, 1000 + 200 * i, WYE_BUCKET_PASSES, 0);
	assert_int_equal(bucket.excess, 0);
}

/* Another thread's clock is a turn behind: no time has passed, and none is gained. */
static void clocks_differ(void **state)
{
	struct wye_bucket bucket = { 0, 0 };

	(void)state;
	expect(&bucket, 100000, WYE_BUCKET_PASSES, 0);
	expect(&bucket, 99980, WYE_BUCKET_PASSES, 0);
	assert_int_equal(bucket.excess, 1000);
	assert_int_equal(bucket.last, 100000);
	expect(&bucket, 100020, WYE_BUCKET_PASSES, 0);
	assert_int_equal(bucket.excess, 1900);
	expect(&bucket, 100020 - 60001, WYE_BUCKET_PASSES, 0); /* it was set back */
	assert_int_equal(bucket.excess, 2895);
	assert_int_equal(bucket.last, 100020 - 60001);
}

static void nobody_waits(void **state)
{
	const struct wye_bucket_limits limits = { .rate = 1, .burst = 3, .delay = 3 };
	struct wye_bucket bucket = { 0, 0 };

	(void)state;
	for (unsigned i = 0; i <= 3; i++)
		assert_int_equal(wye_bucket_take(&limits, &bucket, 7).verdict,
				 WYE_BUCKET_PASSES);
	assert_int_equal(wye_bucket_take(&limits, &bucket, 7).verdict, WYE_BUCKET_REFUSES);
	assert_int_equal(wye_bucket_take(&limits, &bucket, 7).wait, 1000000);
}

static void largest(void **state)
{
	const struct wye_bucket_limits limits = { UINT32_MAX, UINT32_MAX, 0 };
	struct wye_bucket bucket = { 1, (uint64_t)UINT32_MAX * 1000 };
	struct wye_bucket_answer answer = wye_bucket_take(&limits, &bucket, 1);

	(void)state;
	assert_int_equal(answer.verdict, WYE_BUCKET_REFUSES);
	answer = wye_bucket_take(&limits, &bucket, UINT64_MAX / 4);
	assert_int_equal(answer.verdict, WYE_BUCKET_PASSES);
	assert_int_equal(bucket.excess, 0);
}

/* ---- nginx's own formula ---- */

struct model {
	int64_t excess, last;
	bool known;
};

/* Milliseconds to wait; -1: refused. */
static int64_t model_take(const struct wye_bucket_limits *limits, struct model *model,
			  int64_t now)
{
	int64_t ms = now - model->last, excess, delay = (int64_t)limits->delay * 1000;

	if (!model->known) {
		*model = (struct model) { .last = now, .known = true };
		return 0;
	}
	if (ms < -60000)
		ms = 1;
	else if (ms < 0)
		ms = 0;
	excess = model->excess - limits->rate * ms / 1000 + 1000;
	if (excess < 0)
		excess = 0;
	if (excess > (int64_t)limits->burst * 1000)
		return -1;
	model->excess = excess;
	if (ms)
		model->last = now;
	return excess <= delay ? 0 : (excess - delay) * 1000 / limits->rate;
}

static void compare(unsigned seed)
{
	const struct wye_bucket_limits limits = {
		.rate = 1 + (uint32_t)(rand_r(&seed) % (rand_r(&seed) % 2 ? 3000 : 2000000)),
		.burst = (uint32_t)(rand_r(&seed) % 30),
		.delay = (uint32_t)(rand_r(&seed) % 35),
	};
	struct wye_bucket bucket = { 0, 0 };
	struct model model = { 0, 0, false };
	int64_t now = 1000000;

	for (unsigned i = 0; i < 2000; i++) {
		struct wye_bucket_answer answer =
			wye_bucket_take(&limits, &bucket, (uint64_t)now);
		int64_t wait = model_take(&limits, &model, now);

		assert_int_equal(answer.verdict, wait < 0   ? WYE_BUCKET_REFUSES
						 : wait > 0 ? WYE_BUCKET_WAITS
							    : WYE_BUCKET_PASSES);
		if (wait >= 0)
			assert_int_equal(answer.wait, wait);
		switch (rand_r(&seed) % 8) {
		case 0:
			now += rand_r(&seed) % 3000;
			break;
		case 1:
			now -= rand_r(&seed) % 5;
			break;
		default:
			now += rand_r(&seed) % 3;
		}
	}
}

static void as_nginx(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 500; seed++)
		compare(seed);
}

/* A refusal's `wait` is the shortest after which one fits, but for what is rounded. */
static void fits_after_the_wait(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 200; seed++) {
		unsigned next = seed;
		const struct wye_bucket_limits limits = {
			.rate = 1 + (uint32_t)(rand_r(&next) % 20000), .burst = 3, .delay = 0
		};
		struct wye_bucket bucket = { 0, 0 }, copy;
		struct wye_bucket_answer answer;
		uint64_t now = 1000, early;

		do {
			now += (unsigned)rand_r(&next) % 40;
			answer = wye_bucket_take(&limits, &bucket, now);
		} while (answer.verdict != WYE_BUCKET_REFUSES && now < 100000);
		if (answer.verdict != WYE_BUCKET_REFUSES)
			continue;
		copy = bucket;
		assert_int_not_equal(wye_bucket_take(&limits, &copy, now + answer.wait).verdict,
				     WYE_BUCKET_REFUSES);
		early = 2 + 1000 / limits.rate; /* for what is rounded */
		copy = bucket;
		if (answer.wait > early)
			assert_int_equal(
				wye_bucket_take(&limits, &copy, now + answer.wait - early)
					.verdict,
				WYE_BUCKET_REFUSES);
	}
}

/* ---- tables ---- */

static int64_t metric(const char *name, enum wye_metric_kind kind)
{
	return wye_metric_read(wye_metric_register(name, kind));
}

static struct wye_buckets *make(const char *name, size_t keys)
{
	struct wye_buckets *buckets = NULL;

	assert_int_equal(wye_buckets_create(&buckets, name, &five, keys), 0);
	return buckets;
}

static uint64_t excess(struct wye_buckets *buckets, const char *key, uint64_t now)
{
	struct wye_text name = { key, strlen(key) };

	return wye_buckets_take(buckets, 0, name, now).excess;
}

static void keys_apart(void **state)
{
	struct wye_buckets *buckets = make("apart", 100);

	(void)state;
	for (uint64_t i = 0; i < 5; i++) {
		assert_int_equal(wye_buckets_take(buckets, 0, text("a"), 1).excess, i * 1000);
		assert_int_equal(wye_buckets_take(buckets, 1, text("a"), 1).excess, i * 1000);
		assert_int_equal(wye_buckets_take(buckets, 0, text("b"), 1).excess, i * 1000);
		assert_int_equal(wye_buckets_take(buckets, 0, text(""), 1).excess, i * 1000);
	}
	assert_int_equal(metric("apart_keys", WYE_GAUGE), 4);
	wye_buckets_destroy(buckets);
	assert_int_equal(metric("apart_keys", WYE_GAUGE), 0);
}

static void oldest_forgotten(void **state)
{
	struct wye_buckets *buckets = make("oldest", 3);

	(void)state;
	assert_int_equal(excess(buckets, "a", 1), 0);
	assert_int_equal(excess(buckets, "b", 1), 0);
	assert_int_equal(excess(buckets, "c", 1), 0);
	assert_int_equal(excess(buckets, "a", 1), 1000); /* b is the oldest now */
	assert_int_equal(excess(buckets, "d", 1), 0);
	assert_int_equal(excess(buckets, "a", 1), 2000);
	assert_int_equal(excess(buckets, "c", 1), 1000);
	assert_int_equal(excess(buckets, "b", 1), 0); /* anew; d went */
	assert_int_equal(excess(buckets, "a", 1), 3000);
	assert_int_equal(metric("oldest_keys", WYE_GAUGE), 3);
	assert_int_equal(metric("oldest_forgotten_total", WYE_COUNTER), 2);
	wye_buckets_destroy(buckets);
}

/* Beside each new key an old one that has been empty for a minute goes, and is no loss. */
static void idle_go(void **state)
{
	struct wye_buckets *buckets = make("idle", 10);

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		(void)wye_buckets_take(buckets, (uint8_t)i, text("key"), 1);
	for (unsigned i = 0; i < 10; i++)
		(void)wye_buckets_take(buckets, (uint8_t)(10 + i), text("key"), 60001);
	assert_int_equal(metric("idle_keys", WYE_GAUGE), 10);
	assert_int_equal(metric("idle_forgotten_total", WYE_COUNTER), 0);
	(void)wye_buckets_take(buckets, 20, text("key"), 60001);
	assert_int_equal(metric("idle_forgotten_total", WYE_COUNTER), 1);
	wye_buckets_destroy(buckets);
}

static void many_keys(void **state)
{
	enum { KEYS = 4096 };
	struct wye_buckets *buckets = make("many", KEYS);
	char key[16];

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(key, sizeof key, "%u", i);
		assert_int_equal(excess(buckets, key, 1), 0);
	}
	assert_int_equal(metric("many_keys", WYE_GAUGE), KEYS);
	assert_int_equal(metric("many_forgotten_total", WYE_COUNTER), 100000 - KEYS);
	for (unsigned i = 99999; i > 99999 - KEYS / 2; i--) { /* the latest are all there */
		snprintf(key, sizeof key, "%u", i);
		assert_int_equal(excess(buckets, key, 1), 1000);
	}
	wye_buckets_destroy(buckets);
}

static void bad_arguments(void **state)
{
	struct wye_bucket_limits none = five;
	struct wye_buckets *buckets = NULL;
	char name[200];

	(void)state;
	none.rate = 0;
	memset(name, 'a', sizeof name);
	name[199] = '\0';
	assert_int_equal(wye_buckets_create(&buckets, "bad", &none, 1), -EINVAL);
	assert_int_equal(wye_buckets_create(&buckets, "bad", &five, 0), -EINVAL);
	assert_int_equal(wye_buckets_create(&buckets, "bad", &five, (1 << 24) + 1), -EINVAL);
	assert_int_equal(wye_buckets_create(&buckets, name, &five, 1), -EINVAL);
	assert_null(buckets);
	wye_buckets_destroy(NULL);
}

/* ---- threads: of each key so many pass, whoever asks ---- */

enum { THREADS = 8, ROUNDS = 20000, NAMES = 50 };

struct worker {
	struct wye_buckets *buckets;
	unsigned passed[NAMES];
};

static void *work(void *argument)
{
	struct worker *worker = argument;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned name = i % NAMES;
		struct wye_text key = { (const char *)&name, sizeof name };

		if (wye_buckets_take(worker->buckets, 0, key, 5).verdict != WYE_BUCKET_REFUSES)
			worker->passed[name]++;
	}
	return NULL;
}

static void threads(void **state)
{
	struct wye_buckets *buckets = make("threads", 2000);
	struct worker workers[THREADS] = { 0 };
	pthread_t running[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i].buckets = buckets;
		assert_int_equal(pthread_create(&running[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(running[i], NULL);
	for (unsigned name = 0; name < NAMES; name++) {
		unsigned sum = 0;

		for (unsigned i = 0; i < THREADS; i++)
			sum += workers[i].passed[name];
		assert_int_equal(sum, 11); /* burst and one */
	}
	wye_buckets_destroy(buckets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(refused_add_nothing),
		cmocka_unit_test(after_a_pause),
		cmocka_unit_test(one_a_tick),
		cmocka_unit_test(clocks_differ),
		cmocka_unit_test(nobody_waits),
		cmocka_unit_test(largest),
		cmocka_unit_test(as_nginx),
		cmocka_unit_test(fits_after_the_wait),
		cmocka_unit_test(keys_apart),
		cmocka_unit_test(oldest_forgotten),
		cmocka_unit_test(idle_go),
		cmocka_unit_test(many_keys),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
