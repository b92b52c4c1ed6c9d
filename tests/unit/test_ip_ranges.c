/* SPDX-License-Identifier: MIT
 *
 * test_ip_ranges.c - which addresses a set of ranges holds, and which ranges are refused.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ip-ranges.h"
#include "unit.h"

static void read_address(const char *text, uint8_t out[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(out, mapped, 12);
	if (inet_pton(AF_INET, text, out + 12) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, out), 1);
}

static bool holds(const struct ip_ranges *ranges, const char *text)
{
	uint8_t address[16];

	read_address(text, address);
	return ip_ranges_hold(ranges, address);
}

static struct ip_ranges *make(const char *const *list)
{
	struct ip_ranges *ranges = ip_ranges_create();

	assert_non_null(ranges);
	for (; *list; list++)
		assert_int_equal(ip_ranges_add(ranges, *list, NULL), 0);
	ip_ranges_seal(ranges);
	return ranges;
}

static void expect(const char *const *list, const char *const *in, const char *const *out)
{
	struct ip_ranges *ranges = make(list);

	for (; *in; in++)
		if (!holds(ranges, *in))
			fail_msg("%s is not in %s", *in, list[0]);
	for (; *out; out++)
		if (holds(ranges, *out))
			fail_msg("%s is in %s", *out, list[0]);
	ip_ranges_destroy(ranges);
}

#define LIST(...) ((const char *const[]) { __VA_ARGS__, NULL })

static void edges(void **state)
{
	(void)state;
	expect(LIST("10.0.0.0/8"), LIST("10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"),
	       LIST("9.255.255.255", "11.0.0.0", "::a00:0"));
	expect(LIST("192.0.2.7"), LIST("192.0.2.7"), LIST("192.0.2.6", "192.0.2.8"));
	expect(LIST("192.0.2.8/31"), LIST("192.0.2.8", "192.0.2.9"),
	       LIST("192.0.2.7", "192.0.2.10"));
	expect(LIST("2001:db8::/32"), LIST("2001:db8::", "2001:db8:ffff::1"),
	       LIST("2001:db7:ffff::1", "2001:db9::"));
	expect(LIST("2001:db8::/64"), LIST("2001:db8::ffff:ffff:ffff:ffff"),
	       LIST("2001:db8:0:1::"));
	expect(LIST("2001:db8::80/121"), LIST("2001:db8::80", "2001:db8::ff"),
	       LIST("2001:db8::7f", "2001:db8::100"));
	expect(LIST("::1"), LIST("::1"), LIST("::", "::2", "0.0.0.1"));
}

static void families_are_apart(void **state)
{
	(void)state;
	expect(LIST("::/0"), LIST("::", "ffff::1"), LIST("0.0.0.0", "255.255.255.255"));
	expect(LIST("0.0.0.0/0"), LIST("0.0.0.0", "255.255.255.255"), LIST("::", "ffff::1"));
	expect(LIST("::ffff:0:0/96"), LIST("0.0.0.0", "255.255.255.255"), LIST("::", "::1"));
	expect(LIST("::ffff:10.0.0.0/104"), LIST("10.0.0.1"), LIST("11.0.0.1"));
}

static void overlaps(void **state)
{
	(void)state;
	expect(LIST("10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/24", "12.0.0.0/8", "10.0.0.0/8"),
	       LIST("10.0.1.0", "10.1.1.1", "10.255.0.0", "12.1.1.1"),
	       LIST("11.0.0.0", "9.0.0.0", "13.0.0.0"));
	expect(LIST("1.0.0.1", "1.0.0.3", "1.0.0.2"), LIST("1.0.0.1", "1.0.0.2", "1.0.0.3"),
	       LIST("1.0.0.0", "1.0.0.4"));
}

static void refused(void **state)
{
	static const char *const bad[] = { "",
					   "/8",
					   "10.0.0.0/",
					   "10.0.0.0/33",
					   "10.0.0.1/8",
					   "10.0.0.0/-1",
					   "10.0.0.0/ 8",
					   "10.0.0.0/8x",
					   "10.0.0.0/0008",
					   "10.0/8",
					   "010.0.0.0/8",
					   "a",
					   "fd00::/129",
					   "fd00::1/8",
					   "fe80::1%lo",
					   "::ffff:10.0.0.1/104",
					   "10.0.0.0/8/8",
					   "::/0/",
					   " ::" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct ip_ranges *ranges = ip_ranges_create();
		struct wye_error why = { "" };

		if (ip_ranges_add(ranges, bad[i], &why) != -EINVAL)
			fail_msg("\"%s\" passes", bad[i]);
		assert_true(strlen(why.text) > 10);
		ip_ranges_destroy(ranges);
	}
}

/* Random ranges, against a look at each of them. */
static void against_a_plain_search(void **state)
{
	enum { RANGES = 300, ADDRESSES = 20000 };
	struct ip_ranges *ranges = ip_ranges_create();
	uint32_t first[RANGES], last[RANGES];

	(void)state;
	srand(1);
	for (int i = 0; i < RANGES; i++) {
		unsigned bits = 8 + (unsigned)rand() % 25;
		uint32_t mask = ~(uint32_t)0 << (32 - bits);
		char text[32];

		first[i] = ((uint32_t)rand() << 8 ^ (uint32_t)rand()) & mask;
		last[i] = first[i] | ~mask;
		snprintf(text, sizeof text, "%u.%u.%u.%u/%u", first[i] >> 24,
			 first[i] >> 16 & 255, first[i] >> 8 & 255, first[i] & 255, bits);
		assert_int_equal(ip_ranges_add(ranges, text, NULL), 0);
	}
	ip_ranges_seal(ranges);
	for (int i = 0; i < ADDRESSES; i++) {
		uint32_t number = i % 2 ? (uint32_t)rand() << 8 ^ (uint32_t)rand()
					: last[i % RANGES] + (uint32_t)(i / 2 % 3) - 1;
		uint8_t address[16] = { [10] = 0xff,
					[11] = 0xff,
					[12] = (uint8_t)(number >> 24),
					[13] = (uint8_t)(number >> 16),
					[14] = (uint8_t)(number >> 8),
					[15] = (uint8_t)number };
		bool expected = false;

		for (int j = 0; j < RANGES; j++)
			expected |= number >= first[j] && number <= last[j];
		assert_int_equal(ip_ranges_hold(ranges, address), expected);
	}
	ip_ranges_destroy(ranges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges),
		cmocka_unit_test(families_are_apart),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(refused),
		cmocka_unit_test(against_a_plain_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
