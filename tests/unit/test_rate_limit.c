/* SPDX-License-Identifier: MIT
 *
 * test_rate_limit.c - what is pure of the middleware rate-limit: whose an address is, and the
 * fields that tell of a bucket.
 */
#include <wye/limit.h>

#include "../../middleware/limiter.h"
#include "../../middleware/rate-limit-fields.h"
#include "unit.h"

/* ---- addresses ---- */

static bool same(const char *one, const char *other, unsigned prefix)
{
	uint8_t rooms[2][LIMITER_KEY];
	struct wye_text a = limiter_address((struct wye_text) { one, strlen(one) }, prefix,
					    rooms[0]),
			b = limiter_address((struct wye_text) { other, strlen(other) }, prefix,
					    rooms[1]);

	return a.length == b.length && !memcmp(a.data, b.data, a.length);
}

static void addresses(void **state)
{
	(void)state;
	assert_true(same("10.0.0.1", "10.0.0.1", 64));
	assert_false(same("10.0.0.1", "10.0.0.2", 64));
	assert_true(same("2001:db8::1", "2001:db8:0:0:ffff:ffff:ffff:ffff", 64));
	assert_false(same("2001:db8:0:1::", "2001:db8:0:2::", 64));
	assert_true(same("2001:db8:0:1::", "2001:db8:0:2::", 48));
	assert_true(same("2001:db8:0:fe00::", "2001:db8:0:ff00::", 55));
	assert_false(same("2001:db8:0:fe00::", "2001:db8:0:ff00::", 56));
	assert_false(same("::1", "::2", 128));
	assert_true(same("::1", "0::1", 128));
	assert_true(same("8000::", "ffff::", 1));
	assert_false(same("8000::", "7fff::", 1));
	assert_false(same("::1", "10.0.0.1", 1));
	assert_true(same("no:address", "no:address", 64)); /* as it is */
	assert_true(same("", "", 64));
}

/* ---- fields ---- */

static const struct wye_bucket_limits limits = { .rate = 500, .burst = 10, .delay = 5 };

static void expect(enum wye_bucket_verdict verdict, uint64_t wait, uint64_t excess,
		   bool combined, const char *expected)
{
	struct wye_bucket_answer answer = { .verdict = verdict,
					    .wait = wait,
					    .excess = excess };
	struct rate_limit_state left = rate_limit_state(&limits, &answer);
	struct rate_limit_field fields[RATE_LIMIT_FIELDS];
	unsigned count = rate_limit_fields(fields, &limits, &left, combined);
	char text[256] = "";

	for (unsigned i = 0; i < count; i++) {
		strcat(text, fields[i].name);
		strcat(text, ": ");
		strncat(text, fields[i].value, fields[i].length);
		strcat(text, "\n");
	}
	assert_string_equal(text, expected);
}

static void separate(void **state)
{
	(void)state;
	expect(WYE_BUCKET_PASSES, 0, 0, false,
	       "RateLimit-Limit: 11\nRateLimit-Remaining: 10\nRateLimit-Reset: 0\n");
	expect(WYE_BUCKET_WAITS, 700, 5350, false,
	       "RateLimit-Limit: 11\nRateLimit-Remaining: 4\nRateLimit-Reset: 11\n");
	expect(WYE_BUCKET_WAITS, 10000, 10000, false,
	       "RateLimit-Limit: 11\nRateLimit-Remaining: 0\nRateLimit-Reset: 20\n");
	expect(WYE_BUCKET_REFUSES, 1, 10001, false,
	       "RateLimit-Limit: 11\nRateLimit-Remaining: 0\nRateLimit-Reset: 1\n");
	expect(WYE_BUCKET_REFUSES, 2000, 11000, false,
	       "RateLimit-Limit: 11\nRateLimit-Remaining: 0\nRateLimit-Reset: 2\n");
}

static void combined(void **state)
{
	(void)state;
	expect(WYE_BUCKET_PASSES, 0, 1000, true,
	       "RateLimit-Policy: \"default\";q=11;w=22\nRateLimit: \"default\";r=9;t=2\n");
	expect(WYE_BUCKET_REFUSES, 1001, 10501, true,
	       "RateLimit-Policy: \"default\";q=11;w=22\nRateLimit: \"default\";r=0;t=2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(separate),
		cmocka_unit_test(combined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
