/* SPDX-License-Identifier: MIT
 *
 * test_backlog.c - what is acknowledged against what a peer has read: a real outbox, a wire
 * that takes it piece by piece, and a peer that answers pings, not all of them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fake_ws.h"
#include "websocket/ledger.h"
#include "websocket/metrics.h"
#include "websocket/send.h"

enum {
	SIZE = 16,    /* bytes of a message or a ping on the wire */
	PAYLOAD = 10, /* of a message */
	PINGS = 4096, /* that the peer remembers, by number */
	STEPS = 200000,
};

static struct {
	uint8_t piece[SIZE];    /* what has come of the next one */
	size_t length;          /* of that */
	uint64_t messages;      /* read */
	uint64_t before[PINGS]; /* messages that were read before a ping */
	uint32_t ping;          /* the latest; 0: none, or it is answered */
} peer;

static int64_t shown_messages, shown_bytes;
static uint64_t measured;

/* ---- what stands for the other rooms ---- */

static struct wye_chunk *make(char kind, const void *data, size_t length)
{
	struct wye_chunk *chunk = wye_chunk_alone(SIZE);

	assert_non_null(chunk);
	memset(chunk->data, 0, SIZE);
	chunk->data[0] = (uint8_t)kind;
	memcpy(chunk->data + 1, data, length);
	chunk->end = SIZE;
	return chunk;
}

int wye_ws_queue_control(struct wye_ws *ws, enum wye_ws_opcode opcode, const void *data,
			 size_t length)
{
	assert_int_equal(opcode, WYE_WS_OP_PING);
	wye_outbox_append(&ws->socket.outbox, make('P', data, length));
	return 0;
}

int wye_ws_overtake(struct wye_ws *ws, enum wye_ws_opcode opcode, const void *data,
		    size_t length)
{
	assert_int_equal(opcode, WYE_WS_OP_PING);
	wye_outbox_overtake(&ws->socket.outbox, make('P', data, length));
	return 0;
}

void wye_ws_clock_set(struct wye_ws *ws)
{
	(void)ws;
}

void wye_ws_count_backlog(const struct wye_ws_route_metrics *route, int64_t messages,
			  int64_t bytes)
{
	assert_ptr_equal(route, &fake_route.metrics);
	shown_messages += messages;
	shown_bytes += bytes;
}

void wye_ws_count_latency(const struct wye_ws_route_metrics *route, uint64_t milliseconds,
			  unsigned messages)
{
	(void)route;
	(void)milliseconds;
	measured += messages;
}

/* ---- the connection's side ---- */

static struct wye_chunks chunks;

static int finish(void **state)
{
	(void)state;
	if (fake.route)
		wye_ws_backlog_fini(&fake);
	wye_outbox_clear(&fake.socket.outbox, &chunks);
	wye_chunks_fini(&chunks);
	assert_int_equal(shown_messages, 0);
	assert_int_equal(shown_bytes, 0);
	return 0;
}

static void start(bool fence)
{
	finish(NULL);
	fake_start();
	memset(&peer, 0, sizeof peer);
	measured = 0;
	fake_route.fence = fence;
	fake_route.fence_interval = 50;
}

static void send_one(bool droppable)
{
	struct wye_chunk *chunk = make('M', "", 0);

	chunk->messages = 1;
	chunk->payload = PAYLOAD;
	chunk->droppable = droppable;
	wye_outbox_append(&fake.socket.outbox, chunk);
}

static void drop_one(void)
{
	struct wye_outbox_left left = { 0 };

	if (wye_outbox_drop_oldest(&fake.socket.outbox, &chunks, &left))
		wye_ws_backlog_dropped(&fake, &left);
}

/* The peer reads a byte: it knows what came before each ping. */
static void arrive(uint8_t byte)
{
	peer.piece[peer.length++] = byte;
	if (peer.length < SIZE)
		return;
	peer.length = 0;
	if (peer.piece[0] == 'M') {
		peer.messages++;
		return;
	}
	peer.ping = (uint32_t)strtoul((char *)peer.piece + 1, NULL, 10);
	peer.before[peer.ping % PINGS] = peer.messages;
}

/* The wire takes so many bytes, or all. */
static void write_some(size_t most)
{
	struct wye_outbox_left left = { 0 };
	struct iovec vectors[64];
	int used = wye_outbox_peek(&fake.socket.outbox, vectors, 64, most);
	size_t taken = 0;

	for (int i = 0; i < used; i++)
		for (size_t n = 0; n < vectors[i].iov_len; n++, taken++)
			arrive(((uint8_t *)vectors[i].iov_base)[n]);
	wye_outbox_take(&fake.socket.outbox, &chunks, taken, &left);
	fake.messages_out += left.messages;
	fake.bytes_out += left.payload;
	fake.socket.blocked = fake.socket.outbox.bytes;
}

static void flush(size_t most)
{
	wye_ws_backlog_flushing(&fake);
	write_some(most);
}

static void pong(uint32_t number)
{
	char digits[16];

	wye_ws_backlog_pong(&fake, (uint8_t *)digits,
			    (size_t)snprintf(digits, sizeof digits, "%u", number));
}

/* The peer answers the latest ping, which speaks for those before it. Nothing is acknowledged
 * that it had not read then. */
static void answer(void)
{
	if (!peer.ping)
		return;
	pong(peer.ping);
	assert_true(fake.backlog.acked.messages <= peer.before[peer.ping % PINGS]);
	assert_int_equal(fake.backlog.acked.bytes, fake.backlog.acked.messages * PAYLOAD);
	peer.ping = 0;
}

static void has_acked(uint64_t messages)
{
	assert_int_equal(fake.backlog.acked.messages, messages);
	assert_int_equal(fake.backlog.acked.bytes, messages * PAYLOAD);
}

/* ---- small cases ---- */

static void fences(void **state)
{
	(void)state;
	start(true);
	send_one(false);
	send_one(false);
	flush(SIZE_MAX);
	assert_int_equal(peer.ping, 1);
	assert_int_equal(shown_messages, 2);
	answer();
	has_acked(2);
	assert_int_equal(shown_messages, 0);
	assert_int_equal(measured, 2);
	send_one(false);
	flush(SIZE_MAX); /* none before its interval is over */
	assert_int_equal(peer.ping, 0);
	assert_int_equal(fake.clock.fence_at, NOW + 50);
	NOW += 50;
	flush(SIZE_MAX);
	answer();
	has_acked(3);
}

/* The heartbeat's pong acknowledges on every route. */
static void heartbeats(void **state)
{
	(void)state;
	start(false);
	send_one(false);
	flush(SIZE_MAX);
	assert_int_equal(peer.ping, 0);
	assert_int_equal(wye_ws_backlog_ping(&fake), 0);
	fake.clock.pong_by = NOW + 5;
	send_one(false);
	flush(SIZE_MAX);
	answer();
	has_acked(1);
	assert_int_equal(fake.clock.pong_by, 0);
	assert_int_equal(shown_messages, 1);
}

/* Into the first place of a blocked outbox: it says nothing of what waits. */
static void heartbeat_overtakes(void **state)
{
	(void)state;
	start(false);
	for (int i = 0; i < 5; i++)
		send_one(true);
	flush(2 * SIZE + 3);
	assert_int_equal(wye_ws_backlog_ping(&fake), 0);
	drop_one();
	flush(2 * SIZE - 3);
	assert_int_equal(peer.ping, 1);
	assert_int_equal(peer.messages, 3);
	answer();
	has_acked(2); /* the third was on its way when it was queued */
}

/* A fence is out, what came behind it was written, then a heartbeat overtakes: the fence's pong
 * speaks for the fence alone. */
static void fence_then_heartbeat(void **state)
{
	(void)state;
	start(true);
	send_one(false);
	flush(SIZE_MAX);
	assert_int_equal(peer.ping, 1);
	for (int i = 0; i < 4; i++)
		send_one(false);
	flush(3 * SIZE);
	assert_int_equal(wye_ws_backlog_ping(&fake), 0);
	fake.clock.pong_by = NOW + 5;
	pong(1);
	has_acked(1);
	assert_int_equal(fake.clock.pong_by, NOW + 5);
	flush(SIZE_MAX);
	answer();
	has_acked(4);
	assert_int_equal(fake.clock.pong_by, 0);
}

/* Many messages and their fence in one chunk, written up to behind the fence: the peer answers,
 * or its client confirms, before the chunk is gone. */
static void part_of_a_chunk(void **state)
{
	const struct wye_ws_ping out = { .mark = { 3, 3 * PAYLOAD }, .number = 7 };
	uint8_t *at;

	(void)state;
	start(true);
	at = wye_outbox_room(&fake.socket.outbox, &chunks, 3 * SIZE, 3, 3 * PAYLOAD);
	memset(at, 'M', 3 * SIZE);
	at = wye_outbox_room(&fake.socket.outbox, &chunks, SIZE, 0, 0);
	memset(at, 'P', SIZE);
	at = wye_outbox_room(&fake.socket.outbox, &chunks, SIZE, 1, PAYLOAD);
	memset(at, 'M', SIZE);
	fake.backlog.fence = out;
	pong(7); /* guessed: nothing is written yet */
	has_acked(0);
	write_some(4 * SIZE + 3);
	assert_int_equal(fake.messages_out, 0);
	fake_handler.flags = WYE_WS_ACKS;
	wye_ws_backlog_acked(&fake, 5); /* never sent */
	has_acked(0);
	fake_handler.flags = 0;
	pong(7);
	has_acked(3);
	assert_int_equal(fake.backlog.fence.number, 1); /* for the fourth */
}

/* One message of which a part is written: nobody has it. */
static void part_of_a_message(void **state)
{
	(void)state;
	start(true);
	send_one(true);
	flush(3);
	assert_int_equal(fake.backlog.fence.number, 1);
	pong(1);
	has_acked(0);
	flush(SIZE_MAX);
	answer();
	has_acked(1);
}

/* Pongs that were not asked for, and those that are no numbers of ours. */
static void odd_pongs(void **state)
{
	static const char *const odd[] = { "",   "0",  "01", "2",          "1 ",
					   "-1", "1a", "+1", "4294967297", "11111111111" };

	(void)state;
	start(true);
	send_one(false);
	flush(SIZE_MAX);
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		wye_ws_backlog_pong(&fake, (const uint8_t *)odd[i], strlen(odd[i]));
	wye_ws_backlog_pong(&fake, NULL, 0);
	has_acked(0);
	pong(1);
	has_acked(1);
	pong(1);
	has_acked(1);
}

/* ---- many steps ---- */

static void random_step(void)
{
	switch (rand() % 12) {
	case 0:
		if (!fake.backlog.heartbeat.number)
			assert_int_equal(wye_ws_backlog_ping(&fake), 0);
		break;
	case 1:
	case 2:
		answer();
		break;
	case 3:
		drop_one();
		break;
	case 4:
	case 5:
	case 6:
		flush(rand() % 8 ? (unsigned)rand() % (6 * SIZE) : SIZE_MAX);
		break;
	case 7:
		write_some((unsigned)rand() % (2 * SIZE)); /* amid a turn; its end follows */
		flush((unsigned)rand() % (2 * SIZE));
		break;
	default:
		send_one(rand() % 2);
	}
	NOW += (unsigned)rand() % 20;
}

/* All is written, a last heartbeat answered: nothing is left. */
static void settle(void)
{
	while (fake.socket.outbox.bytes)
		flush(SIZE_MAX);
	answer();
	assert_int_equal(fake.backlog.heartbeat.number, 0); /* the latest pong spoke for it */
	assert_int_equal(wye_ws_backlog_ping(&fake), 0);
	while (fake.socket.outbox.bytes)
		flush(SIZE_MAX);
	answer();
	has_acked(fake.messages_out);
	assert_int_equal(wye_ws_backlog_now(&fake).messages, 0);
	assert_int_equal(shown_messages, 0);
	assert_int_equal(peer.messages, fake.messages_out);
	assert_true(!fake_route.fence || measured == fake.messages_out);
	assert_null(fake.backlog.ledger);
}

static void random_steps(bool fence)
{
	start(fence);
	for (int i = 0; i < STEPS; i++) {
		random_step();
		assert_true(fake.backlog.acked.messages <= fake.messages_out);
		if (i % 1000 == 999)
			settle();
	}
}

static void with_fences(void **state)
{
	(void)state;
	srand(1);
	random_steps(true);
}

static void without_fences(void **state)
{
	(void)state;
	srand(2);
	random_steps(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(fences, finish),
		cmocka_unit_test_teardown(heartbeats, finish),
		cmocka_unit_test_teardown(heartbeat_overtakes, finish),
		cmocka_unit_test_teardown(fence_then_heartbeat, finish),
		cmocka_unit_test_teardown(part_of_a_chunk, finish),
		cmocka_unit_test_teardown(part_of_a_message, finish),
		cmocka_unit_test_teardown(odd_pongs, finish),
		cmocka_unit_test_teardown(with_fences, finish),
		cmocka_unit_test_teardown(without_fences, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
