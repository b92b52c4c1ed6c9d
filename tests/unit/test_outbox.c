/* SPDX-License-Identifier: MIT
 *
 * test_outbox.c - the outbox against a naive one: an array of messages with all their bytes.
 * Small cases first, then many random operations.
 */
#include <stdlib.h>

#include "stream/outbox.h"
#include "unit.h"

enum {
	MOST = 2000, /* messages that the naive one holds */
	LARGEST = 3 * WYE_OUTBOX_SMALL,
	STEPS = 16000,
};

/* A message, or bytes that are none. Each is a run of bytes that tell it from the others. */
struct message {
	size_t length, written, payload;
	unsigned messages;
	uint32_t place, serial;
	bool droppable, keyed, first;
	int chunk; /* those of a pooled chunk have the same; -1: alone */
	uint64_t key;
};

static struct message queue[MOST];
static size_t count;
static struct wye_outbox outbox;
static struct wye_chunks chunks;
static uint32_t serial;
/* Of the messages that left the naive one, those whose pooled chunk has not left yet. */
static struct {
	unsigned messages;
	size_t payload;
} kept_back;

static uint8_t byte_of(uint32_t number, size_t at)
{
	return (uint8_t)(number * 31 + at * 7 + (at >> 8));
}

static void fill(uint8_t *out, uint32_t number, size_t length)
{
	for (size_t i = 0; i < length; i++)
		out[i] = byte_of(number, i);
}

static void insert(size_t at, struct message message)
{
	assert_true(count < MOST);
	memmove(&queue[at + 1], &queue[at], (count - at) * sizeof queue[0]);
	queue[at] = message;
	count++;
}

static void erase(size_t at)
{
	count--;
	memmove(&queue[at], &queue[at + 1], (count - at) * sizeof queue[0]);
}

/* ---- what the outbox must say ---- */

static void check_totals(void)
{
	size_t bytes = 0, payload = 0, keyed = 0;
	unsigned messages = 0;

	for (size_t i = 0; i < count; i++) {
		bytes += queue[i].length - queue[i].written;
		messages += queue[i].messages;
		payload += queue[i].payload;
		keyed += queue[i].keyed;
	}
	assert_int_equal(outbox.bytes, bytes);
	/* A pooled chunk may give its messages back as a whole. */
	assert_in_range(outbox.messages, messages, messages + kept_back.messages);
	assert_in_range(outbox.payload, payload, payload + kept_back.payload);
	assert_int_equal(!outbox.keys, !keyed);
	assert_int_equal(!outbox.head, !bytes);
	assert_int_equal(!outbox.tail, !bytes);
}

static void check_bytes(const struct iovec *vectors, int used, size_t limit)
{
	size_t message = 0, at = count ? queue[0].written : 0, seen = 0;

	for (int i = 0; i < used; i++) {
		const uint8_t *bytes = vectors[i].iov_base;

		for (size_t n = 0; n < vectors[i].iov_len; n++) {
			while (at == queue[message].length)
				at = queue[++message].written;
			assert_true(message < count);
			if (bytes[n] != byte_of(queue[message].serial, at))
				fail();
			at++;
			seen++;
		}
	}
	assert_true(seen <= limit);
}

/* All that waits, and as much as a limit allows. */
static void check(void)
{
	static struct iovec vectors[MOST];
	size_t limit = outbox.bytes ? (unsigned)rand() % outbox.bytes : 0, total = 0;
	int used = wye_outbox_peek(&outbox, vectors, MOST, SIZE_MAX);

	check_totals();
	check_bytes(vectors, used, SIZE_MAX);
	for (int i = 0; i < used; i++)
		total += vectors[i].iov_len;
	assert_int_equal(total, outbox.bytes);
	used = wye_outbox_peek(&outbox, vectors, MOST, limit);
	check_bytes(vectors, used, limit);
	assert_true(wye_outbox_peek(&outbox, vectors, 3, SIZE_MAX) <= 3);
}

/* ---- putting in ---- */

static int last_pooled, pooled_chunks;

static void put_small(size_t length, bool counts)
{
	struct wye_chunk *tail = outbox.tail;
	size_t payload = counts && length > 2 ? length - 2 : 0;
	uint8_t *at = wye_outbox_room(&outbox, &chunks, length, counts, payload);

	assert_non_null(at);
	if (outbox.tail != tail || !count)
		last_pooled = ++pooled_chunks;
	insert(count, (struct message) { .length = length,
					 .payload = payload,
					 .messages = counts,
					 .place = outbox.place,
					 .serial = ++serial,
					 .chunk = last_pooled });
	fill(at, serial, length);
}

struct nature {
	bool droppable, keyed, first;
	uint64_t key;
};

static void mark(struct wye_chunk *chunk, const struct nature *nature)
{
	chunk->droppable = nature->droppable;
	chunk->keyed = nature->keyed;
	chunk->key = nature->key;
	chunk->first = nature->first;
}

static void note(size_t at, size_t length, size_t payload, unsigned messages,
		 const struct nature *nature)
{
	insert(at, (struct message) { .length = length,
				      .payload = payload,
				      .messages = messages,
				      .place = outbox.place,
				      .serial = serial,
				      .droppable = nature->droppable,
				      .keyed = nature->keyed,
				      .first = nature->first,
				      .chunk = -1,
				      .key = nature->key });
}

/* The bytes begin behind `front` others, as those of a posted message do. */
static struct wye_chunk *make_alone(size_t front, size_t length)
{
	struct wye_chunk *chunk = wye_chunk_alone(front + length);

	assert_non_null(chunk);
	fill(chunk->data + front, ++serial, length);
	chunk->start = (uint32_t)front;
	chunk->end = (uint32_t)(front + length);
	return chunk;
}

static void put_alone(size_t length, const struct nature *nature)
{
	struct wye_chunk *chunk = make_alone((unsigned)rand() % 2 * 40, length);

	chunk->messages = 1;
	chunk->payload = (uint32_t)(length - 1);
	mark(chunk, nature);
	wye_outbox_append(&outbox, chunk);
	note(count, length, length - 1, 1, nature);
}

static void put_shared(size_t length, const struct nature *nature)
{
	uint8_t *bytes = malloc(length);
	struct wye_frame *frame;
	struct wye_chunk *chunk;

	fill(bytes, ++serial, length);
	frame = wye_frame_create(bytes, 1, bytes + 1, length - 1);
	assert_non_null(frame);
	free(bytes);
	chunk = wye_outbox_refer(&chunks, frame);
	assert_non_null(chunk);
	wye_frame_drop(frame);
	mark(chunk, nature);
	wye_outbox_append(&outbox, chunk);
	note(count, length, length - 1, 1, nature);
}

/* In a chunk of which something is written nothing is free to be overtaken. */
static bool is_begun(size_t at)
{
	if (queue[at].written)
		return true;
	if (queue[at].chunk < 0)
		return false;
	return outbox.head && outbox.head->kind == WYE_CHUNK_POOLED && outbox.head->start &&
	       queue[at].chunk == queue[0].chunk;
}

static void put_in_front(size_t length)
{
	static const struct nature first = { .first = true };
	struct wye_chunk *chunk = make_alone(0, length);
	size_t at = 0;

	while (at < count && (is_begun(at) || queue[at].first))
		at++;
	wye_outbox_overtake(&outbox, chunk);
	note(at, length, 0, 0, &first);
}

/* ---- taking out ---- */

static void take_first(void)
{
	int chunk = queue[0].chunk;

	kept_back.messages += queue[0].messages;
	kept_back.payload += queue[0].payload;
	erase(0);
	if (chunk < 0 || !count || queue[0].chunk != chunk)
		memset(&kept_back, 0, sizeof kept_back);
}

static void take(size_t length)
{
	struct wye_outbox_left left = { 0 };
	unsigned before = outbox.messages;
	size_t payload = outbox.payload;

	wye_outbox_take(&outbox, &chunks, length, &left);
	while (count && length >= queue[0].length - queue[0].written) {
		length -= queue[0].length - queue[0].written;
		take_first();
	}
	if (count)
		queue[0].written += length;
	assert_int_equal(left.messages, before - outbox.messages);
	assert_int_equal(left.payload, payload - outbox.payload);
}

/* The oldest in the naive one that may go, of all or of a key; `count` if there is none. */
static size_t oldest(const uint64_t *key)
{
	size_t at = 0;

	while (at < count && !(queue[at].droppable && !queue[at].written &&
			       (!key || (queue[at].keyed && queue[at].key == *key))))
		at++;
	return at;
}

static void drop(const uint64_t *key)
{
	struct wye_outbox_left left = { 0 };
	size_t at = oldest(key);
	bool dropped = key ? wye_outbox_drop_key(&outbox, &chunks, *key, &left)
			   : wye_outbox_drop_oldest(&outbox, &chunks, &left);

	assert_int_equal(dropped, at < count);
	if (!dropped) {
		assert_int_equal(left.messages, 0);
		return;
	}
	assert_int_equal(left.messages, queue[at].messages);
	assert_int_equal(left.payload, queue[at].payload);
	assert_int_equal(left.place, queue[at].place);
	erase(at);
}

static void clear(void)
{
	wye_outbox_clear(&outbox, &chunks);
	count = 0;
	memset(&kept_back, 0, sizeof kept_back);
	check();
}

static int finish(void **state)
{
	(void)state;
	wye_outbox_clear(&outbox, &chunks);
	wye_chunks_fini(&chunks);
	count = 0;
	outbox = (struct wye_outbox) { .head = NULL };
	return 0;
}

/* ---- small cases ---- */

/* One of each kind, written at every split in two, and byte by byte. */
static void put_one_of_each(void)
{
	static const struct nature plain = { .first = false },
				   keyed = { .droppable = true, .keyed = true, .key = 7 };

	put_small(3, true);
	put_small(9, true);
	put_small(2, false);
	put_alone(12, &plain);
	put_shared(7, &keyed);
	put_small(5, true);
	put_shared(1, &plain);
}

static void every_split(void **state)
{
	(void)state;
	for (size_t first = 0; first <= 39; first++) {
		put_one_of_each();
		assert_int_equal(outbox.bytes, 39);
		take(first);
		check();
		take(39 - first);
		check();
		assert_int_equal(count, 0);
	}
	for (size_t piece = 1; piece < 39; piece++) {
		put_one_of_each();
		while (outbox.bytes) {
			take(outbox.bytes < piece ? outbox.bytes : piece);
			check();
		}
	}
}

/* What overtakes goes in at every split, behind what is begun; two of them stay in order. */
static void every_overtaking(void **state)
{
	(void)state;
	for (size_t written = 0; written < 39; written++) {
		put_one_of_each();
		take(written);
		put_in_front(4);
		check();
		put_in_front(6);
		check();
		take(3);
		put_in_front(5);
		check();
		while (count)
			take(1);
		check();
	}
}

/* What may not be overtaken, by itself or behind a message. */
static void nothing_before_the_first(void **state)
{
	static const struct nature first = { .first = true }, plain = { .first = false };

	(void)state;
	put_in_front(3); /* into an empty one */
	check();
	clear();
	put_alone(10, &first);
	put_alone(10, &plain);
	put_in_front(2);
	check();
	assert_int_equal(queue[1].length, 2);
	take(11);
	put_in_front(3);
	check();
	assert_int_equal(queue[0].length - queue[0].written, 1);
	assert_int_equal(queue[1].length, 3);
	clear();
}

/* At every split: the oldest of which nothing is written, down to the last. */
static void every_drop(void **state)
{
	static const struct nature one = { .droppable = true, .keyed = true, .key = 1 },
				   two = { .droppable = true, .keyed = true, .key = 257 },
				   none = { .droppable = true }, plain = { .first = false };
	const struct nature *const natures[] = { &one, &two, &one, &plain, &none, &two, &one };
	const uint64_t keys[] = { 1, 257, 5, 1, 257, 1, 1, 257 };

	(void)state;
	for (size_t written = 0; written < 70; written++)
		for (int by_key = 0; by_key < 2; by_key++) {
			for (int i = 0; i < 7; i++)
				(i % 2 ? put_alone : put_shared)(10, natures[i]);
			take(written);
			for (int i = 0; i < 8; i++) {
				drop(by_key ? &keys[i] : NULL);
				check();
			}
			clear();
		}
}

/* Stock is kept, and used again; an empty outbox holds nothing. */
static void stock(void **state)
{
	static const struct nature plain = { .first = false };

	(void)state;
	for (int i = 0; i < 200; i++)
		put_small(WYE_OUTBOX_SMALL, true);
	for (int i = 0; i < 20; i++)
		put_shared(10, &plain);
	check();
	clear();
	assert_null(outbox.head);
	assert_in_range(chunks.large.count, 20, 64);
	assert_int_equal(chunks.shared.count, 20);
	put_small(1, true);
	put_shared(10, &plain);
	assert_int_equal(chunks.shared.count, 19);
	check();
	clear();
	assert_int_equal(chunks.shared.count, 20);
}

/* Each chunk that refers to a frame holds it; the last one frees it. */
static void holders(void **state)
{
	struct wye_frame *frame = wye_frame_create("\x81\x03", 2, "abc", 3);
	struct wye_outbox other = { .head = NULL };
	struct wye_outbox_left left = { 0 };

	(void)state;
	assert_int_equal(frame->length, 5);
	assert_int_equal(frame->payload, 3);
	assert_memory_equal(frame->data,
			    "\x81\x03"
			    "abc",
			    5);
	for (int i = 0; i < 3; i++) {
		struct wye_chunk *chunk = wye_outbox_refer(&chunks, frame);

		chunk->droppable = true;
		wye_outbox_append(i < 2 ? &outbox : &other, chunk);
	}
	assert_int_equal(atomic_load(&frame->holders), 4);
	wye_outbox_take(&outbox, &chunks, 7, &left);
	assert_int_equal(atomic_load(&frame->holders), 3);
	assert_int_equal(left.messages, 1);
	assert_true(wye_outbox_drop_oldest(&other, &chunks, &left));
	assert_int_equal(atomic_load(&frame->holders), 2);
	wye_frame_drop(frame);
	wye_outbox_clear(&outbox, &chunks);
	wye_frame_drop(NULL);
	wye_frame_drop(wye_frame_create(NULL, 0, NULL, 0));
	assert_null(wye_chunk_alone((size_t)UINT32_MAX + 1));
}

/* Places are those of the order of appending; what overtakes takes none of its own. */
static void places(void **state)
{
	static const struct nature droppable = { .droppable = true };
	uint32_t before = outbox.place;
	struct wye_outbox_left left = { 0 };

	(void)state;
	put_alone(5, &droppable);
	put_in_front(3);
	put_alone(6, &droppable);
	assert_int_equal(outbox.place, before + 2);
	assert_true(wye_outbox_drop_oldest(&outbox, &chunks, &left));
	assert_int_equal(left.place, before + 1);
	assert_true(wye_outbox_drop_oldest(&outbox, &chunks, &left));
	assert_int_equal(left.place, before + 2);
	assert_false(wye_outbox_drop_oldest(&outbox, &chunks, &left));
	assert_int_equal(left.messages, 2);
	assert_int_equal(left.payload, 9);
}

/* ---- many operations ---- */

/* Few keys meet in the same messages; many make long chains. */
static struct nature random_nature(void)
{
	struct nature nature = { .droppable = rand() % 4, .key = (unsigned)rand() % 6 };

	nature.keyed = nature.droppable && rand() % 2;
	if (rand() % 3 == 0)
		nature.key = (unsigned)rand() % 1000 << 20;
	return nature;
}

static void random_put(void)
{
	struct nature nature = random_nature();
	size_t length = 1 + (unsigned)rand() % (rand() % 8 ? 60 : LARGEST);

	switch (rand() % 4) {
	case 0:
		put_small(length <= WYE_OUTBOX_SMALL ? length : WYE_OUTBOX_SMALL, rand() % 5);
		break;
	case 1:
		put_alone(length, &nature);
		break;
	case 2:
		put_shared(length, &nature);
		break;
	default:
		if (rand() % 3 == 0)
			put_in_front(1 + length % 125);
	}
}

static void random_take(void)
{
	uint64_t key = (unsigned)rand() % 7;

	switch (rand() % 5) {
	case 0:
		take((unsigned)rand() % 20);
		break;
	case 1:
		take(outbox.bytes ? (unsigned)rand() % outbox.bytes : 0);
		break;
	case 2:
		drop(NULL);
		break;
	default:
		drop(&key);
	}
}

/* It fills for a while, and empties for a while, to the last byte. */
static void random_operations(void **state)
{
	(void)state;
	srand(1);
	for (int step = 0; step < STEPS; step++) {
		bool filling = step / 200 % 2;

		if (count < MOST - 1 && (filling ? rand() % 4 : !(rand() % 4)))
			random_put();
		else
			random_take();
		if (step % 2000 == 1999)
			take(outbox.bytes);
		check();
	}
	clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_split, finish),
		cmocka_unit_test_teardown(every_overtaking, finish),
		cmocka_unit_test_teardown(nothing_before_the_first, finish),
		cmocka_unit_test_teardown(every_drop, finish),
		cmocka_unit_test_teardown(stock, finish),
		cmocka_unit_test_teardown(holders, finish),
		cmocka_unit_test_teardown(places, finish),
		cmocka_unit_test_teardown(random_operations, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
