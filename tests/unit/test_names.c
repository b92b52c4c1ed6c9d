/* SPDX-License-Identifier: MIT
 *
 * test_names.c - names of certificates and those that clients ask for: letters, wildcards,
 * lengths, and what is no name.
 */
#include <string.h>

#include "tls/names.h"
#include "unit.h"

static struct wye_tls_name ITEMS[] = {
	{ (char *)"*.a.example", (void *)"any of a" },
	{ (char *)"*.example", (void *)"any" },
	{ (char *)"a.example", (void *)"a" },
	{ (char *)"b.a.example", (void *)"b" },
	{ (char *)"host", (void *)"host" },
};
static const struct wye_tls_names NAMES = { ITEMS, sizeof ITEMS / sizeof ITEMS[0] };

static void found(void **state)
{
	static const struct {
		const char *asked, *value;
	} cases[] = {
		{ "a.example", "a" },
		{ "A.Example", "a" },
		{ "b.a.example", "b" },
		{ "c.a.example", "any of a" },
		{ "xn--bcher-kva.a.example", "any of a" },
		{ "a_b.a.example", "any of a" },
		{ "c.example", "any" },
		{ "host", "host" },
		{ "c.b.a.example", NULL },
		{ "example", NULL },
		{ ".example", NULL },
		{ ".a.example", NULL },
		{ "*.a.example", NULL },
		{ "*", NULL },
		{ "", NULL },
		{ ".", NULL },
		{ "a.example.", NULL },
		{ "a b.example", NULL },
		{ "a*.example", NULL },
		{ "\xc3\xa4.example", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *value = wye_tls_names_find(&NAMES, cases[i].asked);

		if (!value != !cases[i].value || (value && strcmp(value, cases[i].value) != 0))
			fail_msg("\"%s\" gives %s", cases[i].asked, value ? value : "nothing");
	}
}

static void folded(void **state)
{
	static const char *const wrong[] = { "",      "*",  "*.",   "a*.b", "*a.b", "*.*.a",
					     "a.*.b", ".a", "*..a", "a b",  "a/b",  "a:1" };
	char out[WYE_TLS_NAME_MAX + 1];

	(void)state;
	assert_true(wye_tls_name_fold("*.ExAmple", 9, out));
	assert_string_equal(out, "*.example");
	assert_false(wye_tls_name_fold("a\0b", 3, out));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (wye_tls_name_fold(wrong[i], strlen(wrong[i]), out))
			fail_msg("\"%s\" is a name", wrong[i]);
}

static void long_names(void **state)
{
	char name[WYE_TLS_NAME_MAX + 2], out[WYE_TLS_NAME_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof name);
	assert_true(wye_tls_name_fold(name, WYE_TLS_NAME_MAX, out));
	assert_int_equal(strlen(out), WYE_TLS_NAME_MAX);
	assert_false(wye_tls_name_fold(name, WYE_TLS_NAME_MAX + 1, out));
	name[WYE_TLS_NAME_MAX + 1] = '\0';
	assert_null(wye_tls_names_find(&NAMES, name));
	memcpy(name + 240, ".example", sizeof ".example");
	assert_string_equal(wye_tls_names_find(&NAMES, name), "any");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),
		cmocka_unit_test(folded),
		cmocka_unit_test(long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
