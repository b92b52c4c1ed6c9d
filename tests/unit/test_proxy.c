/* SPDX-License-Identifier: MIT
 *
 * test_proxy.c - PROXY headers, at every cut.
 */
#include <stdlib.h>

#include "net/proxy.h"
#include "unit.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define INET_ENDS "\xc0\x00\x02\x01\xc6\x33\x64\x01\x13\x88\x00\x50"
#define INET6_ENDS                                                                             \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"                                           \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x13\x88\x00\x50"
#define BEHIND      "GET / HTTP/1.1\r\n\r\n"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

struct good {
	const uint8_t *bytes;
	size_t length;
	size_t needed;      /* bytes after which the answer is known; 0: all of them */
	const char *client; /* NULL: the peer's own */
	unsigned port;
};

static const struct good GOOD[] = {
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 5000 80\r\n"), 0, "192.0.2.1", 5000 },
	{ BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), 0,
	  "255.255.255.255", 65535 },
	{ BYTES("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), 0, "0.0.0.0", 0 },
	{ BYTES("PROXY TCP6 2001:db8::1 2001:db8::2 5000 80\r\n"), 0, "2001:db8::1", 5000 },
	{ BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	  0, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535 },
	{ BYTES("PROXY UNKNOWN\r\n"), 0, NULL, 0 },
	{ BYTES("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), 0, NULL, 0 },
	{ BYTES(SIGNATURE "\x21\x11\x00\x0c" INET_ENDS), 0, "192.0.2.1", 5000 },
	{ BYTES(SIGNATURE "\x21\x12\x00\x0c" INET_ENDS), 0, "192.0.2.1", 5000 },
	{ BYTES(SIGNATURE "\x21\x11\x00\x10" INET_ENDS "\x04\x00\x01\x00"), 28, "192.0.2.1",
	  5000 },
	{ BYTES(SIGNATURE "\x21\x21\x00\x24" INET6_ENDS), 0, "2001:db8::1", 5000 },
	{ BYTES(SIGNATURE "\x21\x21\x00\x28" INET6_ENDS "\x04\x00\x01\x00"), 52, "2001:db8::1",
	  5000 },
	{ BYTES(SIGNATURE "\x20\x00\x00\x00"), 0, NULL, 0 },
	{ BYTES(SIGNATURE "\x20\xff\x00\x02??"), 16, NULL, 0 },
	{ BYTES(SIGNATURE "\x20\x11\x00\x0c" INET_ENDS), 16, NULL, 0 },
	{ BYTES(SIGNATURE "\x21\x00\x00\x03\x04\x00\x00"), 16, NULL, 0 },
};

static const struct {
	const uint8_t *bytes;
	size_t length;
} BAD[] = {
	{ BYTES("GET / HTTP/1.1\r\n") },
	{ BYTES("proxy TCP4 192.0.2.1 198.51.100.1 5000 80\r\n") },
	{ BYTES("PROXY\r\n") },
	{ BYTES("PROXY \r\n") },
	{ BYTES("PROXY TCP5 192.0.2.1 198.51.100.1 5000 80\r\n") },
	{ BYTES("PROXY TCP4\r\n") },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 5000 80\n") },
	{ BYTES("PROXY UNKNOWN\n") },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 5000\r\n") },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 5000 80 1\r\n") },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 5000 80 \r\n") },
	{ BYTES("PROXY TCP4  192.0.2.1 198.51.100.1 5000 80\r\n") },
	{ BYTES("PROXY  TCP4 192.0.2.1 198.51.100.1 5000 80\r\n") },
	{ BYTES("PROXY TCP4 192.0.2.01 198.51.100.1 5000 80\r\n") },
	{ BYTES("PROXY TCP4 192.0.2 198.51.100.1 5000 80\r\n") },
	{ BYTES("PROXY TCP4 2001:db8::1 2001:db8::2 5000 80\r\n") },
	{ BYTES("PROXY TCP6 192.0.2.1 198.51.100.1 5000 80\r\n") },
	{ BYTES("PROXY TCP4 192.0.2.1 2001:db8::2 5000 80\r\n") },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 65536 80\r\n") },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 5000 99999\r\n") },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 05000 80\r\n") },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 -1 80\r\n") },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 5000 8o\r\n") },
	{ BYTES("PROXY TCP4 192.0.2.1\0 198.51.100.1 5000 80\r\n") },
	{ BYTES("PROXY UNKNOWN 34567890123456789012345678901234567890123456789012345678901234"
		"5678901234567890123456789012345678\r\n") },
	{ BYTES("\r\n\r\n\0\r\nQUIX\n") },
	{ BYTES("\r\nGET / HTTP/1.1\r\n\r\n") },
	{ BYTES(SIGNATURE "\x11\x11\x00\x0c" INET_ENDS) },
	{ BYTES(SIGNATURE "\x31") },
	{ BYTES(SIGNATURE "\x22\x11\x00\x0c" INET_ENDS) },
	{ BYTES(SIGNATURE "\x21\x41\x00\x0c" INET_ENDS) },
	{ BYTES(SIGNATURE "\x21\x13\x00\x0c" INET_ENDS) },
	{ BYTES(SIGNATURE "\x21\x11\x00\x0b" INET_ENDS) },
	{ BYTES(SIGNATURE "\x21\x21\x00\x23" INET6_ENDS) },
	{ BYTES(SIGNATURE "\x21\x31\x00\xd7" INET6_ENDS) },
};

/* From a block of its own size, so that a sanitizer sees each step beside it. */
static enum wye_proxy_answer read_cut(const uint8_t *bytes, size_t length,
				      struct wye_proxy *out)
{
	uint8_t *copy = malloc(length ? length : 1);
	enum wye_proxy_answer answer;

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	answer = wye_proxy_read(copy, length, out);
	free(copy);
	return answer;
}

static void check_told(const struct good *good, const struct wye_proxy *proxy)
{
	char text[WYE_ADDRESS_TEXT];
	in_port_t port;

	assert_int_equal(proxy->length, good->length);
	assert_int_equal(proxy->told, good->client != NULL);
	if (!good->client)
		return;
	wye_address_text(&proxy->client, text);
	assert_string_equal(text, good->client);
	port = proxy->client.any.sa_family == AF_INET ? proxy->client.v4.sin_port
						      : proxy->client.v6.sin6_port;
	assert_int_equal(ntohs(port), good->port);
}

static void test_good(void **state)
{
	uint8_t whole[WYE_PROXY_HEAD + sizeof BEHIND];

	(void)state;
	for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
		const struct good *good = &GOOD[i];
		size_t needed = good->needed ? good->needed : good->length;

		memcpy(whole, good->bytes, good->length);
		memcpy(whole + good->length, BEHIND, sizeof BEHIND - 1);
		for (size_t cut = 0; cut <= good->length + sizeof BEHIND - 1; cut++) {
			struct wye_proxy proxy;
			enum wye_proxy_answer answer = read_cut(whole, cut, &proxy);

			assert_int_equal(answer,
					 cut < needed ? WYE_PROXY_MORE : WYE_PROXY_DONE);
			if (answer == WYE_PROXY_DONE)
				check_told(good, &proxy);
		}
	}
}

/* Once bad, always bad; and never done. */
static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
		enum wye_proxy_answer answer = WYE_PROXY_MORE;
		struct wye_proxy proxy;

		for (size_t cut = 0; cut <= BAD[i].length; cut++) {
			enum wye_proxy_answer before = answer;

			answer = read_cut(BAD[i].bytes, cut, &proxy);
			assert_int_not_equal(answer, WYE_PROXY_DONE);
			if (before == WYE_PROXY_BAD)
				assert_int_equal(answer, WYE_PROXY_BAD);
		}
		assert_int_equal(answer, WYE_PROXY_BAD);
	}
}

/* The longest header of version 2: known from its first bytes. */
static void test_long(void **state)
{
	struct wye_proxy proxy;

	(void)state;
	assert_int_equal(read_cut(BYTES(SIGNATURE "\x21\x11\xff\xff" INET_ENDS), &proxy),
			 WYE_PROXY_DONE);
	assert_int_equal(proxy.length, 65551);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
