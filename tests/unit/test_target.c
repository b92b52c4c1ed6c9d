/* SPDX-License-Identifier: MIT
 *
 * test_target.c - forms of targets, kinds of paths, and normalising beside the words of RFC
 * 3986, 5.2.4.
 */
#include <stdio.h>
#include <stdlib.h>

#include "route/target.h"
#include "unit.h"

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, strlen(string) };
}

static bool is(struct wye_text got, const char *expected)
{
	if (!expected)
		return !got.data;
	return got.data && got.length == strlen(expected) &&
	       !memcmp(got.data, expected, got.length);
}

/* ---- forms ---- */

static void forms(void **state)
{
	static const struct {
		const char *target;
		enum wye_target_form form;
		const char *authority, *path, *query;
	} rows[] = {
		{ "/", WYE_TARGET_ORIGIN, NULL, "/", NULL },
		{ "/a/b", WYE_TARGET_ORIGIN, NULL, "/a/b", NULL },
		{ "/a?", WYE_TARGET_ORIGIN, NULL, "/a", "" },
		{ "/a?b=c?d", WYE_TARGET_ORIGIN, NULL, "/a", "b=c?d" },
		{ "/?/x", WYE_TARGET_ORIGIN, NULL, "/", "/x" },
		{ "//a/b", WYE_TARGET_ORIGIN, NULL, "//a/b", NULL },
		{ "/\xc3\xa4", WYE_TARGET_ORIGIN, NULL, "/\xc3\xa4", NULL },
		{ "*", WYE_TARGET_ASTERISK, NULL, "*", NULL },
		{ "http://a", WYE_TARGET_ABSOLUTE, "a", "/", NULL },
		{ "http://a:80/", WYE_TARGET_ABSOLUTE, "a:80", "/", NULL },
		{ "HTTPS://u@a/b?c", WYE_TARGET_ABSOLUTE, "u@a", "/b", "c" },
		{ "http://a?b", WYE_TARGET_ABSOLUTE, "a", "/", "b" },
		{ "http://a?b/c", WYE_TARGET_ABSOLUTE, "a", "/", "b/c" },
		{ "http:///b", WYE_TARGET_ABSOLUTE, "", "/b", NULL },
		{ "http://[::1]:1/", WYE_TARGET_ABSOLUTE, "[::1]:1", "/", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wye_target got = wye_target_parse(text(rows[i].target));

		if (got.form != rows[i].form || !is(got.authority, rows[i].authority) ||
		    !is(got.path, rows[i].path) || !is(got.query, rows[i].query))
			fail_msg("%s", rows[i].target);
	}
}

static void bad_forms(void **state)
{
	static const char *const rows[] = { "",         "a",       "a:80",     "**",
					    "*?a",      "http:/a", "http://",  "https://",
					    "ftp://a/", "/a b",    "/a\tb",    "/a#b",
					    "/\x7f",    "/a\n",    "http://a#" };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (wye_target_parse(text(rows[i])).form != WYE_TARGET_BAD)
			fail_msg("%s", rows[i]);
	assert_int_equal(wye_target_parse((struct wye_text) { "/\0", 2 }).form, WYE_TARGET_BAD);
	assert_int_equal(wye_target_parse((struct wye_text) { NULL, 0 }).form, WYE_TARGET_BAD);
}

static void kinds(void **state)
{
	static const struct {
		const char *path;
		enum wye_path_kind kind;
	} rows[] = {
		{ "/", WYE_PATH_PLAIN },       { "/a.b/c..", WYE_PATH_PLAIN },
		{ "/a//b", WYE_PATH_PLAIN },   { "/.", WYE_PATH_CODED },
		{ "/a/../b", WYE_PATH_CODED }, { "/%41", WYE_PATH_CODED },
		{ "/%2f", WYE_PATH_CODED },    { "/%25", WYE_PATH_CODED },
		{ "/%", WYE_PATH_BAD },        { "/%4", WYE_PATH_BAD },
		{ "/%4g", WYE_PATH_BAD },      { "/%g4", WYE_PATH_BAD },
		{ "/%%41", WYE_PATH_BAD },     { "/%00", WYE_PATH_BAD },
		{ "/%41%", WYE_PATH_BAD },     { "/./%", WYE_PATH_BAD },
		{ "/% 1", WYE_PATH_BAD },      { "/%-1", WYE_PATH_BAD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (wye_path_check(text(rows[i].path)) != rows[i].kind)
			fail_msg("%s", rows[i].path);
}

static void decoding(void **state)
{
	char out[64] = "a+b%20c%2", *bytes = out;

	(void)state;
	assert_true(is((struct wye_text) { out, wye_percent_decode(text(out), false, out) },
		       "a+b c%2"));
	assert_true(
		is((struct wye_text) { out, wye_percent_decode(text("+%2B%zz%"), true, out) },
		   " +%zz%"));
	assert_int_equal(wye_percent_decode(text("%00%fF"), false, out), 2);
	assert_memory_equal(bytes, "\0\xff", 2);
}

/* ---- normalising ---- */

static void normalised(void **state)
{
	static const struct {
		const char *path, *expected;
	} rows[] = {
		{ "/", "/" },
		{ "/a/b/c/./../../g", "/a/g" }, /* RFC 3986, 5.2.4 */
		{ "/..", "/" },
		{ "/../a", "/a" },
		{ "/a/..", "/" },
		{ "/a/.", "/a/" },
		{ "/a/./", "/a/" },
		{ "/a//../b", "/a/b" },
		{ "//..", "/" },
		{ "/...", "/..." },
		{ "/.a/..b", "/.a/..b" },
		{ "/%2e%2E/a", "/a" },
		{ "/a/%2e/b", "/a/b" },
		{ "/a/.%2e/b", "/b" },
		{ "/%252e%252e/", "/%2e%2e/" }, /* once */
		{ "/%61", "/a" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t length = wye_path_normalise(text(rows[i].path), out);

		if (!is((struct wye_text) { out, length }, rows[i].expected))
			fail_msg("%s: %.*s", rows[i].path, (int)length, out);
	}
}

static void encoded_slashes(void **state)
{
	char out[64];

	(void)state;
	assert_int_equal(wye_path_normalise(text("/a%2Fb%2f../c"), out), 9);
	assert_memory_equal(out, "/a\0b\0../c", 9);
	assert_int_equal(out[2], WYE_PATH_SLASH);
	assert_int_equal(wye_path_normalise(text("/a/%2F/../c"), out), 4); /* a segment */
	assert_memory_equal(out, "/a/c", 4);
	assert_int_equal(wye_path_normalise(text("/%2F.."), out), 4); /* no dot segment */
	assert_memory_equal(out, "/\0..", 4);
}

/* RFC 3986, 5.2.4, in its own words; `in` begins with a slash. */
static void remove_dot_segments(const char *in, char *out)
{
	*out = '\0';
	while (*in) {
		size_t length;

		if (!strncmp(in, "/./", 3)) {
			in += 2; /* 2B */
		} else if (!strcmp(in, "/.")) {
			in = "/";
		} else if (!strncmp(in, "/../", 4) || !strcmp(in, "/..")) {
			in = in[3] ? in + 3 : "/"; /* 2C */
			if (strrchr(out, '/'))
				*strrchr(out, '/') = '\0';
		} else {
			length = 1 + strcspn(in + 1, "/"); /* 2E */
			strncat(out, in, length);
			in += length;
		}
	}
}

/* A letter stands for an encoded slash, so that strings will do. */
static void decode_naively(const char *path, char *out)
{
	while (*path) {
		char digits[3] = "";

		if (*path != '%') {
			*out++ = *path++;
			continue;
		}
		memcpy(digits, path + 1, 2);
		*out = (char)strtoul(digits, NULL, 16);
		if (*out == '/')
			*out = 'S';
		out++;
		path += 3;
	}
	*out = '\0';
}

static void random_path(char *out)
{
	static const char *const pieces[] = { "/",   "/",   ".",   "..",  "a",   "b",  "%2e",
					      "%2F", "%2f", "%61", "%25", "%ff", "/.", "/.." };

	strcpy(out, "/");
	for (int i = rand() % 12; i > 0; i--)
		strcat(out, pieces[(size_t)rand() % (sizeof pieces / sizeof pieces[0])]);
}

static void as_the_rfc_says(void **state)
{
	(void)state;
	srand(5);
	for (int round = 0; round < 200000; round++) {
		char path[64], decoded[64], expected[64], *out;
		size_t length;

		random_path(path);
		decode_naively(path, decoded);
		remove_dot_segments(decoded, expected);
		out = malloc(strlen(path)); /* as much as is promised to be enough */
		length = wye_path_normalise(text(path), out);
		for (size_t i = 0; i < length; i++)
			if (out[i] == WYE_PATH_SLASH)
				out[i] = 'S';
		if (!is((struct wye_text) { out, length }, expected))
			fail_msg("%s: %.*s and not %s", path, (int)length, out, expected);
		if (wye_path_check(text(path)) == WYE_PATH_PLAIN)
			assert_string_equal(path, expected);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),           cmocka_unit_test(bad_forms),
		cmocka_unit_test(kinds),           cmocka_unit_test(decoding),
		cmocka_unit_test(normalised),      cmocka_unit_test(encoded_slashes),
		cmocka_unit_test(as_the_rfc_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
