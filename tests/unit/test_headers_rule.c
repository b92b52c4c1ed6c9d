/* SPDX-License-Identifier: MIT
 *
 * test_headers_rule.c - how a rule of the headers middleware is read.
 */
#include <errno.h>
#include <stdio.h>

#include "../../middleware/headers-rule.h"
#include "unit.h"

/* The rule as text: name, then a letter and the text of each piece. */
static void expect(const char *text, bool has_value, const char *expected)
{
	static const char letters[] = "LCHIUA";
	struct headers_rule rule;
	const char *why = "";
	char got[512];
	int length;

	if (headers_rule_parse(&rule, text, has_value, &why)) {
		snprintf(got, sizeof got, "-%s", why);
		got[strlen(expected)] = '\0';
		assert_string_equal(got, expected);
		return;
	}
	length = snprintf(got, sizeof got, "%s", rule.name);
	for (size_t i = 0; i < rule.count; i++) {
		assert_int_equal(rule.pieces[i].length, strlen(rule.pieces[i].text));
		length += snprintf(got + length, sizeof got - (size_t)length, "|%c%s",
				   letters[rule.pieces[i].source], rule.pieces[i].text);
	}
	assert_string_equal(got, expected);
	assert_int_equal(rule.fixed, !strpbrk(got, "|") || !strncmp(strchr(got, '|'), "|L", 2));
	headers_rule_fini(&rule);
}

static void plain(void **state)
{
	(void)state;
	expect("X-A: b", true, "X-A|Lb");
	expect("X-A:  a: b ", true, "X-A|La: b ");
	expect("X-A:", true, "X-A");
	expect("X-A: ", true, "X-A");
	expect("X-A", false, "X-A");
	expect("X-A", true, "-is not \"Name: value\"");
	expect("X-A: b", false, "-is not a name alone");
}

static void placeholders(void **state)
{
	struct headers_rule rule;
	const char *why;

	(void)state;
	expect("X: {client}", true, "X|Cclient");
	expect("X: {host}", true, "X|Hhost");
	expect("X: {user}{id}", true, "X|Uuser|Iid");
	expect("X: {claim.sub}", true, "X|Aclaim.sub");
	assert_int_equal(headers_rule_parse(&rule, "X: for={client}; by", true, &why), 0);
	assert_int_equal(rule.count, 3);
	assert_false(rule.fixed);
	headers_rule_fini(&rule);
}

static void braces(void **state)
{
	(void)state;
	expect("X: {\"a\":1}", true, "X|L{\"a\":1}");
	expect("X: {}", true, "X|L{}");
	expect("X: {client", true, "X|L{client");
	expect("X: {clinet}", true, "-has an unknown placeholder");
	expect("X: {a.a}{a.b}{a.c}{a.d}{a.e}{a.f}{a.g}{a.h}{a.i}", true, "-has too many");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(placeholders),
		cmocka_unit_test(braces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
