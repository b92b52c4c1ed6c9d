/* SPDX-License-Identifier: MIT
 *
 * test_base64url.c - what was encoded is decoded again, and nothing else is.
 */
#include <stdlib.h>

#include "jwt/base64url.h"
#include "unit.h"

static ssize_t decode(unsigned char *out, const char *text)
{
	return wye_base64url_decode(out, (struct wye_text) { text, strlen(text) });
}

static void known(void **state)
{
	static const struct {
		const char *bytes, *text;
	} rows[] = { { "", "" },
		     { "f", "Zg" },
		     { "fo", "Zm8" },
		     { "foo", "Zm9v" },
		     { "foob", "Zm9vYg" },
		     { "fooba", "Zm9vYmE" },
		     { "foobar", "Zm9vYmFy" },
		     { "\xff\xfe\xfd", "__79" },
		     { "\xfb", "-w" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t length = strlen(rows[i].bytes);
		unsigned char bytes[16];
		char text[16] = "";

		assert_int_equal(wye_base64url_encode(text, rows[i].bytes, length),
				 strlen(rows[i].text));
		assert_string_equal(text, rows[i].text);
		assert_int_equal(decode(bytes, rows[i].text), length);
		assert_memory_equal(bytes, rows[i].bytes, length);
	}
}

static void refused(void **state)
{
	static const char *const texts[] = {
		"Z",        "Zg==",   "Zg=",     "Zh",    "Zn",
		"Zm9",      "Zm8=",   "Zm9vY",   "Zm9v=", "Zm9 ",
		" Zm9v",    "Zm9v\n", "Z\tm9v",  "+w",    "/79_",
		"Zm9v====", "Zm.v",   "Zm9\x80", "Zg\n",  "\xff\xff\xff\xff",
	};
	unsigned char bytes[16];

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (decode(bytes, texts[i]) != -1)
			fail_msg("\"%s\" was decoded", texts[i]);
	assert_int_equal(wye_base64url_decode(bytes, (struct wye_text) { "Zm\0v", 4 }), -1);
}

/* Each length, in memory of exactly its size. */
static void lengths(void **state)
{
	(void)state;
	for (size_t length = 1; length < 100; length++) {
		unsigned char *bytes = malloc(length), *back = malloc(length);
		size_t size = WYE_BASE64URL_LENGTH(length);
		char *text = malloc(size);

		for (size_t i = 0; i < length; i++)
			bytes[i] = (unsigned char)(i * 37 + length);
		assert_int_equal(wye_base64url_encode(text, bytes, length), size);
		assert_int_equal(WYE_BASE64URL_BYTES(size), length);
		assert_int_equal(wye_base64url_decode(back, (struct wye_text) { text, size }),
				 length);
		assert_memory_equal(back, bytes, length);
		free(bytes);
		free(back);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known),
		cmocka_unit_test(refused),
		cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
