/* SPDX-License-Identifier: MIT
 *
 * test_log.c - a line of the log stays one line, whole up to a limit, whatever is in it.
 * Standard error is a pipe meanwhile.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "unit.h"

enum {
	SHORT = 2048, /* bytes of a line that needs no allocation */
	MOST = 65536, /* of one that does, less its end */
	ROOM = 300000,
};

static int reader, writer, error_output;
static char out[ROOM];

static int redirect(void **state)
{
	int ends[2];

	(void)state;
	if (pipe(ends) || fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) < 0)
		return -1;
	reader = ends[0];
	writer = ends[1];
	error_output = dup(STDERR_FILENO);
	fcntl(reader, F_SETFL, O_NONBLOCK);
	return 0;
}

static int restore(void **state)
{
	(void)state;
	close(reader);
	close(writer);
	close(error_output);
	return 0;
}

/* What was written since the last call, with a NUL behind. */
static size_t written(void)
{
	ssize_t got = read(reader, out, sizeof out - 1);
	size_t length = got > 0 ? (size_t)got : 0;

	out[length] = '\0';
	return length;
}

static void log_text(const char *text)
{
	dup2(writer, STDERR_FILENO);
	wye_log(WYE_LOG_ERROR, "%s", text);
	dup2(error_output, STDERR_FILENO);
}

/* "2026-01-31T12:34:56.789Z error " */
static size_t prefix_length(void)
{
	const char *word = strstr(out, "Z error ");

	assert_non_null(word);
	assert_int_equal(word - out, 23);
	assert_int_equal(out[10], 'T');
	return (size_t)(word - out) + 8;
}

/* Logs `length` letters; returns how many have come. */
static size_t log_letters(size_t length)
{
	char *text = malloc(length + 1);
	size_t got, prefix;

	for (size_t i = 0; i < length; i++)
		text[i] = (char)('a' + i % 26);
	text[length] = '\0';
	log_text(text);
	got = written();
	prefix = prefix_length();
	assert_true(got > prefix);
	assert_int_equal(out[got - 1], '\n');
	assert_memory_equal(out + prefix, text, got - 1 - prefix);
	free(text);
	return got - 1 - prefix;
}

/* All lengths near the two edges, and some between. */
static void long_lines(void **state)
{
	(void)state;
	for (size_t length = 0; length < 40; length++)
		assert_int_equal(log_letters(length), length);
	for (size_t length = SHORT - 80; length < SHORT + 80; length++)
		assert_int_equal(log_letters(length), length);
	for (size_t length = SHORT; length < MOST - 100; length += 997)
		assert_int_equal(log_letters(length), length);
}

/* Longer ones are cut, never broken, and have their end. */
static void longest_lines(void **state)
{
	size_t most = 0;

	(void)state;
	for (size_t length = MOST - 60; length < MOST + 60; length++) {
		size_t got = log_letters(length);

		assert_true(got == length || (got < length && got >= most));
		most = got > most ? got : most;
	}
	assert_in_range(most, MOST - 60, MOST);
	assert_int_equal(log_letters(200000), most);
}

/* In short ones and in long ones. */
static void control_characters(void **state)
{
	static char text[SHORT * 2 + 1];

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++)
		text[i] = (char)(i % 255 + 1);
	for (int longer = 0; longer < 2; longer++) {
		size_t length;

		log_text(longer ? text : text + sizeof text - 600);
		length = written();
		assert_true(length > 600);
		for (size_t i = 0; i < length - 1; i++)
			assert_true((unsigned char)out[i] >= 0x20 && out[i] != 0x7f);
		assert_int_equal(out[length - 1], '\n');
	}
}

static void levels(void **state)
{
	(void)state;
	dup2(writer, STDERR_FILENO);
	wye_log(WYE_LOG_INFO, "not %d", 1);
	wye_log_set_level(WYE_LOG_DEBUG);
	wye_log(WYE_LOG_DEBUG, "but %d", 2);
	wye_log_set_level(WYE_LOG_NOTICE);
	wye_log(WYE_LOG_DEBUG, "not %d", 3);
	dup2(error_output, STDERR_FILENO);
	assert_true(written());
	assert_null(strstr(out, "not"));
	assert_string_equal(strchr(out, ' '), " debug but 2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_lines),
		cmocka_unit_test(longest_lines),
		cmocka_unit_test(control_characters),
		cmocka_unit_test(levels),
	};

	return cmocka_run_group_tests(tests, redirect, restore);
}
