/* SPDX-License-Identifier: MIT
 *
 * test_access_mask.c - what is hidden in a URL, and that nothing else is.
 */
#include <stdlib.h>

#include <wye/log.h>

#include "../../middleware/access-log-mask.h"
#include "unit.h"

static void expect(const char *url, const char *expected)
{
	char memory[ACCESS_MASKED], *exact = strdup(url);
	struct wye_text got = access_mask((struct wye_text) { exact, strlen(url) }, memory);

	if (got.length != strlen(expected) || memcmp(got.data, expected, got.length))
		fail_msg("%s: %.*s", url, (int)got.length, got.data);
	free(exact);
}

static void masks(void **state)
{
	static const char *const rows[][2] = {
		{ "/", "/" },
		{ "/?", "/?" },
		{ "/?token", "/?token" },
		{ "/?token=", "/?token=" },
		{ "/?token=a", "/?token=***" },
		{ "/?token=a=b?c", "/?token=***" },
		{ "/?token=a&b=c", "/?token=***&b=c" },
		{ "/?b=c&token=a", "/?b=c&token=***" },
		{ "/?token=a&token=b&&", "/?token=***&token=***&&" },
		{ "/?t%6Fken=a&%74oken=b", "/?t%6Fken=***&%74oken=***" },
		{ "/?a+b=c&a%20b=d", "/?a+b=***&a%20b=***" },
		{ "/token=a?x=token", "/token=a?x=token" },
		{ "/?Token=a&tokens=b&toke=c&to%=d&token%00=e",
		  "/?Token=a&tokens=b&toke=c&to%=d&token%00=e" },
		{ "https://a.example/b?token=a", "https://a.example/b?token=***" },
	};

	(void)state;
	expect("/?token=a", "/?token=a"); /* nobody has said so yet */
	assert_int_equal(wye_log_hide_parameter("token"), 0);
	assert_int_equal(wye_log_hide_parameter("a b"), 0);
	assert_int_equal(wye_log_hide_parameter("token"), 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect(rows[i][0], rows[i][1]);
	assert_null(access_mask((struct wye_text) { NULL, 0 }, NULL).data);
}

static void cuts(void **state)
{
	char url[3000], memory[ACCESS_MASKED];
	struct wye_text got;

	(void)state;
	memset(url, 'x', sizeof url);
	memcpy(url, "/?token=", 8);
	url[2000] = '&';
	got = access_mask((struct wye_text) { url, sizeof url }, memory);
	assert_int_equal(got.length, 11 + 1000);
	assert_memory_equal(got.data, "/?token=***&x", 13);
	memcpy(url + 2000, "?token=", 7);
	url[1] = 'y';
	url[7] = 'x';
	got = access_mask((struct wye_text) { url, sizeof url }, memory);
	assert_int_equal(got.length, ACCESS_MASKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks),
		cmocka_unit_test(cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
