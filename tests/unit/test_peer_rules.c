/* SPDX-License-Identifier: MIT
 *
 * test_peer_rules.c - which certificates a set of names holds, and which names are refused.
 */
#include <errno.h>
#include <stdio.h>

#include "peer-rules.h"
#include "unit.h"

#define PRINT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, string ? strlen(string) : 0 };
}

static bool holds(enum peer_part part, const char *rule, const struct wye_tls_peer *peer)
{
	struct peer_rules *rules = peer_rules_create();
	bool held;

	assert_non_null(rules);
	assert_true(peer_rules_are_empty(rules));
	assert_false(peer_rules_hold(rules, peer));
	assert_int_equal(peer_rules_add(rules, part, rule, NULL), 0);
	assert_int_equal(peer_rules_add(rules, part, "zz-another", NULL) == 0,
			 part != PEER_FINGERPRINT);
	peer_rules_seal(rules);
	assert_false(peer_rules_are_empty(rules));
	held = peer_rules_hold(rules, peer);
	peer_rules_destroy(rules);
	return held;
}

static bool dns(const char *rule, const char *name)
{
	const struct wye_tls_peer_name names[] = { { WYE_TLS_URI, text("urn:x") },
						   { WYE_TLS_DNS, text(name) } };
	const struct wye_tls_peer peer = { .names = names, .name_count = 2 };

	return holds(PEER_DNS, rule, &peer);
}

static bool other(enum peer_part part, enum wye_tls_name_kind kind, const char *rule,
		  const char *name)
{
	const struct wye_tls_peer_name only = { kind, text(name) };
	const struct wye_tls_peer peer = { .names = &only, .name_count = 1 };

	return holds(part, rule, &peer);
}

static void hosts(void **state)
{
	(void)state;
	assert_true(dns("a.example.org", "A.Example.ORG"));
	assert_false(dns("a.example.org", "b.example.org"));
	assert_false(dns("a.example.org", "a.example.org.evil"));
	assert_true(dns("*.example.org", "a.EXAMPLE.org"));
	assert_true(dns("*.example.org", "*.example.org"));
	assert_false(dns("*.example.org", "a.b.example.org"));
	assert_false(dns("*.example.org", ".example.org"));
	assert_false(dns("*.example.org", "example.org"));
	assert_true(dns("web-*.example.org", "web-1.example.org"));
	assert_false(dns("ab*ba", "aba"));
}

static void kinds_are_apart(void **state)
{
	(void)state;
	assert_false(other(PEER_URI, WYE_TLS_DNS, "a", "a"));
	assert_false(other(PEER_DNS, WYE_TLS_IP, "10.0.0.1", "10.0.0.1"));
	assert_false(other(PEER_COMMON_NAME, WYE_TLS_EMAIL, "a", "a"));
	assert_true(other(PEER_URI, WYE_TLS_URI, "spiffe://a/b", "spiffe://a/b"));
	assert_false(other(PEER_URI, WYE_TLS_URI, "spiffe://a/b", "spiffe://A/b"));
	assert_true(other(PEER_URI, WYE_TLS_URI, "spiffe://a/*", "spiffe://a/b/c"));
	assert_false(other(PEER_URI, WYE_TLS_URI, "spiffe://a/*", "spiffe://a/"));
	assert_true(other(PEER_EMAIL, WYE_TLS_EMAIL, "*@a.org", "x.y@a.org"));
	assert_false(other(PEER_EMAIL, WYE_TLS_EMAIL, "*@a.org", "x@b@a.org"));
}

static void names(void **state)
{
	const struct wye_tls_peer peer = { .common_name = text("sensor-7"),
					   .subject = text("CN=sensor-7,O=x"),
					   .fingerprint = text(PRINT) };
	const struct wye_tls_peer odd = { .common_name = { "a\0b", 3 }, .subject = text("") };
	const struct wye_tls_peer none = { .size = 0 };

	(void)state;
	assert_true(holds(PEER_COMMON_NAME, "sensor-7", &peer));
	assert_true(holds(PEER_COMMON_NAME, "sensor-*", &peer));
	assert_true(holds(PEER_COMMON_NAME, "*", &peer));
	assert_false(holds(PEER_COMMON_NAME, "Sensor-7", &peer));
	assert_true(holds(PEER_SUBJECT, "CN=sensor-7,O=x", &peer));
	assert_false(holds(PEER_SUBJECT, "CN=sensor-7", &peer));
	assert_true(holds(PEER_FINGERPRINT, PRINT, &peer));
	assert_false(holds(PEER_COMMON_NAME, "a", &odd));
	assert_false(holds(PEER_COMMON_NAME, "*", &none));
}

static void fingerprints(void **state)
{
	const struct wye_tls_peer peer = { .fingerprint = text(PRINT) };
	char colons[3 * 32 + 1] = "";

	(void)state;
	for (int i = 0; i < 32; i++)
		snprintf(colons + 3 * i, 4, "%.2s:", PRINT + 2 * i);
	colons[3 * 32 - 1] = '\0';
	for (int i = 0; colons[i]; i++)
		if (colons[i] >= 'a')
			colons[i] -= 'a' - 'A';
	assert_true(holds(PEER_FINGERPRINT, colons, &peer));
}

static void many(void **state)
{
	struct peer_rules *rules = peer_rules_create();
	char name[16];

	(void)state;
	for (int i = 999; i >= 0; i--) {
		snprintf(name, sizeof name, "n%d", 2 * i);
		assert_int_equal(peer_rules_add(rules, PEER_COMMON_NAME, name, NULL), 0);
	}
	peer_rules_seal(rules);
	for (int i = 0; i < 2000; i++) {
		const struct wye_tls_peer peer = { .common_name = { name, 0 } };
		struct wye_tls_peer one = peer;

		one.common_name.length = (size_t)snprintf(name, sizeof name, "n%d", i);
		assert_int_equal(peer_rules_hold(rules, &one), !(i & 1));
	}
	peer_rules_destroy(rules);
}

static void refuse(enum peer_part part, const char *rule, const char *sentence)
{
	struct peer_rules *rules = peer_rules_create();
	struct wye_error why;

	assert_int_equal(peer_rules_add(rules, part, rule, &why), -EINVAL);
	assert_non_null(strstr(why.text, sentence));
	peer_rules_destroy(rules);
}

static void refusals(void **state)
{
	(void)state;
	refuse(PEER_DNS, "", "is empty");
	refuse(PEER_DNS, "*.*.org", "more than one");
	refuse(PEER_SUBJECT, "CN=*", "can't have a \"*\"");
	refuse(PEER_FINGERPRINT, PRINT "0", "no SHA-256");
	refuse(PEER_FINGERPRINT, "*", "no SHA-256");
	refuse(PEER_FINGERPRINT, "", "no SHA-256");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts), cmocka_unit_test(kinds_are_apart),
		cmocka_unit_test(names), cmocka_unit_test(fingerprints),
		cmocka_unit_test(many),  cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
