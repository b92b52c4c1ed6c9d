/* SPDX-License-Identifier: MIT
 *
 * test_small_middleware.c - verdicts of middleware that has no parts of its own: what it asks
 * of wye, which is a fake here, and what it makes of the answer.
 */
#include <errno.h>

#include <wye/plugin.h>

#include "unit.h"

extern const struct wye_plugin wye_builtin_body_limit, wye_builtin_timeout;

static struct {
	int64_t integer;
	double number;
	int error; /* of what is asked for next */
	uint64_t asked;
	unsigned status;
} fake;

int64_t wye_setting_integer(const struct wye_settings *settings, const char *name)
{
	(void)settings;
	assert_string_equal(name, "bytes");
	return fake.integer;
}

double wye_setting_number(const struct wye_settings *settings, const char *name)
{
	(void)settings;
	assert_string_equal(name, "seconds");
	return fake.number;
}

int wye_request_limit_body(struct wye_request *request, uint64_t bytes)
{
	(void)request;
	fake.asked = bytes;
	return fake.error;
}

struct wye_context *wye_request_context(struct wye_request *request)
{
	return (struct wye_context *)request;
}

int wye_context_set_deadline(struct wye_context *context, uint64_t milliseconds)
{
	(void)context;
	fake.asked = milliseconds;
	return fake.error;
}

int wye_reply_static(struct wye_request *request, unsigned status, const char *type,
		     const void *body, size_t length)
{
	(void)request;
	(void)type;
	(void)body;
	(void)length;
	fake.status = status;
	return 0;
}

/* The verdict of a new instance's request step, with such an answer of wye's. */
static enum wye_verdict verdict_of(const struct wye_plugin *plugin, int error)
{
	struct wye_error why = { "" };
	void *instance = NULL, *state = NULL;
	enum wye_verdict verdict;

	fake.error = error;
	fake.status = 0;
	assert_int_equal(plugin->open(NULL, &instance, &why), 0);
	verdict = plugin->rest_middleware[0]->request(NULL, instance, &state);
	plugin->close(instance);
	return verdict;
}

static void test_body_limit(void **state)
{
	(void)state;
	fake.integer = 1000000000000000;
	assert_int_equal(verdict_of(&wye_builtin_body_limit, 0), WYE_NEXT);
	assert_true(fake.asked == 1000000000000000);
	fake.integer = 0;
	assert_int_equal(verdict_of(&wye_builtin_body_limit, -EMSGSIZE), WYE_ANSWERED);
	assert_true(fake.asked == 0);
	assert_int_equal(fake.status, 0); /* wye has answered */
}

static void test_timeout(void **state)
{
	(void)state;
	fake.number = 0.25;
	assert_int_equal(verdict_of(&wye_builtin_timeout, 0), WYE_NEXT);
	assert_true(fake.asked == 250);
	assert_int_equal(verdict_of(&wye_builtin_timeout, -ENOMEM), WYE_ANSWERED);
	assert_int_equal(fake.status, 503);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body_limit),
		cmocka_unit_test(test_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
