/* SPDX-License-Identifier: MIT
 *
 * test_offers.c - offers of permessage-deflate and the answers (RFC 7692, 7.1).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "websocket/offers.h"

#define PMD    "permessage-deflate"
#define ALONE  PMD "; server_no_context_takeover; client_no_context_takeover"
#define KEEPS  PMD "; server_no_context_takeover"
#define NONE   "" /* nothing is negotiated */
#define BROKEN NULL

/* `kept` is the answer where the client may keep its context. */
static const struct row {
	const char *offer, *answer, *kept;
} rows[] = {
	/* ---- no offer ---- */
	{ "", NONE, NONE },
	{ " \t", NONE, NONE },
	{ ",,", NONE, NONE },
	{ "foo", NONE, NONE },
	{ "foo; bar=1; baz=\"q\", bar", NONE, NONE },
	{ "permessage-deflat", NONE, NONE },
	{ "permessage-deflate2", NONE, NONE },
	{ "x-webkit-deflate-frame", NONE, NONE },

	/* ---- plain ones ---- */
	{ PMD, ALONE, KEEPS },
	{ "Permessage-Deflate", ALONE, KEEPS },
	{ "  " PMD "  ", ALONE, KEEPS },
	{ ", " PMD " ,", ALONE, KEEPS },
	{ "foo; x, " PMD, ALONE, KEEPS },
	{ PMD ", foo", ALONE, KEEPS },

	/* ---- server_no_context_takeover (7.1.1.1) ---- */
	{ PMD "; server_no_context_takeover", ALONE, KEEPS },
	{ PMD ";server_no_context_takeover", ALONE, KEEPS },
	{ PMD " ;\tserver_no_context_takeover", ALONE, KEEPS },
	{ PMD "; server_no_context_takeover=1", NONE, NONE },
	{ PMD "; server_no_context_takeover; server_no_context_takeover", NONE, NONE },

	/* ---- client_no_context_takeover (7.1.1.2) ---- */
	{ PMD "; client_no_context_takeover", ALONE, ALONE },
	{ PMD "; client_no_context_takeover=true", NONE, NONE },
	{ PMD "; client_no_context_takeover; client_no_context_takeover", NONE, NONE },

	/* ---- server_max_window_bits (7.1.2.1) ---- */
	{ PMD "; server_max_window_bits=15", ALONE "; server_max_window_bits=15",
	  KEEPS "; server_max_window_bits=15" },
	{ PMD "; server_max_window_bits=9", ALONE "; server_max_window_bits=9",
	  KEEPS "; server_max_window_bits=9" },
	{ PMD "; server_max_window_bits = \"10\"", ALONE "; server_max_window_bits=10",
	  KEEPS "; server_max_window_bits=10" },
	{ PMD "; server_max_window_bits=\"1\\0\"", ALONE "; server_max_window_bits=10",
	  KEEPS "; server_max_window_bits=10" },
	{ PMD "; server_max_window_bits=8", NONE, NONE },
	{ PMD "; server_max_window_bits", NONE, NONE },
	{ PMD "; server_max_window_bits=7", NONE, NONE },
	{ PMD "; server_max_window_bits=16", NONE, NONE },
	{ PMD "; server_max_window_bits=09", NONE, NONE },
	{ PMD "; server_max_window_bits=0", NONE, NONE },
	{ PMD "; server_max_window_bits=1", NONE, NONE },
	{ PMD "; server_max_window_bits=150", NONE, NONE },
	{ PMD "; server_max_window_bits=1a", NONE, NONE },
	{ PMD "; server_max_window_bits=-9", NONE, NONE },
	{ PMD "; server_max_window_bits=+9", NONE, NONE },
	{ PMD "; server_max_window_bits=9; server_max_window_bits=9", NONE, NONE },

	/* ---- client_max_window_bits (7.1.2.2) ---- */
	{ PMD "; client_max_window_bits", ALONE, KEEPS },
	{ PMD "; client_max_window_bits=8", ALONE "; client_max_window_bits=8",
	  KEEPS "; client_max_window_bits=8" },
	{ PMD "; client_max_window_bits=15", ALONE "; client_max_window_bits=15",
	  KEEPS "; client_max_window_bits=15" },
	{ PMD "; client_max_window_bits=\"12\"", ALONE "; client_max_window_bits=12",
	  KEEPS "; client_max_window_bits=12" },
	{ PMD "; client_max_window_bits=7", NONE, NONE },
	{ PMD "; client_max_window_bits=16", NONE, NONE },
	{ PMD "; client_max_window_bits=08", NONE, NONE },
	{ PMD "; client_max_window_bits; client_max_window_bits=9", NONE, NONE },

	/* ---- several parameters, and several offers (5.1, 7.1) ---- */
	{ PMD "; unknown", NONE, NONE },
	{ PMD "; unknown=1; client_max_window_bits", NONE, NONE },
	{ PMD "; client_max_window_bits=10; server_max_window_bits=11; "
	      "client_no_context_takeover; server_no_context_takeover",
	  ALONE "; server_max_window_bits=11; client_max_window_bits=10",
	  ALONE "; server_max_window_bits=11; client_max_window_bits=10" },
	{ PMD "; server_max_window_bits=8, " PMD, ALONE, KEEPS },
	{ PMD "; server_max_window_bits=10, " PMD, ALONE "; server_max_window_bits=10",
	  KEEPS "; server_max_window_bits=10" },
	{ PMD "; x, " PMD "; client_max_window_bits=7, " PMD "; client_max_window_bits=9",
	  ALONE "; client_max_window_bits=9", KEEPS "; client_max_window_bits=9" },
	{ PMD ", " PMD "; client_no_context_takeover", ALONE, KEEPS },

	/* ---- the grammar (RFC 6455, 9.1) ---- */
	{ PMD ";", BROKEN, BROKEN },
	{ PMD "; ;", BROKEN, BROKEN },
	{ PMD ";, foo", BROKEN, BROKEN },
	{ ";" PMD, BROKEN, BROKEN },
	{ PMD " foo", BROKEN, BROKEN },
	{ PMD "=1", BROKEN, BROKEN },
	{ PMD "; a=", BROKEN, BROKEN },
	{ PMD "; =1", BROKEN, BROKEN },
	{ PMD "; a=\"", BROKEN, BROKEN },
	{ PMD "; a=\"\"", BROKEN, BROKEN },
	{ PMD "; a=\"1", BROKEN, BROKEN },
	{ PMD "; a=\"1\\", BROKEN, BROKEN },
	{ PMD "; a=\"1\\\"", BROKEN, BROKEN },
	{ PMD "; a=\"1 2\"", BROKEN, BROKEN },
	{ PMD "; a=\"1,2\"", BROKEN, BROKEN },
	{ PMD "; a=1 2", BROKEN, BROKEN },
	{ PMD "; a=1=2", BROKEN, BROKEN },
	{ PMD "; a=\"1\"2", BROKEN, BROKEN },
	{ PMD ", \"quoted\"", BROKEN, BROKEN },
	{ PMD ", foo; a=(", BROKEN, BROKEN },
	{ "(", BROKEN, BROKEN },
	{ "foo/bar", BROKEN, BROKEN },
};

static void check(const char *offer, bool takeover, const struct wye_field *fields,
		  size_t count, const char *expected)
{
	struct wye_deflate_terms terms;
	char answer[WYE_DEFLATE_ANSWER_MAX] = "";
	size_t length = 0;
	int error = wye_deflate_negotiate(fields, count, takeover, &terms);

	if (!expected) {
		if (error != -EINVAL)
			fail_msg("\"%s\" passes", offer);
		return;
	}
	if (error)
		fail_msg("\"%s\" is broken", offer);
	if (terms.send_bits)
		length = wye_deflate_answer(answer, &terms);
	assert_int_equal(length, strlen(answer));
	if (strcmp(answer, expected) != 0)
		fail_msg("\"%s\": expected\n%s\ngot\n%s", offer, expected, answer);
}

static void test_table(void **state)
{
	(void)state;
	for (const struct row *row = rows; row < rows + sizeof rows / sizeof rows[0]; row++) {
		struct wye_field field = { { "sec-websocket-extensions", 24 },
					   { row->offer, strlen(row->offer) } };

		check(row->offer, false, &field, 1, row->answer);
		check(row->offer, true, &field, 1, row->kept);
	}
}

#define FIELD(name, value)                                                                     \
	{                                                                                      \
		{ name, sizeof(name) - 1 },                                                    \
		{                                                                              \
			value, sizeof(value) - 1                                               \
		}                                                                              \
	}

static void test_lines(void **state)
{
	static const struct wye_field fields[] = {
		FIELD("Host", PMD),
		FIELD(WYE_EXTENSIONS_FIELD, PMD "; server_max_window_bits=8"),
		FIELD("SEC-WEBSOCKET-EXTENSIONS", "foo, " PMD "; server_max_window_bits=12"),
		FIELD(WYE_EXTENSIONS_FIELD, PMD),
		FIELD(WYE_EXTENSIONS_FIELD, PMD ";"),
	};

	(void)state;
	check("no line", false, fields, 1, NONE);
	check("one line", false, fields, 2, NONE);
	check("lines", false, fields, 4, ALONE "; server_max_window_bits=12");
	check("a broken line behind", false, fields, 5, BROKEN);
}

static void test_terms(void **state)
{
	static const struct wye_field field =
		FIELD(WYE_EXTENSIONS_FIELD,
		      PMD "; server_max_window_bits=9; client_max_window_bits=8");
	struct wye_deflate_terms terms;

	(void)state;
	assert_int_equal(wye_deflate_negotiate(&field, 1, true, &terms), 0);
	assert_int_equal(terms.send_bits, 9);
	assert_int_equal(terms.receive_bits, 8);
	assert_true(terms.takeover);
	assert_int_equal(wye_deflate_negotiate(&field, 1, false, &terms), 0);
	assert_false(terms.takeover);
	assert_int_equal(wye_deflate_negotiate(&field, 0, true, &terms), 0);
	assert_int_equal(terms.send_bits, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_terms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
