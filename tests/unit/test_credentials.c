/* SPDX-License-Identifier: MIT
 *
 * test_credentials.c - user and password out of a field, and fields that hold none.
 */
#include <stdlib.h>

#include "credentials.h"
#include "unit.h"

static bool read_field(const char *field, struct credentials *out)
{
	return credentials_read((struct wye_text) { field, strlen(field) }, out);
}

static void expect(const char *field, const char *user, const char *password)
{
	struct credentials got;

	if (!read_field(field, &got))
		fail_msg("\"%s\" is refused", field);
	assert_string_equal(credentials_user(&got), user);
	assert_string_equal(credentials_password(&got), password);
	assert_int_equal(got.user_length, strlen(user));
}

static void right(void **state)
{
	(void)state;
	expect("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"); /* RFC 7617 */
	expect("bAsIc QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame");
	expect("Basic   YTpi", "a", "b");
	expect("Basic YTo=", "a", "");
	expect("Basic YTo6Yjo=", "a", ":b:");
	expect("Basic dGVzdDoxMjPCow==", "test", "123\xc2\xa3"); /* RFC 7617, 2.1 */
	expect("Basic YTpiPz8/", "a", "b???");
	expect("Basic YTpiPj4+", "a", "b>>>");
}

static void wrong(void **state)
{
	static const char *const bad[] = {
		"",
		"Basic",
		"Basic ",
		"Basic  ",
		"Basic=YTpi",
		"Bearer YTpi",
		"Basic YTpi=",
		"Basic YTo",      /* no padding */
		"Basic YTp=",     /* bits that stand for nothing */
		"Basic YTpiYh==", /* likewise */
		"Basic YT=pi",
		"Basic Y===",
		"Basic ====",
		"Basic YTpi YTpi",
		"Basic YTp_",
		"Basic YWI=",     /* no colon */
		"Basic OmI=",     /* no user */
		"Basic YTpiAGM=", /* NUL */
		"Basic YQBiOmM=", /* NUL in the user */
		"Basic YTpiCg==", /* newline */
		"Basic YTp/",     /* DEL */
	};
	struct credentials got;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (read_field(bad[i], &got))
			fail_msg("\"%s\" passes", bad[i]);
}

/* "aaa...:aaa...": 'a' thrice is "YWFh". */
static void write_field(char *out, size_t user, size_t password)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t length = user + 1 + password;
	unsigned char bytes[1024] = "";

	memset(bytes, 'a', length);
	bytes[user] = ':';
	out += strlen(strcpy(out, "Basic "));
	for (size_t i = 0; i < length; i += 3) {
		unsigned bits =
			(unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			*out++ = digits[bits >> shift & 63];
	}
	for (size_t i = length; i % 3; i++)
		out[-1 - (int)(i - length)] = '=';
	*out = '\0';
}

static void lengths(void **state)
{
	char field[2048];
	struct credentials got;

	(void)state;
	write_field(field, CREDENTIALS_USER_MAX, CREDENTIALS_PASSWORD_MAX);
	assert_true(read_field(field, &got));
	assert_int_equal(strlen(credentials_password(&got)), CREDENTIALS_PASSWORD_MAX);
	write_field(field, 1, CREDENTIALS_PASSWORD_MAX);
	assert_true(read_field(field, &got));
	write_field(field, 1, CREDENTIALS_PASSWORD_MAX + 1);
	assert_false(read_field(field, &got));
	write_field(field, CREDENTIALS_USER_MAX + 1, 1);
	assert_false(read_field(field, &got));
	write_field(field, CREDENTIALS_USER_MAX, CREDENTIALS_PASSWORD_MAX + 1);
	assert_false(read_field(field, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right),
		cmocka_unit_test(wrong),
		cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
