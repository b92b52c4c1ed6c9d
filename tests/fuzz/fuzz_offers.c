/* SPDX-License-Identifier: MIT
 *
 * fuzz_offers.c - a list of extensions is read within its bytes, and the answer is within the
 * terms of the RFC: it is itself an offer that would be accepted. Input: a byte chooses whether
 * contexts may be kept, the rest is the list.
 */
#include <stdlib.h>
#include <string.h>

#include "websocket/offers.h"
#include "target.h"

static int negotiate(const char *list, size_t length, bool takeover,
		     struct wye_deflate_terms *terms)
{
	const struct wye_field field = {
		{ WYE_EXTENSIONS_FIELD, sizeof WYE_EXTENSIONS_FIELD - 1 }, { list, length }
	};

	return wye_deflate_negotiate(&field, 1, takeover, terms);
}

static void check_answer(const struct wye_deflate_terms *terms, bool takeover)
{
	char answer[WYE_DEFLATE_ANSWER_MAX];
	size_t length = wye_deflate_answer(answer, terms);
	struct wye_deflate_terms again;

	if (length >= sizeof answer || terms->send_bits < 9 || terms->send_bits > 15 ||
	    terms->receive_bits < 8 || terms->receive_bits > 15 ||
	    (terms->takeover && !takeover))
		abort();
	if (negotiate(answer, length, takeover, &again) ||
	    again.send_bits != terms->send_bits || again.receive_bits != terms->receive_bits ||
	    again.takeover != terms->takeover)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct wye_deflate_terms terms;
	bool takeover;
	char *list;

	if (!length)
		return 0;
	takeover = data[0] & 1;
	list = malloc(--length); /* of its own size: a sanitizer sees each step beside it */
	if (!list)
		return 0;
	memcpy(list, data + 1, length);
	if (!negotiate(list, length, takeover, &terms) && terms.send_bits)
		check_answer(&terms, takeover);
	free(list);
	return 0;
}
