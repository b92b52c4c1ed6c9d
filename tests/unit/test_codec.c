/* SPDX-License-Identifier: MIT
 *
 * test_codec.c - the WebSocket codec: a table of bytes and events, each row cut in every way;
 * random streams against a naive decoder; memory; the frames that we send.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec_table.h"
#include "codec_trace.h"
#include "naive_decoder.h"

/* ---- memory that runs out: the linker sends the codec's allocations here ---- */

static bool out_of_memory;

void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	return out_of_memory ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return out_of_memory ? NULL : __real_realloc(old, size);
}

/* ---- the table ---- */

static void check_row(const struct row *row, const char *how, struct cuts cuts)
{
	struct trace trace = { 0 };

	trace_run(&trace, row->bytes, row->length, row->max_message, cuts);
	if (strcmp(trace.text, row->expected) != 0)
		fail_msg("\"%s\", %s: expected\n%s\ngot\n%s", row->name, how, row->expected,
			 trace.text);
	trace_fini(&trace);
}

static void each_row(void (*check)(const struct row *row))
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check(&rows[i]);
}

static void check_whole(const struct row *row)
{
	check_row(row, "whole", (struct cuts) { .next = SIZE_MAX });
}

static void check_bytes(const struct row *row)
{
	check_row(row, "byte by byte", (struct cuts) { .next = 1 });
}

static void check_cut(const struct row *row)
{
	char how[64];

	for (size_t at = 1; at < row->length; at++) {
		snprintf(how, sizeof how, "cut at %zu", at);
		check_row(row, how, (struct cuts) { .first = at, .next = SIZE_MAX });
	}
}

static void test_table_whole(void **state)
{
	(void)state;
	each_row(check_whole);
}

static void test_table_bytes(void **state)
{
	(void)state;
	each_row(check_bytes);
}

static void test_table_cut(void **state)
{
	(void)state;
	each_row(check_cut);
}

/* ---- random streams ---- */

static uint32_t random_state;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 10) % below;
}

struct stream {
	uint8_t bytes[512 * 1024];
	size_t length;
};

/* Appends a masked frame with 63-bit clean lengths in their shortest form. */
static void put_frame(struct stream *stream, unsigned first, const uint8_t *data, size_t length)
{
	uint8_t *out = stream->bytes + stream->length;
	size_t at = 2;

	assert_true(stream->length + length + WYE_WS_HEADER_MAX <= sizeof stream->bytes);
	out[0] = (uint8_t)first;
	out[1] = (uint8_t)(0x80 | (length < 126 ? length : length < 65536 ? 126 : 127));
	for (unsigned i = length < 126 ? 0 : length < 65536 ? 2 : 8; i--;)
		out[at++] = (uint8_t)((uint64_t)length >> 8 * i);
	for (unsigned i = 0; i < 4; i++)
		out[at++] = (uint8_t)draw(256);
	for (size_t i = 0; i < length; i++)
		out[at + i] = data[i] ^ out[at - 4 + i % 4];
	stream->length += at + length;
}

static size_t random_length(void)
{
	static const size_t edges[] = { 0, 1, 7, 8, 31, 32, 33, 125, 126, 127, 65535, 65536 };
	uint32_t which = draw(10);

	if (which < 2)
		return edges[draw(sizeof edges / sizeof edges[0])];
	return which < 7 ? draw(40) : which < 9 ? draw(600) : draw(20000);
}

/* Fills with text; a character may be left cut at the end. */
static void random_text(uint8_t *out, size_t length)
{
	static const char letters[] = "plain ASCII, é, ß, €, 線, 😀. ";
	size_t at = draw(sizeof letters - 1);

	if (draw(2))
		at = 0;
	while (at && ((uint8_t)letters[at] & 0xc0) == 0x80)
		at--;
	for (size_t i = 0; i < length; i++, at = (at + 1) % (sizeof letters - 1))
		out[i] = (uint8_t)letters[at];
	for (size_t i = length; i && out[i - 1] >= 0x80;) /* no cut at the end */
		out[--i] = '.';
}

static void put_message(struct stream *stream)
{
	static uint8_t data[70000];
	size_t length = random_length(), at = 0;
	unsigned opcode = 1 + draw(2), pieces = draw(3) ? 1 : 1 + draw(5);

	random_text(data, length);
	while (pieces--) {
		size_t size = pieces ? draw((uint32_t)(length - at + 1)) : length - at;

		put_frame(stream, (pieces ? 0 : 0x80) | opcode, data + at, size);
		at += size;
		opcode = 0;
		if (!draw(4))
			put_frame(stream, 0x89 + draw(2), data, draw(126));
	}
}

static void fill_stream(struct stream *stream)
{
	stream->length = 0;
	for (unsigned i = 1 + draw(6); i--;)
		put_message(stream);
	if (!draw(4))
		put_frame(stream, 0x88,
			  (const uint8_t *)"\x03\xe8"
					   "done",
			  6);
}

/* Breaks a few bytes, mostly near the front where the headers are. */
static void mutate(struct stream *stream)
{
	for (unsigned i = draw(3); i--;) {
		size_t at = draw(3) ? draw((uint32_t)stream->length) : draw(16);

		if (at < stream->length)
			stream->bytes[at] = (uint8_t)draw(256);
	}
}

static void compare_with_naive(const struct stream *stream, size_t max_message)
{
	struct cuts ways[] = { { .next = SIZE_MAX },
			       { .next = 5, .seed = draw(UINT32_MAX) | 1 },
			       { .next = 3000, .seed = draw(UINT32_MAX) | 1 } };
	struct trace expected = { 0 };

	naive_run(&expected, stream->bytes, stream->length, max_message);
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct trace trace = { .no_sentences = true };

		trace_run(&trace, stream->bytes, stream->length, max_message, ways[i]);
		assert_string_equal(trace.text, expected.text);
		trace_fini(&trace);
	}
	trace_fini(&expected);
}

static void random_streams(uint32_t seed, unsigned count, bool broken)
{
	struct stream *stream = malloc(sizeof *stream);

	assert_non_null(stream);
	random_state = seed;
	for (unsigned i = 0; i < count; i++) {
		fill_stream(stream);
		if (broken)
			mutate(stream);
		compare_with_naive(stream, broken && !draw(3) ? draw(700) : 1 << 20);
	}
	free(stream);
}

static void test_random_streams(void **state)
{
	(void)state;
	random_streams(20241, 300, false);
}

static void test_broken_streams(void **state)
{
	(void)state;
	random_streams(77, 1000, true);
}

/* ---- blocks ---- */

/* One bad byte at each place of a frame: no block of any size is passed over. */
static void test_every_byte_is_checked(void **state)
{
	struct stream *stream = malloc(sizeof *stream);
	uint8_t data[100];

	(void)state;
	assert_non_null(stream);
	for (size_t length = 1; length <= sizeof data; length++)
		for (size_t at = 0; at < length; at++) {
			struct trace trace = { .no_sentences = true };

			memset(data, 'a', length);
			data[at] = 0xff;
			stream->length = 0;
			put_frame(stream, 0x81, data, length);
			trace_run(&trace, stream->bytes, stream->length, 1 << 20,
				  (struct cuts) { .next = SIZE_MAX });
			assert_string_equal(trace.text, "broken:1007;");
			trace_fini(&trace);
		}
	free(stream);
}

/* ---- memory ---- */

static enum wye_ws_event feed(struct wye_ws_decoder *decoder, const void *bytes, size_t length,
			      struct wye_ws_input *event)
{
	static uint8_t piece[256];
	uint8_t *data = piece;

	assert_true(length <= sizeof piece);
	memcpy(piece, bytes, length);
	return wye_ws_decode(decoder, &data, &length, event);
}

#define FEED(decoder, bytes, event) feed(decoder, bytes, sizeof(bytes) - 1, event)

static void test_state_is_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct wye_ws_decoder) <= 64);
}

static void test_whole_frames_are_not_copied(void **state)
{
	uint8_t bytes[] = "\x81\x83" ZERO "abc\x89\x82" ZERO "pq", *data = bytes;
	size_t length = sizeof bytes - 1;
	struct wye_ws_decoder decoder;
	struct wye_ws_input event;

	(void)state;
	wye_ws_decoder_init(&decoder, 100);
	out_of_memory = true;
	assert_int_equal(wye_ws_decode(&decoder, &data, &length, &event), WYE_WS_MESSAGE);
	assert_ptr_equal(event.data, bytes + 6);
	assert_false(event.kept);
	assert_int_equal(wye_ws_decode(&decoder, &data, &length, &event), WYE_WS_PING);
	assert_ptr_equal(event.data, bytes + 15);
	assert_false(event.kept);
	assert_int_equal(wye_ws_decode(&decoder, &data, &length, &event), WYE_WS_MORE);
	out_of_memory = false;
}

/* What a caller keeps of an event is in the decoder's memory until the next call, then freed.
 */
static void test_pieces_are_kept_until_the_next_call(void **state)
{
	struct wye_ws_decoder decoder;
	struct wye_ws_input event;

	(void)state;
	wye_ws_decoder_init(&decoder, 100);
	assert_int_equal(FEED(&decoder, "\x81\x83" ZERO "a", &event), WYE_WS_MORE);
	assert_int_equal(FEED(&decoder, "bc", &event), WYE_WS_MESSAGE);
	assert_true(event.kept);
	assert_memory_equal(event.data, "abc", 3);
	assert_int_equal(FEED(&decoder, "", &event), WYE_WS_MORE);
	assert_null(decoder.message);
	assert_int_equal(FEED(&decoder, "\x89\x82" ZERO "p", &event), WYE_WS_MORE);
	assert_int_equal(FEED(&decoder, "q", &event), WYE_WS_PING);
	assert_true(event.kept);
	assert_memory_equal(event.data, "pq", 2);
	assert_int_equal(FEED(&decoder, "", &event), WYE_WS_MORE);
	assert_null(decoder.control);
	wye_ws_decoder_fini(&decoder);
	wye_ws_decoder_fini(&decoder);
}

static void test_memory_follows_what_arrived(void **state)
{
	struct wye_ws_decoder decoder;
	struct wye_ws_input event;

	(void)state;
	wye_ws_decoder_init(&decoder, 1 << 20);
	assert_int_equal(FEED(&decoder, "\x82\xff\0\0\0\0\0\x10\0\0" ZERO "a", &event),
			 WYE_WS_MORE);
	assert_true(decoder.capacity <= 256);
	for (unsigned i = 1; i < 4096; i++) {
		assert_int_equal(FEED(&decoder, A16, &event), WYE_WS_MORE);
		assert_true(decoder.capacity <= 256 + 2 * 16 * (i + 1));
	}
	wye_ws_decoder_fini(&decoder);
}

static void test_memory_is_no_more_than_the_message(void **state)
{
	struct wye_ws_decoder decoder;
	struct wye_ws_input event;

	(void)state;
	wye_ws_decoder_init(&decoder, 1 << 20);
	assert_int_equal(FEED(&decoder, "\x82\x8a" ZERO "a", &event), WYE_WS_MORE);
	assert_int_equal(decoder.capacity, 10);
	wye_ws_decoder_fini(&decoder);
}

static void test_empty_fragments_cost_nothing(void **state)
{
	struct wye_ws_decoder decoder;
	struct wye_ws_input event;

	(void)state;
	wye_ws_decoder_init(&decoder, 1 << 20);
	assert_int_equal(FEED(&decoder, "\x01\x80" ZERO, &event), WYE_WS_MORE);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(FEED(&decoder, "\x00\x80" ZERO, &event), WYE_WS_MORE);
	assert_null(decoder.message);
	assert_int_equal(FEED(&decoder, "\x80\x80" ZERO, &event), WYE_WS_MESSAGE);
	assert_int_equal(event.length, 0);
	wye_ws_decoder_fini(&decoder);
}

static void check_out_of_memory(const char *bytes, size_t length)
{
	struct wye_ws_decoder decoder;
	struct wye_ws_input event;

	wye_ws_decoder_init(&decoder, 1 << 20);
	out_of_memory = true;
	assert_int_equal(feed(&decoder, bytes, length, &event), WYE_WS_BROKEN);
	out_of_memory = false;
	assert_int_equal(event.code, WYE_WS_INTERNAL_ERROR);
	assert_int_equal(FEED(&decoder, "\x81\x80" ZERO, &event), WYE_WS_MORE);
	wye_ws_decoder_fini(&decoder);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	check_out_of_memory("\x82\x83" ZERO "a", 7);
	check_out_of_memory("\x89\x83" ZERO "a", 7);
}

/* ---- the extension's place ---- */

static void test_rsv1_is_let_through(void **state)
{
	struct wye_ws_decoder decoder;
	struct wye_ws_input event;

	(void)state;
	wye_ws_decoder_init(&decoder, 100);
	wye_ws_decoder_allow_compressed(&decoder);
	assert_int_equal(FEED(&decoder, "\xc1\x81" ZERO "\xff", &event), WYE_WS_MESSAGE);
	assert_int_equal(event.opcode, WYE_WS_TEXT);
	assert_true(event.compressed);
	assert_int_equal(FEED(&decoder, "\x81\x81" ZERO "a", &event), WYE_WS_MESSAGE);
	assert_false(event.compressed);
	assert_int_equal(FEED(&decoder, "\xa1\x81" ZERO "a", &event), WYE_WS_BROKEN);
}

/* ---- sending ---- */

static void test_frame_headers(void **state)
{
	static const struct {
		uint64_t length;
		const char *bytes;
		size_t size;
	} headers[] = {
		{ 0, "\x81\x00", 2 },
		{ 125, "\x81\x7d", 2 },
		{ 126, "\x81\x7e\x00\x7e", 4 },
		{ 65535, "\x81\x7e\xff\xff", 4 },
		{ 65536, "\x81\x7f\0\0\0\0\0\1\0\0", 10 },
		{ INT64_MAX, "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10 },
	};
	uint8_t out[WYE_WS_SEND_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		uint64_t length = headers[i].length;

		assert_int_equal(wye_ws_frame_header(out, WYE_WS_OP_TEXT, length),
				 headers[i].size);
		assert_memory_equal(out, headers[i].bytes, headers[i].size);
	}
	assert_int_equal(wye_ws_fragment_header(out, WYE_WS_OP_BINARY, 5, false), 2);
	assert_memory_equal(out, "\x02\x05", 2);
	assert_int_equal(wye_ws_frame_header(out, WYE_WS_OP_TEXT | WYE_WS_COMPRESSED, 5), 2);
	assert_memory_equal(out, "\xc1\x05", 2);
	assert_int_equal(wye_ws_fragment_header(out, WYE_WS_OP_CONTINUATION, 5, true), 2);
	assert_memory_equal(out, "\x80\x05", 2);
}

static void test_close_codes(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 70000; code++)
		if (wye_ws_code_valid(code) != naive_close_code(code))
			fail_msg("code %u", code);
}

static void test_close_payload(void **state)
{
	uint8_t out[WYE_WS_CONTROL_MAX];
	const char *long_reason = A125 A125;

	(void)state;
	assert_int_equal(wye_ws_close_payload(out, WYE_WS_NO_CODE, "x"), 0);
	assert_int_equal(wye_ws_close_payload(out, 1000, NULL), 2);
	assert_memory_equal(out, "\x03\xe8", 2);
	assert_int_equal(wye_ws_close_payload(out, 4999, "bye"), 5);
	assert_memory_equal(out,
			    "\x13\x87"
			    "bye",
			    5);
	assert_int_equal(wye_ws_close_payload(out, 1000, long_reason), 125);
	assert_memory_equal(out + 2, long_reason, 123);
	/* 122 bytes of a, then one of three bytes: it must go whole */
	assert_int_equal(wye_ws_close_payload(out, 1000,
					      A16 A16 A16 A16 A16 A16 A16 "aaaaaaaaaa"
									  "\xe2\x82\xac"
									  "b"),
			 124);
	/* 120 bytes of a, then the same: it just fits */
	assert_int_equal(wye_ws_close_payload(out, 1000,
					      A16 A16 A16 A16 A16 A16 A16 "aaaaaaaa"
									  "\xe2\x82\xac"
									  "b"),
			 125);
	assert_memory_equal(out + 122, "\xe2\x82\xac", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_whole),
		cmocka_unit_test(test_table_bytes),
		cmocka_unit_test(test_table_cut),
		cmocka_unit_test(test_random_streams),
		cmocka_unit_test(test_broken_streams),
		cmocka_unit_test(test_every_byte_is_checked),
		cmocka_unit_test(test_state_is_small),
		cmocka_unit_test(test_whole_frames_are_not_copied),
		cmocka_unit_test(test_pieces_are_kept_until_the_next_call),
		cmocka_unit_test(test_memory_follows_what_arrived),
		cmocka_unit_test(test_memory_is_no_more_than_the_message),
		cmocka_unit_test(test_empty_fragments_cost_nothing),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_rsv1_is_let_through),
		cmocka_unit_test(test_frame_headers),
		cmocka_unit_test(test_close_codes),
		cmocka_unit_test(test_close_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
