/* SPDX-License-Identifier: MIT
 *
 * fuzz_codec.c - the events must not depend on how the bytes were cut, and a naive decoder must
 * see the same. Input: one byte chooses max_message and, by its upper bits, whether messages
 * may be compressed, and with a context; one how to cut; the rest is the stream.
 */
#include "../unit/codec_trace.h"
#include "../unit/naive_decoder.h"
#include "target.h"

static void compare(const struct trace *expected, struct trace *got, const char *with)
{
	if (strcmp(expected->text, got->text) != 0) {
		fprintf(stderr, "differs from %s:\n%s\n%s\n", with, expected->text, got->text);
		abort();
	}
	trace_fini(got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	static const size_t limits[] = { 0, 1, 125, 126, 1000, 65536, 1 << 20, SIZE_MAX };
	struct trace whole = { 0 }, cut, bytes, naive;
	size_t limit;

	if (length < 2)
		return 0;
	limit = limits[data[0] % 8];
	whole.deflate = data[0] & 0x80;
	whole.takeover = data[0] & 0x40;
	cut = bytes = whole;
	bytes.no_sentences = true;
	naive = bytes;
	trace_run(&whole, data + 2, length - 2, limit, (struct cuts) { .next = SIZE_MAX });
	trace_run(&cut, data + 2, length - 2, limit,
		  (struct cuts) { .next = 1 + data[1] % 64, .seed = data[1] / 64 });
	compare(&whole, &cut, "the whole");
	trace_run(&bytes, data + 2, length - 2, limit, (struct cuts) { .next = 1 });
	naive_run(&naive, data + 2, length - 2, limit < UINT32_MAX ? limit : UINT32_MAX);
	compare(&naive, &bytes, "the naive decoder");
	trace_fini(&whole);
	trace_fini(&naive);
	return 0;
}
