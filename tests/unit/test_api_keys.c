/* SPDX-License-Identifier: MIT
 *
 * test_api_keys.c - lines that are keys, lines that are none, and finding them by their hash.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api-keys.h"
#include "unit.h"

/* Of "abc" (FIPS 180-4's own example), "hello" and "". */
#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char *find(const struct api_keys *keys, const char *key)
{
	struct wye_text text = { key, strlen(key) };
	uint8_t digest[DIGEST_SIZE];

	assert_true(digest_of(&text, 1, digest));
	return api_keys_find(keys, digest);
}

static void found_by_hash(void **state)
{
	struct api_keys *keys = api_keys_create();

	(void)state;
	assert_int_equal(api_keys_add(keys, "alpha:" ABC, NULL), 0);
	assert_int_equal(
		api_keys_add(keys,
			     "alpha:2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E7304"
			     "3362938B9824",
			     NULL),
		0);
	assert_int_equal(api_keys_seal(keys, NULL), 0);
	assert_int_equal(api_keys_count(keys), 2);
	assert_string_equal(find(keys, "abc"), "alpha");
	assert_string_equal(find(keys, "hello"), "alpha");
	assert_null(find(keys, ""));
	assert_null(find(keys, "abd"));
	assert_null(find(keys, ABC));
	api_keys_destroy(keys);
}

/* A digest that begins like a key's is not that key's. */
static void all_bytes_count(void **state)
{
	struct api_keys *keys = api_keys_create();
	struct wye_text text = { "abc", 3 };
	uint8_t digest[DIGEST_SIZE];

	(void)state;
	assert_int_equal(api_keys_add(keys, "a:" ABC, NULL), 0);
	assert_int_equal(api_keys_seal(keys, NULL), 0);
	assert_true(digest_of(&text, 1, digest));
	for (size_t i = 0; i < sizeof digest; i++) {
		digest[i] ^= 1;
		assert_null(api_keys_find(keys, digest));
		digest[i] ^= 1;
	}
	assert_non_null(api_keys_find(keys, digest));
	api_keys_destroy(keys);
}

static void pieces_are_one_text(void **state)
{
	const struct wye_text pieces[] = { { "a", 1 }, { NULL, 0 }, { "bc", 2 } };
	struct wye_text whole = { "abc", 3 };
	uint8_t one[DIGEST_SIZE], other[DIGEST_SIZE];

	(void)state;
	assert_true(digest_of(pieces, 3, one));
	assert_true(digest_of(&whole, 1, other));
	assert_memory_equal(one, other, sizeof one);
}

static void bad_lines(void **state)
{
	static const char *const bad[] = { "",
					   ABC,
					   "a",
					   "a:",
					   ":" ABC,
					   "a b:" ABC,
					   "a:" ABC "0",
					   "a:" ABC " ",
					   "a: " ABC,
					   "a:b:" ABC,
					   "\xc3\xa4:" ABC,
					   "a:secret",
					   "a:" EMPTY,
					   "a:ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb"
					   "410ff61f20015ad" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct api_keys *keys = api_keys_create();
		struct wye_error why = { "" };

		if (api_keys_add(keys, bad[i], &why) != -EINVAL)
			fail_msg("\"%s\" passes", bad[i]);
		assert_null(strstr(why.text, "secret"));
		assert_true(strlen(why.text) > 10);
		api_keys_destroy(keys);
	}
}

static void two_of_one_hash(void **state)
{
	struct api_keys *keys = api_keys_create();
	struct wye_error why;

	(void)state;
	assert_int_equal(api_keys_seal(keys, &why), -EINVAL); /* none at all */
	assert_int_equal(api_keys_add(keys, "a:" ABC, NULL), 0);
	assert_int_equal(api_keys_add(keys, "b:" ABC, NULL), 0);
	assert_int_equal(api_keys_seal(keys, &why), -EINVAL);
	assert_non_null(strstr(why.text, "same hash"));
	api_keys_destroy(keys);
}

static int read_text(const char *text, struct api_keys *keys, struct wye_error *why)
{
	char path[] = "/tmp/wye-keys-XXXXXX";
	int file = mkstemp(path), error;

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	close(file);
	error = api_keys_read(keys, path, why);
	unlink(path);
	return error;
}

static void files(void **state)
{
	struct api_keys *keys = api_keys_create();
	struct wye_error why = { "" };

	(void)state;
	assert_int_equal(read_text("# keys\n\na:" ABC "\r\nb:" HELLO, keys, NULL), 0);
	assert_int_equal(api_keys_count(keys), 2);
	assert_int_equal(read_text("# keys\nsecret\n", keys, &why), -EINVAL);
	assert_non_null(strstr(why.text, ":2: "));
	assert_int_equal(api_keys_read(keys, "/nowhere/keys", &why), -ENOENT);
	assert_non_null(strstr(why.text, "/nowhere/keys"));
	api_keys_destroy(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_hash),       cmocka_unit_test(all_bytes_count),
		cmocka_unit_test(pieces_are_one_text), cmocka_unit_test(bad_lines),
		cmocka_unit_test(two_of_one_hash),     cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
