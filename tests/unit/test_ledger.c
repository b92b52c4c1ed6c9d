/* SPDX-License-Identifier: MIT
 *
 * test_ledger.c - the ledger against a list of every message with its time: what is counted as
 * latency, where a mark lies, what a drop takes off; and its bound.
 */
#include <stdlib.h>

#include "unit.h"
#include "websocket/ledger.h"
#include "websocket/metrics.h"

enum {
	MOST = 60000,
	STEPS = 30000,
};

/* A message that is queued and not acknowledged. `at` is its flush's time, or that of the
 * entry that took it in. */
struct message {
	uint64_t at, queued_at;
	size_t bytes;
	uint32_t place;
};

static struct message list[MOST];
static size_t count;
static struct wye_ws_ledger *ledger;
static struct wye_ws_mark acked, end;
static uint32_t place;
static uint64_t now;

/* What was counted, in order. */
static struct {
	uint64_t milliseconds;
	unsigned messages;
} counted[MOST];
static size_t counts;
static bool no_memory;

static const struct wye_ws_route_metrics METRICS;

void wye_ws_count_latency(const struct wye_ws_route_metrics *route, uint64_t milliseconds,
			  unsigned messages)
{
	assert_ptr_equal(route, &METRICS);
	assert_true(messages > 0);
	counted[counts].milliseconds = milliseconds;
	counted[counts++].messages = messages;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	return no_memory ? NULL : __real_malloc(size);
}

static int start(void **state)
{
	(void)state;
	wye_ledger_fini(&ledger);
	assert_null(ledger);
	acked = end = (struct wye_ws_mark) { 0, 0 };
	count = 0;
	now = 1000;
	return 0;
}

/* `messages` of `bytes` each are queued, in one flush. */
static void add(unsigned messages, size_t bytes)
{
	for (unsigned i = 0; i < messages; i++) {
		list[count++] = (struct message) { now, now, bytes, ++place };
		end.messages++;
		end.bytes += bytes;
	}
	wye_ledger_add(&ledger, end, place, now);
}

/* Acknowledges the oldest; checks that each message's latency was counted, and `exactly`, or
 * at least never too little. */
static void acknowledge(size_t messages, bool exactly)
{
	struct wye_ws_mark mark = acked;
	size_t done = 0;

	for (size_t i = 0; i < messages; i++)
		mark = (struct wye_ws_mark) { mark.messages + 1, mark.bytes + list[i].bytes };
	counts = 0;
	wye_ledger_take(&ledger, acked, mark, now, &METRICS);
	acked = mark;
	for (size_t n = 0; n < counts; n++)
		for (unsigned i = 0; i < counted[n].messages; i++, done++) {
			assert_true(done < messages);
			assert_true(counted[n].milliseconds >= now - list[done].queued_at);
			if (exactly)
				assert_int_equal(counted[n].milliseconds, now - list[done].at);
		}
	assert_int_equal(done, messages);
	memmove(list, list + messages, (count - messages) * sizeof list[0]);
	count -= messages;
	if (!count)
		assert_null(ledger);
}

static void drop(size_t n)
{
	struct message gone = list[n];

	wye_ledger_drop(ledger, gone.place, 1, gone.bytes);
	memmove(&list[n], &list[n + 1], (count - n - 1) * sizeof list[0]);
	count--;
	end.messages--;
	end.bytes -= gone.bytes;
}

/* ---- small cases ---- */

static void empty(void **state)
{
	struct wye_ws_mark from = { 3, 30 }, found;

	(void)state;
	wye_ledger_take(&ledger, from, (struct wye_ws_mark) { 5, 50 }, now, &METRICS);
	wye_ledger_drop(ledger, 1, 1, 1);
	found = wye_ledger_find(ledger, from, 4);
	assert_int_equal(found.messages, 3);
	assert_int_equal(found.bytes, 30);
	wye_ledger_fini(&ledger);
}

static void takes_in_parts(void **state)
{
	(void)state;
	add(5, 10);
	now += 7;
	add(3, 100);
	now += 20;
	acknowledge(2, true);
	assert_int_equal(counts, 1);
	assert_int_equal(counted[0].milliseconds, 27);
	acknowledge(0, true);
	now += 1;
	acknowledge(4, true);
	assert_int_equal(counts, 2);
	acknowledge(2, true);
	assert_int_equal(counted[0].milliseconds, 21);
}

/* Within an entry bytes are in proportion, also where a part is acknowledged. */
static void finds_between(void **state)
{
	struct wye_ws_mark mark;

	(void)state;
	add(4, 100);
	now++;
	add(10, 30);
	for (uint64_t n = 1; n <= 14; n++) {
		mark = wye_ledger_find(ledger, acked, n);
		assert_int_equal(mark.messages, n);
		assert_int_equal(mark.bytes, n <= 4 ? 100 * n : 400 + 30 * (n - 4));
	}
	acknowledge(7, true);
	for (uint64_t n = 8; n <= 14; n++) {
		mark = wye_ledger_find(ledger, acked, n);
		assert_int_equal(mark.messages, n);
		assert_int_equal(mark.bytes, 400 + 30 * (n - 4));
	}
	mark = wye_ledger_find(ledger, acked, 99); /* more than there are */
	assert_int_equal(mark.messages, 14);
	assert_int_equal(mark.bytes, 700);
	acknowledge(7, true);
}

/* Of unlike messages in one entry the sum stays true, and no step goes back. */
static void finds_in_proportion(void **state)
{
	struct wye_ws_mark mark, before = { 0, 0 };

	(void)state;
	list[count++] = (struct message) { now, now, 1000, ++place };
	end = (struct wye_ws_mark) { 1, 1000 };
	add(6, 1);
	for (uint64_t n = 1; n <= 7; n++) {
		mark = wye_ledger_find(ledger, acked, n);
		assert_true(mark.messages == n && mark.bytes >= before.bytes);
		before = mark;
	}
	assert_int_equal(mark.bytes, 1006);
	wye_ledger_fini(&ledger);
}

/* What nobody waits for holds no memory, also when the rest was dropped. */
static void dropped_to_nothing(void **state)
{
	(void)state;
	add(2, 10);
	now++;
	add(1, 10);
	now++;
	add(2, 10);
	drop(4);
	drop(3);
	drop(2);
	now++;
	acknowledge(2, true);
	assert_null(ledger);
	add(1, 10);
	drop(0);
	now++;
	add(1, 20);
	now += 5;
	acknowledge(1, true);
	assert_int_equal(counted[0].milliseconds, 5);
	assert_null(ledger);
}

/* Above the bound the newest entry takes more in: later than it says, never earlier. */
static void has_a_bound(void **state)
{
	(void)state;
	for (int i = 0; i < WYE_LEDGER_ENTRIES + 50; i++, now += 3) {
		add(2, 10);
		if (i >= WYE_LEDGER_ENTRIES)
			list[count - 1].at = list[count - 2].at =
				list[2 * WYE_LEDGER_ENTRIES - 1].at;
	}
	acknowledge(100, true);
	assert_int_equal(counts, 50);
	for (int i = 0; i < 50; i++, now += 3) /* there is room again */
		add(1, 10);
	acknowledge(count - 50, true);
	assert_int_equal(counts, WYE_LEDGER_ENTRIES - 50);
	acknowledge(50, true);
	assert_int_equal(counts, 50);
}

/* Without memory the newest entry takes more in, too; where there is none they are not
 * measured. */
static void without_memory(void **state)
{
	(void)state;
	no_memory = true;
	add(3, 10);
	no_memory = false;
	assert_null(ledger);
	counts = 0;
	wye_ledger_take(&ledger, acked, end, now, &METRICS);
	assert_int_equal(counts, 0);
	start(NULL);
	add(1, 10);
	no_memory = true;
	for (int i = 0; i < 20; i++, now += 10)
		add(1, 10);
	no_memory = false;
	add(1, 10);
	now += 10;
	acknowledge(count, false);
}

/* ---- many operations ---- */

static void random_step(void)
{
	switch (rand() % 6) {
	case 0:
		if (rand() % 10 == 0)
			acknowledge(count ? (unsigned)rand() % count : 0, true);
		break;
	case 1:
		if (count) /* only those that are not written: of the second half, say */
			drop(count / 2 + (unsigned)rand() % (count - count / 2));
		break;
	case 2:
		if (rand() % 50 == 0)
			acknowledge(count, true);
		break;
	default:
		add(1 + (unsigned)rand() % 5, (unsigned)rand() % 1000);
	}
	now += rand() % 3 ? 0 : (unsigned)rand() % 100;
}

/* How many times are in the list, one behind the other. */
static unsigned entries(void)
{
	unsigned different = 0;

	for (size_t i = 0; i < count; i++)
		different += !i || list[i].at != list[i - 1].at;
	return different;
}

static void random_operations(void **state)
{
	(void)state;
	srand(1);
	place = UINT32_MAX - 20000; /* it runs over */
	for (int step = 0; step < STEPS; step++) {
		struct wye_ws_mark mark;

		random_step();
		if (entries() > WYE_LEDGER_ENTRIES / 2)
			acknowledge(count / 2, true);
		mark = wye_ledger_find(ledger, acked, acked.messages + count);
		assert_int_equal(mark.messages, end.messages);
		assert_int_equal(mark.bytes, end.bytes);
	}
	acknowledge(count, true);
}

/* Hardly ever acknowledged: at its bound most of the time. */
static void random_at_the_bound(void **state)
{
	(void)state;
	srand(2);
	for (int step = 0; step < STEPS; step++) {
		add(1 + (unsigned)rand() % 3, 10);
		now += (unsigned)rand() % 5;
		if (count && rand() % 5 == 0)
			drop(count - 1 - (unsigned)rand() % (count < 40 ? count : 40));
		if (rand() % 400 == 0)
			acknowledge(count ? (unsigned)rand() % count : 0, false);
	}
	acknowledge(count, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(empty, start),
		cmocka_unit_test_setup(takes_in_parts, start),
		cmocka_unit_test_setup(finds_between, start),
		cmocka_unit_test_setup(finds_in_proportion, start),
		cmocka_unit_test_setup(dropped_to_nothing, start),
		cmocka_unit_test_setup(has_a_bound, start),
		cmocka_unit_test_setup(without_memory, start),
		cmocka_unit_test_setup(random_operations, start),
		cmocka_unit_test_setup(random_at_the_bound, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
