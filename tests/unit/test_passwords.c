/* SPDX-License-Identifier: MIT
 *
 * test_passwords.c - lines of password files, those that are refused, and finding users.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "passwords.h"
#include "unit.h"

#define BCRYPT   "$2y$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9O"
#define YESCRYPT "$y$j75$abcdefgh$vd9GBZ0X.Wgh3dsxBvCnIOYDItsueGfttJXG763.dDA"
#define SHA512                                                                                 \
	"$6$abcdefgh$Bk2D4uYVcw0FbFPsWa0iJZ1DNfy8v6OjKcRcuBfMkWD1KdADPVnmQf5cr0O8HfAYpq1Xrrj"  \
	"dgIRINkwgSKJ8/1"

static void good_lines(void **state)
{
	struct passwords *passwords = passwords_create();
	const char *hash;
	bool known;

	(void)state;
	assert_int_equal(passwords_add(passwords, "ben:" BCRYPT, NULL), 0);
	assert_int_equal(passwords_add(passwords, "anna b:" SHA512, NULL), 0);
	assert_int_equal(passwords_add(passwords, "\xc3\xa4:" YESCRYPT ":more", NULL), 0);
	assert_int_equal(passwords_seal(passwords, NULL), 0);
	assert_int_equal(passwords_count(passwords), 3);
	assert_string_equal(passwords_find(passwords, "ben", &known), BCRYPT);
	assert_true(known);
	assert_string_equal(passwords_find(passwords, "anna b", &known), SHA512);
	assert_true(known);
	assert_string_equal(passwords_find(passwords, "\xc3\xa4", &known), YESCRYPT);
	assert_true(known);
	hash = passwords_find(passwords, "carl", &known);
	assert_false(known);
	assert_ptr_equal(passwords_find(passwords, "carl", &known), hash);
	passwords_destroy(passwords);
}

/* Whoever guesses names can't see by the time which of them there are. */
static void stand_ins_are_spread(void **state)
{
	struct passwords *passwords = passwords_create();
	bool seen[3] = { false }, known;
	char name[16];

	(void)state;
	assert_int_equal(passwords_add(passwords, "a:" BCRYPT, NULL), 0);
	assert_int_equal(passwords_add(passwords, "b:" SHA512, NULL), 0);
	assert_int_equal(passwords_add(passwords, "c:" YESCRYPT, NULL), 0);
	assert_int_equal(passwords_seal(passwords, NULL), 0);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "user%d", i);
		switch (passwords_find(passwords, name, &known)[1]) {
		case '2':
			seen[0] = true;
			break;
		case '6':
			seen[1] = true;
			break;
		case 'y':
			seen[2] = true;
		}
		assert_false(known);
	}
	assert_true(seen[0] && seen[1] && seen[2]);
	passwords_destroy(passwords);
}

static void bad_lines(void **state)
{
	static const struct {
		const char *line, *word;
	} rows[] = {
		{ "ben", "USER:HASH" },
		{ ":" BCRYPT, "USER:HASH" },
		{ "ben:", "empty" },
		{ "ben::" BCRYPT, "empty" },
		{ "ben:plain", "older ways and plain text" },
		{ "ben:abJnggxhB/yWI", "older ways" },                      /* DES */
		{ "ben:$1$abcdefgh$irWbblnpmw.5z7wgBnprh0", "older ways" }, /* MD5 */
		{ "ben:$apr1$rOioh4Wh$bVD3DRwksETubcpEH90ww0", "older ways" },
		{ "ben:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "older ways" },
		{ "ben:$2y$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9", "cut" },
		{ "ben:$6$abcdefgh$Bk2D4u", "cut" },
		{ "ben:" YESCRYPT "x", "cut" },
		{ "ben:$y$j75$abcdefgh", "cut" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct passwords *passwords = passwords_create();
		struct wye_error why = { "" };

		if (passwords_add(passwords, rows[i].line, &why) != -EINVAL)
			fail_msg("\"%s\" passes", rows[i].line);
		if (!strstr(why.text, rows[i].word))
			fail_msg("\"%s\": %s", rows[i].line, why.text);
		assert_null(strstr(why.text, "$2y$05"));
		passwords_destroy(passwords);
	}
}

static int read_text(const char *text, struct passwords **out, struct wye_error *why)
{
	char path[] = "/tmp/wye-passwords-XXXXXX";
	int file = mkstemp(path), error;

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	close(file);
	error = passwords_read(out, path, why);
	unlink(path);
	return error;
}

static void files(void **state)
{
	struct passwords *passwords;
	struct wye_error why;

	(void)state;
	assert_int_equal(read_text("# us\n\nben:" BCRYPT "\r\nanna:" SHA512, &passwords, &why),
			 0);
	assert_int_equal(passwords_count(passwords), 2);
	passwords_destroy(passwords);
	assert_int_equal(read_text("# us\nben:x\n", &passwords, &why), -EINVAL);
	assert_non_null(strstr(why.text, ":2: "));
	assert_int_equal(read_text("ben:" BCRYPT "\nben:" SHA512, &passwords, &why), -EINVAL);
	assert_non_null(strstr(why.text, "comes twice"));
	assert_int_equal(read_text("#\n", &passwords, &why), -EINVAL);
	assert_non_null(strstr(why.text, "no users"));
	assert_int_equal(passwords_read(&passwords, "/nowhere/us", &why), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines),
		cmocka_unit_test(stand_ins_are_spread),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
