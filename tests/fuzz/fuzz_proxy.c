/* SPDX-License-Identifier: MIT
 *
 * fuzz_proxy.c - a PROXY header gets one answer, whatever its cut: "more" up to some byte, and
 * from there on always the same, which is known by the last byte that is ever looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "net/proxy.h"
#include "target.h"

/* From a block of its own size: a sanitizer sees each step beside it. */
static enum wye_proxy_answer read_cut(const uint8_t *data, size_t length, struct wye_proxy *out)
{
	uint8_t *copy = malloc(length ? length : 1);
	enum wye_proxy_answer answer;

	if (!copy)
		abort();
	memcpy(copy, data, length);
	answer = wye_proxy_read(copy, length, out);
	free(copy);
	return answer;
}

/* A text never ends behind what has come; only version 2 says how long it will be. */
static void check_done(const struct wye_proxy *proxy, const uint8_t *data, size_t cut)
{
	int family = proxy->told ? proxy->client.any.sa_family : AF_INET;

	if (family != AF_INET && family != AF_INET6)
		abort();
	if (data[0] == 'P' && (proxy->length > cut || data[proxy->length - 1] != '\n'))
		abort();
	if (data[0] != 'P' && proxy->length != 16 + (size_t)(data[14] << 8 | data[15]))
		abort();
}

static void check_same(const struct wye_proxy *a, const struct wye_proxy *b)
{
	char first[WYE_ADDRESS_TEXT], second[WYE_ADDRESS_TEXT];

	if (a->length != b->length || a->told != b->told)
		abort();
	if (!a->told)
		return;
	wye_address_text(&a->client, first);
	wye_address_text(&b->client, second);
	if (strcmp(first, second) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	enum wye_proxy_answer answer = WYE_PROXY_MORE;
	struct wye_proxy first = { 0 }, proxy;

	for (size_t cut = 0; cut <= length && cut <= WYE_PROXY_HEAD + 1; cut++) {
		enum wye_proxy_answer before = answer;

		answer = read_cut(data, cut, &proxy);
		if (before != WYE_PROXY_MORE && answer != before)
			abort();
		if (answer == WYE_PROXY_MORE && cut >= WYE_PROXY_HEAD)
			abort();
		if (answer != WYE_PROXY_DONE)
			continue;
		check_done(&proxy, data, cut);
		if (before == WYE_PROXY_MORE)
			first = proxy;
		check_same(&first, &proxy);
	}
	return 0;
}
