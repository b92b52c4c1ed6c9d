/* SPDX-License-Identifier: MIT
 *
 * test_deflate.c - compressed messages: a table of bytes and events, each row cut in every way,
 * and against the naive decoder; round trips at every window; bombs; threads.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "codec_trace.h"
#include "deflate_table.h"
#include "naive_decoder.h"

/* ---- the linker sends allocations of ours here: the largest is kept ---- */

static __thread bool out_of_memory;
static __thread size_t largest;

void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	largest = size > largest ? size : largest;
	return out_of_memory ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
	largest = size > largest ? size : largest;
	return out_of_memory ? NULL : __real_realloc(old, size);
}

/* ---- the table ---- */

static void check_row(const struct row *row, const char *how, struct cuts cuts)
{
	struct trace trace = { .deflate = true, .takeover = row->takeover };

	trace_run(&trace, row->bytes, row->length, row->max_message, cuts);
	if (strcmp(trace.text, row->expected) != 0)
		fail_msg("\"%s\", %s: expected\n%s\ngot\n%s", row->name, how, row->expected,
			 trace.text);
	trace_fini(&trace);
}

static void compare_with_naive(const uint8_t *bytes, size_t length, size_t max_message,
			       bool takeover)
{
	struct trace ours = { .deflate = true, .takeover = takeover, .no_sentences = true },
		     naive = ours;

	trace_run(&ours, bytes, length, max_message, (struct cuts) { .next = SIZE_MAX });
	naive_run(&naive, bytes, length, max_message);
	assert_string_equal(ours.text, naive.text);
	trace_fini(&ours);
	trace_fini(&naive);
}

static void test_table(void **state)
{
	(void)state;
	for (const struct row *row = rows; row < rows + sizeof rows / sizeof rows[0]; row++) {
		check_row(row, "whole", (struct cuts) { .next = SIZE_MAX });
		check_row(row, "byte by byte", (struct cuts) { .next = 1 });
		compare_with_naive((const uint8_t *)row->bytes, row->length, row->max_message,
				   row->takeover);
	}
}

static void test_table_cut(void **state)
{
	char how[64];

	(void)state;
	for (const struct row *row = rows; row < rows + sizeof rows / sizeof rows[0]; row++)
		for (size_t at = 1; at < row->length; at++) {
			snprintf(how, sizeof how, "cut at %zu", at);
			check_row(row, how, (struct cuts) { .first = at, .next = SIZE_MAX });
		}
}

/* What was not agreed on is refused as ever. */
static void test_not_negotiated(void **state)
{
	struct trace trace = { 0 };

	(void)state;
	trace_run(&trace, "\xc1\x87" ZERO HELLO, 13, 100, (struct cuts) { .next = SIZE_MAX });
	assert_string_equal(trace.text, "broken:1002:reserved bit set;");
	trace_fini(&trace);
}

/* ---- round trips ---- */

static uint32_t random_state;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 10) % below;
}

/* From words, with what compresses and what doesn't in turn. */
static void fill(uint8_t *data, size_t length)
{
	static const char words[] =
		"{\"symbol\":\"WYE\",\"price\":,\"volume\":,\"time\":[],é€}";
	size_t at = 0;

	while (at < length) {
		size_t size = 1 + draw(12), from = draw(sizeof words - 13);

		for (size_t i = 0; i < size && at < length; i++)
			data[at++] = draw(4) ? (uint8_t)words[from + i] : (uint8_t)draw(256);
	}
}

static enum wye_ws_event inflate_one(struct wye_inflater *inflater, const void *data,
				     size_t length, size_t max_message,
				     struct wye_ws_input *event, uint8_t **plain)
{
	*event = (struct wye_ws_input) { .data = (uint8_t *)data,
					 .length = length,
					 .opcode = WYE_WS_OP_BINARY,
					 .compressed = true };
	return wye_inflate_message(inflater, max_message, event, plain);
}

static void check_inflates(const uint8_t *payload, size_t size, const uint8_t *data,
			   size_t length)
{
	struct wye_inflater none = { 0 };
	struct wye_ws_input event;
	uint8_t *plain;

	assert_int_equal(inflate_one(&none, payload, size, length, &event, &plain),
			 WYE_WS_MESSAGE);
	assert_int_equal(event.length, length);
	assert_memory_equal(event.data, data, length);
	free(plain);
}

/* A peer that has no more than this window, and shows: its output goes out in small pieces. */
static void check_window(unsigned bits, const uint8_t *payload, size_t size,
			 const uint8_t *data, size_t length)
{
	static const uint8_t tail[] = { 0, 0, 0xff, 0xff };
	z_stream peer = { .next_in = (uint8_t *)payload, .avail_in = (uInt)size };
	uint8_t piece[64];
	size_t at = 0;
	int status = Z_OK, stands_at = 0;

	assert_int_equal(inflateInit2(&peer, -(int)bits), Z_OK);
	while (status == Z_OK) {
		peer.next_out = piece;
		peer.avail_out = sizeof piece;
		stands_at = peer.data_type;
		status = inflate(&peer, Z_SYNC_FLUSH);
		assert_true(status == Z_OK || status == Z_BUF_ERROR);
		assert_true(sizeof piece - peer.avail_out <= length - at);
		assert_memory_equal(piece, data + at, sizeof piece - peer.avail_out);
		at += sizeof piece - peer.avail_out;
		if (!peer.avail_in && peer.next_in == payload + size) {
			peer.next_in = (uint8_t *)tail;
			peer.avail_in = sizeof tail;
		}
	}
	assert_int_equal(at, length);
	assert_int_equal(stands_at, 128);
	inflateEnd(&peer);
}

static size_t round_trip(unsigned bits, const uint8_t *data, size_t length)
{
	uint8_t *payload = malloc(length + 1);
	size_t size;

	assert_non_null(payload);
	payload[length] = 0x5a;
	size = wye_deflate_message(bits, 0, data, length, payload);
	assert_int_equal(payload[length], 0x5a);
	assert_true(size < length || !size);
	if (size) {
		check_inflates(payload, size, data, length);
		check_window(bits, payload, size, data, length);
	}
	free(payload);
	return size;
}

static void test_round_trips(void **state)
{
	static const size_t lengths[] = { 0,   1,   5,    6,    64,    125,   249,   250,
					  251, 506, 1000, 4096, 16122, 40000, 100000 };
	static uint8_t data[300000];

	(void)state;
	random_state = 7692;
	for (unsigned bits = 9; bits <= 15; bits++) {
		for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
			fill(data, lengths[i]);
			round_trip(bits, data, lengths[i]);
		}
		memset(data, 'x', sizeof data);
		assert_true(round_trip(bits, data, sizeof data) > 0);
		assert_true(round_trip(bits, data, 128) > 0);
	}
}

static void test_random_trips(void **state)
{
	static uint8_t data[3000];

	(void)state;
	random_state = 1951;
	for (unsigned i = 0; i < 3000; i++) {
		size_t length = draw(sizeof data);

		fill(data, length);
		round_trip(9 + draw(7), data, length);
	}
}

/* ---- broken payloads ---- */

static size_t put_frame(uint8_t *out, const uint8_t *payload, size_t size)
{
	size_t at = wye_ws_frame_header(out, WYE_WS_OP_BINARY, size);

	out[0] |= 0x40;
	out[1] |= 0x80;
	memset(out + at, 0, 4);
	memcpy(out + at + 4, payload, size);
	return at + 4 + size;
}

/* Two messages, a few bytes of which are changed. */
static void test_broken_payloads(void **state)
{
	static uint8_t data[1000], payload[1000], bytes[2100];

	(void)state;
	random_state = 1007;
	for (unsigned i = 0; i < 4000; i++) {
		size_t length = 100 + draw(900), size, end;

		fill(data, length);
		size = wye_deflate_message(15, 0, data, length, payload);
		end = put_frame(bytes, payload, size);
		end += put_frame(bytes + end, payload, size);
		for (unsigned changes = draw(4); changes--;)
			bytes[8 + draw((uint32_t)(end - 8))] ^= (uint8_t)(1u << draw(8));
		compare_with_naive(bytes, end, 2000, draw(2));
	}
}

/* ---- what does not pay ---- */

static void test_does_not_pay(void **state)
{
	uint8_t data[1000], out[1000];

	(void)state;
	memset(data, 'a', sizeof data);
	assert_int_equal(wye_deflate_message(15, 1001, data, 1000, out), 0);
	assert_true(wye_deflate_message(15, 1000, data, 1000, out) > 0);
	assert_int_equal(wye_deflate_message(15, 0, data, 0, out), 0);
	assert_int_equal(wye_deflate_message(15, 0, data, 4, out), 0);
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)draw(256);
	assert_int_equal(wye_deflate_message(15, 0, data, sizeof data, out), 0);
	memset(data, 'a', sizeof data); /* what was given up leaves nothing behind */
	assert_true(round_trip(15, data, sizeof data) > 0);
}

/* ---- a context that is kept ---- */

static void keep_context(unsigned bits)
{
	static uint8_t data[20000], payload[30000];
	struct wye_inflater inflater = { .bits = (uint8_t)bits };
	z_stream client = { 0 };
	size_t sizes[3];

	assert_int_equal(deflateInit2(&client, 6, Z_DEFLATED, -(int)bits, 8, 0), Z_OK);
	fill(data, sizeof data);
	for (unsigned i = 0; i < 3; i++) {
		struct wye_ws_input event;
		uint8_t *plain;

		client.next_in = data;
		client.avail_in = 200;
		client.next_out = payload;
		client.avail_out = sizeof payload;
		assert_int_equal(deflate(&client, Z_SYNC_FLUSH), Z_OK);
		sizes[i] = sizeof payload - client.avail_out - 4;
		assert_int_equal(inflate_one(&inflater, payload, sizes[i], 200, &event, &plain),
				 WYE_WS_MESSAGE);
		assert_int_equal(event.length, 200);
		assert_memory_equal(event.data, data, 200);
		free(plain);
	}
	assert_true(sizes[1] < sizes[0] / 4 && sizes[2] < sizes[0] / 4);
	deflateEnd(&client);
	wye_inflater_fini(&inflater);
	wye_inflater_fini(&inflater);
}

static void test_takeover(void **state)
{
	(void)state;
	for (unsigned bits = 8; bits <= 15; bits++) /* zlib makes 9 of 8 */
		keep_context(bits == 8 ? 9 : bits);
}

/* ---- bombs ---- */

/* A gigabyte of zeros, a megabyte on the wire: what a flush ends can be said again. Returns the
 * payload's length. */
static size_t make_bomb(uint8_t *out, size_t room)
{
	static uint8_t zeros[1 << 20];
	z_stream client = { .next_in = zeros,
			    .avail_in = sizeof zeros,
			    .next_out = out,
			    .avail_out = (uInt)room };
	size_t size;

	assert_int_equal(deflateInit2(&client, 9, Z_DEFLATED, -15, 8, 0), Z_OK);
	assert_int_equal(deflate(&client, Z_FULL_FLUSH), Z_OK);
	size = room - client.avail_out;
	deflateEnd(&client);
	assert_true(1024 * size <= room);
	for (unsigned i = 1; i < 1024; i++)
		memcpy(out + i * size, out, size);
	return 1024 * size - 4;
}

static void blow_up(const uint8_t *bomb, size_t size, size_t max_message, unsigned bits)
{
	struct wye_inflater inflater = { .bits = (uint8_t)bits };
	struct wye_ws_input event;
	uint8_t *plain;

	largest = 0;
	assert_int_equal(inflate_one(&inflater, bomb, size, max_message, &event, &plain),
			 WYE_WS_BROKEN);
	assert_int_equal(event.code, WYE_WS_TOO_BIG);
	assert_true(largest <= max_message + 1);
	free(plain);
	wye_inflater_fini(&inflater);
}

static void test_bomb(void **state)
{
	static const size_t limits[] = { 0, 1, 1000, 65536, 1 << 20, 16 << 20 };
	size_t room = 2 << 20, size;
	uint8_t *bomb = malloc(room);

	(void)state;
	assert_non_null(bomb);
	size = make_bomb(bomb, room);
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		blow_up(bomb, size, limits[i], 0);
		blow_up(bomb, size, limits[i], 15);
	}
	free(bomb);
}

/* A small message costs what it is, however high the limit. */
static void test_memory_follows_the_message(void **state)
{
	struct wye_inflater none = { 0 };
	struct wye_ws_input event;
	uint8_t *plain;

	(void)state;
	largest = 0;
	assert_int_equal(inflate_one(&none, HELLO, 7, 256 << 20, &event, &plain),
			 WYE_WS_MESSAGE);
	assert_true(largest <= 256);
	free(plain);
}

static void test_out_of_memory(void **state)
{
	struct wye_inflater none = { 0 };
	struct wye_ws_input event;
	uint8_t *plain;

	(void)state;
	out_of_memory = true;
	assert_int_equal(inflate_one(&none, HELLO, 7, 100, &event, &plain), WYE_WS_BROKEN);
	out_of_memory = false;
	assert_int_equal(event.code, WYE_WS_INTERNAL_ERROR);
	assert_null(plain);
}

/* ---- threads ---- */

static void *compress_here(void *argument)
{
	uint8_t data[2000], out[2000];
	size_t *size = argument;

	memset(data, 'a', sizeof data);
	for (unsigned i = 0; i < 200; i++)
		for (unsigned bits = 9; bits <= 15; bits++)
			*size = wye_deflate_message(bits, 0, data, sizeof data, out);
	return NULL;
}

/* Each has streams of its own, and leaves none behind: a sanitizer would tell. */
static void test_threads(void **state)
{
	pthread_t threads[4];
	size_t sizes[4] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, compress_here, &sizes[i]),
				 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(sizes[i] && sizes[i] == sizes[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_cut),
		cmocka_unit_test(test_not_negotiated),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_random_trips),
		cmocka_unit_test(test_broken_payloads),
		cmocka_unit_test(test_does_not_pay),
		cmocka_unit_test(test_takeover),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_memory_follows_the_message),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
