/* SPDX-License-Identifier: MIT
 *
 * test_limits.c - a connection whose peer turns out to be another.
 */
#include "net/limits.h"
#include "unit.h"

static struct wye_cidr trusted;
static union wye_address balancer, client, other;

static int set_up(void **state)
{
	struct wye_limits *limits;

	if (wye_cidr_parse(&trusted, "10.0.0.0/8") ||
	    wye_address_parse(&balancer, "10.0.0.1", 0) ||
	    wye_address_parse(&client, "192.0.2.1", 0) ||
	    wye_address_parse(&other, "192.0.2.2", 0) ||
	    wye_limits_create(&limits, 4, 2, &trusted, 1))
		return -1;
	*state = limits;
	return 0;
}

static int tear_down(void **state)
{
	wye_limits_destroy(*state);
	return 0;
}

static void enter_as(struct wye_limits *limits, const union wye_address *to,
		     enum wye_limits_verdict expected)
{
	assert_int_equal(wye_limits_enter(limits, &balancer), WYE_LIMITS_OK);
	assert_int_equal(wye_limits_change(limits, &balancer, to), expected);
	if (expected != WYE_LIMITS_OK)
		wye_limits_leave(limits, &balancer);
}

static void test_change(void **state)
{
	struct wye_limits *limits = *state;

	enter_as(limits, &client, WYE_LIMITS_OK);
	enter_as(limits, &client, WYE_LIMITS_OK);
	enter_as(limits, &client, WYE_LIMITS_ADDRESS);
	assert_int_equal(wye_limits_enter(limits, &client), WYE_LIMITS_ADDRESS);
	assert_int_equal(wye_limits_open(limits), 2);
	wye_limits_leave(limits, &client);
	enter_as(limits, &client, WYE_LIMITS_OK);
	assert_int_equal(wye_limits_change(limits, &client, &other), WYE_LIMITS_OK);
	enter_as(limits, &client, WYE_LIMITS_OK);
	wye_limits_leave(limits, &other);
	wye_limits_leave(limits, &client);
	wye_limits_leave(limits, &client);
	assert_int_equal(wye_limits_open(limits), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_change, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
