/* SPDX-License-Identifier: MIT
 *
 * test_compress_accept.c - which coding is chosen for an Accept-Encoding.
 */
#include "../../middleware/compress-accept.h"
#include "unit.h"

static const char *const names[CODINGS] = { "identity", "gzip", "br" };

static void expect(const char *value, const char *expected)
{
	static const enum coding both[] = { CODING_BROTLI, CODING_GZIP };
	struct accepted accepted = ACCEPTED_NOTHING;
	enum coding got;

	accepted_add(&accepted, (struct wye_text) { value, strlen(value) });
	got = accepted_best(&accepted, both, 2);
	if (strcmp(names[got], expected) != 0)
		fail_msg("\"%s\": %s and not %s", value, names[got], expected);
}

static void names_and_order(void **state)
{
	(void)state;
	expect("gzip", "gzip");
	expect("br", "br");
	expect("gzip, deflate, br", "br");
	expect("GZIP", "gzip");
	expect("x-gzip", "gzip");
	expect("deflate, zstd", "identity");
	expect("", "identity");
	expect(" , ,", "identity");
	expect("gzipped", "identity");
	expect("*", "br");
	expect("identity", "identity");
	expect("identity, gzip", "gzip"); /* of equal ones that which pays */
}

static void weights(void **state)
{
	(void)state;
	expect("gzip;q=1.0, br;q=0.5", "gzip");
	expect("gzip ; q=0.501 ,br;Q=0.5", "gzip");
	expect("gzip;q=0", "identity");
	expect("gzip;q=0.000, br;q=0", "identity");
	expect("br;q=0.001", "br");
	expect("*;q=0.5, br;q=0", "gzip");
	expect("gzip, *;q=0", "gzip");
	expect("*;q=0", "identity");
	expect("identity;q=0, br;q=0.1", "br");
	expect("identity;q=0", "identity"); /* there is nothing else to send */
	expect("identity;q=1, gzip;q=0.5", "identity");
	expect("identity;q=0.5, gzip;q=0.5", "gzip");
}

static void malformed(void **state)
{
	static const char *const bad[] = { "gzip;q=",   "gzip;q=2",      "gzip;q=1.001",
					   "gzip;q=.5", "gzip;q=0.1234", "gzip;q=0,5",
					   "gzip;q=-1", "gzip;q=1.x",    "gzip;level=1",
					   "gzip;q",    "gzip;q=0x1" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		expect(bad[i], "identity");
	expect("gzip;", "gzip");
	expect("gzip;q=1.", "gzip");
	expect("gzip;q=0.", "identity");
	expect(";q=1", "identity");
}

static void several_fields(void **state)
{
	static const enum coding gzip[] = { CODING_GZIP };
	struct accepted accepted = ACCEPTED_NOTHING;

	(void)state;
	assert_int_equal(accepted_best(&accepted, gzip, 1), CODING_IDENTITY);
	accepted_add(&accepted, (struct wye_text) { "br", 2 });
	assert_int_equal(accepted_best(&accepted, gzip, 1), CODING_IDENTITY);
	accepted_add(&accepted, (struct wye_text) { "gzip;q=0.3", 10 });
	assert_int_equal(accepted_best(&accepted, gzip, 1), CODING_GZIP);
	accepted_add(&accepted, (struct wye_text) { NULL, 0 });
	assert_int_equal(accepted_best(&accepted, gzip, 1), CODING_GZIP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_order),
		cmocka_unit_test(weights),
		cmocka_unit_test(malformed),
		cmocka_unit_test(several_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
