/* SPDX-License-Identifier: MIT
 *
 * test_room.c - the bounds of an outbox, and who waits for room.
 */
#include "stream/room.h"
#include "unit.h"

enum { BYTES = 1000, MESSAGES = 10 };

static struct wye_slot slot;
static struct wye_socket socket_;
static uint64_t id;
static unsigned touched, told;

void wye_socket_touch(struct wye_socket *socket)
{
	(void)socket;
	touched++;
}

static void relieved(struct wye_socket *socket)
{
	(void)socket;
	told++;
}

static const struct wye_socket_ops ops = { .relieved = relieved };

static void start(enum wye_slow_consumer policy)
{
	const uint64_t generation = 5;

	id = generation << WYE_ID_SLOT_BITS;
	atomic_init(&slot.word, generation << WYE_ID_STATE_BITS);
	atomic_init(&slot.spare[WYE_SLOT_BYTES], BYTES);
	atomic_init(&slot.spare[WYE_SLOT_MESSAGES], MESSAGES);
	atomic_init(&slot.spare[WYE_SLOT_NATURE], (uint64_t)policy << 8);
	socket_ = (struct wye_socket) { .ops = &ops, .slot = &slot, .id = id };
	touched = told = 0;
	wye_pressure = (struct wye_pressure) { .limit = INT64_MAX };
}

static int reserve(size_t length)
{
	return wye_room_reserve(&slot, id, length);
}

/* ---- bounds ---- */

static void test_bytes_and_messages(void **state)
{
	(void)state;
	start(WYE_SLOW_REFUSE);
	assert_int_equal(reserve(BYTES + 1), -EMSGSIZE);
	assert_int_equal(reserve(BYTES - 1), 0);
	assert_int_equal(wye_socket_room(&socket_), 1);
	assert_int_equal(reserve(2), -EAGAIN);
	assert_int_equal(reserve(1), 0);
	assert_int_equal(wye_socket_room(&socket_), 0);
	wye_socket_unreserve(&socket_, 2, BYTES);
	assert_int_equal(wye_socket_room(&socket_), BYTES);
	for (int i = 0; i < MESSAGES; i++)
		assert_int_equal(reserve(0), 0);
	assert_int_equal(reserve(0), -EAGAIN);
	assert_int_equal(wye_socket_room(&socket_), 0);
}

static void test_other_use(void **state)
{
	(void)state;
	start(WYE_SLOW_REFUSE);
	assert_int_equal(wye_room_reserve(&slot, id + (UINT64_C(1) << WYE_ID_SLOT_BITS), 1),
			 -ENOENT);
	assert_int_equal(wye_socket_room(&socket_), BYTES);
}

static void test_policies(void **state)
{
	(void)state;
	start(WYE_SLOW_DISCONNECT);
	assert_int_equal(reserve(BYTES), 0);
	assert_int_equal(reserve(1), -ENOBUFS);
	start(WYE_SLOW_DROP_OLDEST); /* up to twice the bound may be on its way */
	assert_int_equal(reserve(BYTES), 0);
	assert_int_equal(reserve(BYTES), 1);
	assert_int_equal(reserve(1), -EAGAIN);
	start(WYE_SLOW_KEEP_LATEST);
	for (int i = 0; i < 2 * MESSAGES; i++)
		assert_int_equal(reserve(0), i >= MESSAGES);
	assert_int_equal(reserve(0), -EAGAIN);
}

static void test_all_together(void **state)
{
	(void)state;
	start(WYE_SLOW_REFUSE);
	atomic_store(&slot.spare[WYE_SLOT_BYTES], 10 * WYE_PRESSED);
	assert_int_equal(reserve(WYE_PRESSED + 1), 0);
	wye_pressure.limit = 100;
	atomic_store(&wye_pressure.waiting, 101);
	assert_int_equal(reserve(1), -EAGAIN);
	assert_int_equal(wye_socket_room(&socket_), 0);
	atomic_store(&wye_pressure.waiting, 100);
	assert_int_equal(reserve(1), 0);
}

/* ---- relief ---- */

static void test_relieved_at_a_quarter(void **state)
{
	(void)state;
	start(WYE_SLOW_REFUSE);
	assert_int_equal(reserve(BYTES / 2 + 1), 0);
	assert_true(wye_socket_half_full(&socket_));
	wye_socket_unreserve(&socket_, 0, BYTES / 4);
	assert_false(wye_socket_half_full(&socket_));
	assert_false(wye_socket_is_relieved(&socket_));
	wye_socket_unreserve(&socket_, 0, 1);
	assert_true(wye_socket_is_relieved(&socket_));
}

/* Refused although less than a quarter waits: there is room only when all has left. */
static void test_starved(void **state)
{
	(void)state;
	start(WYE_SLOW_REFUSE);
	assert_int_equal(reserve(1), 0);
	assert_int_equal(reserve(BYTES), -EAGAIN);
	wye_socket_crowd(&socket_);
	assert_true(socket_.crowded && touched == 1);
	assert_false(wye_socket_is_relieved(&socket_));
	wye_socket_unreserve(&socket_, 1, 1);
	assert_true(wye_socket_is_relieved(&socket_));
	wye_socket_relieve(&socket_);
	assert_true(!socket_.crowded && told == 1);
	assert_int_equal(reserve(1), 0);
	assert_true(wye_socket_is_relieved(&socket_)); /* that is over */
}

/* ---- who waits ---- */

enum { WAITS = 4 };

static struct wait {
	struct wye_room_wait wait;
	int number, again;
} waits[WAITS];

static int order[2 * WAITS], statuses[2 * WAITS];
static unsigned runs;

static void run(struct wye_room_wait *wait, int status)
{
	struct wait *own = (struct wait *)wait;

	order[runs] = own->number;
	statuses[runs++] = status;
	if (own->again-- > 0)
		wye_socket_wait(&socket_, wait);
}

static void all_wait(int again)
{
	runs = 0;
	for (int i = 0; i < WAITS; i++) {
		waits[i] = (struct wait) { { .run = run }, i, again };
		wye_socket_wait(&socket_, &waits[i].wait);
	}
}

static void test_longest_first(void **state)
{
	(void)state;
	start(WYE_SLOW_REFUSE);
	all_wait(1);
	assert_true(socket_.crowded && touched == WAITS);
	wye_socket_relieve(&socket_);
	assert_int_equal(runs, WAITS); /* who waits again waits for the next time */
	wye_socket_relieve(&socket_);
	assert_int_equal(runs, 2 * WAITS);
	wye_socket_relieve(&socket_);
	assert_int_equal(runs, 2 * WAITS);
	for (int i = 0; i < 2 * WAITS; i++) {
		assert_int_equal(order[i], i % WAITS);
		assert_int_equal(statuses[i], 0);
	}
}

static void test_ended(void **state)
{
	(void)state;
	start(WYE_SLOW_REFUSE);
	all_wait(0);
	socket_.slot = NULL;
	socket_.killed = true;
	wye_socket_relieve(&socket_);
	assert_int_equal(runs, WAITS);
	assert_int_equal(statuses[0], -ENOENT);
	assert_int_equal(told, 0);
	assert_int_equal(wye_socket_room(&socket_), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_and_messages),
		cmocka_unit_test(test_other_use),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_all_together),
		cmocka_unit_test(test_relieved_at_a_quarter),
		cmocka_unit_test(test_starved),
		cmocka_unit_test(test_longest_first),
		cmocka_unit_test(test_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
