/* SPDX-License-Identifier: MIT
 *
 * test_forwarded.c - whose address a request has behind proxies.
 */
#include <stdlib.h>

#include "net/forwarded.h"
#include "unit.h"

static struct wye_cidr ranges[4];

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, strlen(string) };
}

static int set_up(void **state)
{
	(void)state;
	return wye_cidr_parse(&ranges[0], "10.0.0.0/8") |
	       wye_cidr_parse(&ranges[1], "192.0.2.7") |
	       wye_cidr_parse(&ranges[2], "fd00::/8") | wye_cidr_parse(&ranges[3], "::1");
}

/* NULL: the peer itself. */
static void expect(bool rfc7239, const char *peer, const struct wye_field *fields, size_t count,
		   const char *expected)
{
	const struct wye_trust trust = { ranges, 4, rfc7239 };
	union wye_address from, client;
	char got[WYE_ADDRESS_TEXT] = "none";

	assert_int_equal(wye_address_parse(&from, peer, 1234), 0);
	if (wye_forwarded_client(&trust, &from, fields, count, &client))
		wye_address_text(&client, got);
	if (strcmp(got, expected ? expected : "none") != 0)
		fail_msg("%.*s: %s and not %s", (int)fields->value.length, fields->value.data,
			 got, expected ? expected : "none");
}

static void expect_one(bool rfc7239, const char *value, const char *expected)
{
	const struct wye_field field = { text(rfc7239 ? "forwarded" : "x-forwarded-FOR"),
					 text(value) };

	expect(rfc7239, "10.0.0.1", &field, 1, expected);
}

struct row {
	const char *value, *expected;
};

static void x_forwarded_for(void **state)
{
	static const struct row rows[] = {
		{ "1.2.3.4", "1.2.3.4" },
		{ " 1.2.3.4\t", "1.2.3.4" },
		{ "5.6.7.8, 1.2.3.4", "1.2.3.4" }, /* the left one is the client's own word */
		{ "5.6.7.8,1.2.3.4,10.1.1.1,192.0.2.7", "1.2.3.4" },
		{ "192.0.2.8, 10.0.0.2", "192.0.2.8" },
		{ "10.0.0.3, 10.0.0.2", "10.0.0.3" }, /* all trusted: the leftmost */
		{ ",, 1.2.3.4 ,,", "1.2.3.4" },
		{ "", NULL },
		{ " , ", NULL },
		/* ports, brackets */
		{ "1.2.3.4:80", "1.2.3.4" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "[2001:db8::1]", "2001:db8::1" },
		{ "[2001:db8::1]:80", "2001:db8::1" },
		{ "\"[2001:db8::1]:80\"", "2001:db8::1" },
		{ "::ffff:1.2.3.4", "1.2.3.4" },
		{ "1.2.3.4, ::ffff:10.0.0.2, fd00::1, ::1", "1.2.3.4" },
		/* what can't be read ends the search */
		{ "unknown", NULL },
		{ "1.2.3.4, unknown", NULL },
		{ "1.2.3.4, unknown, 10.0.0.2", "10.0.0.2" },
		{ "1.2.3.4, 10.0.0.2 x", NULL },
		{ "1.2.3.256", NULL },
		{ "1.2.3", NULL },
		{ "01.2.3.4", NULL },
		{ "[", NULL },
		{ "[]", NULL },
		{ "[::1", NULL },
		{ "]", NULL },
		{ ":", NULL },
		{ "\"", NULL },
		{ "\"\"", NULL },
		{ "[1.2.3.4]x[", NULL },
		{ "1.2.3.4:junk", NULL },
		{ "for=1.2.3.4", NULL },
		{ "1111111111111111111111111111111111111111111111111111111111111111", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect_one(false, rows[i].value, rows[i].expected);
}

static void forwarded(void **state)
{
	static const struct row rows[] = {
		{ "for=1.2.3.4", "1.2.3.4" },
		{ "For=\"1.2.3.4:80\"", "1.2.3.4" },
		{ "for=\"[2001:db8::1]:80\"", "2001:db8::1" },
		{ "for=\"[2001:db8::1]\"", "2001:db8::1" },
		{ "proto=https;for=1.2.3.4;by=5.6.7.8", "1.2.3.4" },
		{ "proto=https ; for=1.2.3.4 ; host=a", "1.2.3.4" },
		{ "for=5.6.7.8, for=1.2.3.4;by=10.0.0.2, for=10.0.0.2", "1.2.3.4" },
		{ "for=10.0.0.3, for=10.0.0.2", "10.0.0.3" },
		{ "by=1.2.3.4", NULL },
		{ "for=", NULL },
		{ "for=unknown", NULL },
		{ "for=\"_hidden\"", NULL },
		{ "for=_x, for=10.0.0.2", "10.0.0.2" },
		{ "for=1.2.3.4, proto=http", NULL },
		{ "xfor=1.2.3.4", NULL },
		{ "for =1.2.3.4", NULL },
		{ "1.2.3.4", NULL },
		{ ";;;", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect_one(true, rows[i].value, rows[i].expected);
}

static void only_trusted_peers(void **state)
{
	const struct wye_field field = { text("X-Forwarded-For"), text("1.2.3.4") };
	const struct wye_trust nobody = { NULL, 0, false };
	union wye_address peer, client;

	(void)state;
	expect(false, "11.0.0.1", &field, 1, NULL);
	expect(false, "10.255.255.255", &field, 1, "1.2.3.4");
	expect(false, "::ffff:10.0.0.1", &field, 1, "1.2.3.4");
	expect(false, "fd12::1", &field, 1, "1.2.3.4");
	expect(false, "fe80::1", &field, 1, NULL);
	expect(true, "10.0.0.1", &field, 1, NULL); /* not the field that is believed */
	assert_int_equal(wye_address_parse(&peer, "10.0.0.1", 1), 0);
	assert_false(wye_forwarded_client(&nobody, &peer, &field, 1, &client));
	expect(false, "10.0.0.1", &field, 0, NULL);
}

static void repeated_fields(void **state)
{
	const struct wye_field fields[] = {
		{ text("X-Forwarded-For"), text("5.6.7.8") },
		{ text("Accept"), text("9.9.9.9") },
		{ text("x-forwarded-for"), text("1.2.3.4, 10.0.0.3") },
		{ text("Forwarded"), text("for=8.8.8.8") },
		{ text("X-Forwarded-For"), text("") },
		{ text("X-FORWARDED-FOR"), text("10.0.0.2") },
	};

	(void)state;
	expect(false, "10.0.0.1", fields, 6, "1.2.3.4");
	expect(true, "10.0.0.1", fields, 6, "8.8.8.8");
	expect(false, "10.0.0.1", fields + 3, 3, "10.0.0.2");
	expect(false, "10.0.0.1", fields, 2, "5.6.7.8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x_forwarded_for),
		cmocka_unit_test(forwarded),
		cmocka_unit_test(only_trusted_peers),
		cmocka_unit_test(repeated_fields),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
