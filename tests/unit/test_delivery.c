/* SPDX-License-Identifier: MIT
 *
 * test_delivery.c - deliveries over connections that take as much as the test lets them. The
 * first message of a connection is the first that is not confirmed; nothing is lost, nothing
 * comes out of order.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <wye/delivery.h>

#include "stream/send.h"
#include "unit.h"

enum {
	CONNECTIONS = 6, /* ids from 1 */
	WAITS = 64,
	STEPS = 100000,
};

static struct connection {
	unsigned room;   /* messages that it takes yet */
	int error;       /* instead of anything */
	unsigned count;  /* that it has taken */
	uint64_t latest; /* of them */
	enum wye_ws_kind kind;
	char text[64];
} connections[CONNECTIONS + 1];

static struct wait {
	uint64_t id;
	void (*run)(void *argument, int status);
	void *argument;
} waits[WAITS];
static unsigned waiting;

static struct wye_delivery *delivery;

/* ---- what stands for the program ---- */

/* All connections live on the loop of the test. */
struct wye_socket_place wye_socket_place(uint64_t id, enum wye_socket_kind kind)
{
	static struct wye_stream_loop loop;
	bool gone = connections[id].error == -ENOENT;

	assert_int_equal(kind, WYE_SOCKET_WEBSOCKET);
	return (struct wye_socket_place) { .loop = gone ? NULL : &loop };
}

bool wye_loop_here(const struct wye_loop *loop)
{
	(void)loop;
	return true;
}

int wye_ws_post(wye_ws_id id, void (*run)(struct wye_ws *ws, void *argument), void *argument)
{
	(void)id;
	(void)run;
	(void)argument;
	return -ENOENT;
}

wye_ws_id wye_ws_identity(const struct wye_ws *ws)
{
	(void)ws;
	return (wye_ws_id) { 0 };
}

/* Memory is never out here. */
int wye_ws_close(wye_ws_id id, unsigned code, const char *reason)
{
	(void)id;
	(void)reason;
	fail_msg("closed with %u", code);
	return 0;
}

int wye_ws_send(wye_ws_id id, enum wye_ws_kind kind, const void *data, size_t length)
{
	struct connection *connection = &connections[id.value];
	uint64_t number;

	assert_in_range(id.value, 1, CONNECTIONS);
	if (connection->error)
		return connection->error;
	if (!connection->room)
		return -EAGAIN;
	connection->room--;
	assert_true(length < sizeof connection->text);
	memcpy(connection->text, data, length);
	connection->text[length] = '\0';
	connection->kind = kind;
	number = strtoull(connection->text, NULL, 10);
	assert_true(!connection->count || number == connection->latest + 1);
	connection->latest = number;
	connection->count++;
	return 0;
}

int wye_ws_when_room(wye_ws_id id, void (*run)(void *argument, int status), void *argument)
{
	if (connections[id.value].error == -ENOENT)
		return -ENOENT;
	assert_true(waiting < WAITS);
	waits[waiting++] = (struct wait) { id.value, run, argument };
	return 0;
}

/* The connection has room for some, or is gone: tells those that wait now, once. */
static void give_room(uint64_t id, unsigned messages, int status)
{
	struct wait told[WAITS];
	unsigned count = 0, left = 0;

	connections[id].room += messages;
	for (unsigned i = 0; i < waiting; i++)
		if (waits[i].id == id)
			told[count++] = waits[i];
		else
			waits[left++] = waits[i];
	waiting = left;
	for (unsigned i = 0; i < count; i++)
		told[i].run(told[i].argument, status);
}

static unsigned waits_of(uint64_t id)
{
	unsigned count = 0;

	for (unsigned i = 0; i < waiting; i++)
		count += waits[i].id == id;
	return count;
}

/* ---- shorthands ---- */

static size_t write_number(void *out, const void *data, size_t length, uint64_t number)
{
	int digits = snprintf(out, 24, "%llu ", (unsigned long long)number);

	memcpy((char *)out + digits, data, length);
	return (size_t)digits + length;
}

static int64_t send_one(void)
{
	return wye_delivery_send(delivery, WYE_WS_TEXT, "text", 4, write_number);
}

/* A connection of now, as new. */
static int attach(uint64_t id, uint64_t confirmed, unsigned room)
{
	connections[id] = (struct connection) { .room = room };
	return wye_delivery_attach(delivery, (wye_ws_id) { id }, confirmed);
}

static void has_come(uint64_t id, unsigned count, uint64_t latest)
{
	assert_int_equal(connections[id].count, count);
	assert_int_equal(connections[id].latest, latest);
}

static int start(void **state)
{
	(void)state;
	memset(connections, 0, sizeof connections);
	waiting = 0;
	return wye_delivery_create(&delivery, 10, 1000);
}

static int finish(void **state)
{
	(void)state;
	wye_delivery_destroy(delivery);
	while (waiting)
		give_room(waits[0].id, 1, -ENOENT);
	return 0;
}

/* ---- tests ---- */

static void in_order(void **state)
{
	(void)state;
	for (int64_t i = 1; i <= 3; i++)
		assert_int_equal(send_one(), i);
	assert_int_equal(attach(1, 0, 100), 0);
	has_come(1, 3, 3);
	assert_int_equal(send_one(), 4);
	has_come(1, 4, 4);
	assert_string_equal(connections[1].text, "4 text");
	assert_int_equal(connections[1].kind, WYE_WS_TEXT);
	assert_int_equal(wye_delivery_waiting(delivery), 4);
	wye_delivery_confirm(delivery, 2);
	assert_int_equal(wye_delivery_waiting(delivery), 2);
	wye_delivery_confirm(delivery, 1);
	assert_int_equal(wye_delivery_waiting(delivery), 2);
	assert_int_equal(attach(2, 3, 100), 0); /* that of 3 is news */
	has_come(2, 1, 4);
	wye_delivery_confirm(delivery, 4);
	assert_int_equal(wye_delivery_waiting(delivery), 0);
	assert_int_equal(attach(3, 4, 100), 0);
	has_come(3, 0, 0);
}

/* Data as they are, none included. */
static void without_numbers(void **state)
{
	(void)state;
	assert_int_equal(attach(1, 0, 1), 0);
	assert_int_equal(wye_delivery_send(delivery, WYE_WS_BINARY, "7", 1, NULL), 1);
	assert_string_equal(connections[1].text, "7");
	assert_int_equal(connections[1].kind, WYE_WS_BINARY);
	assert_int_equal(attach(2, 1, 1), 0);
	assert_int_equal(wye_delivery_send(delivery, WYE_WS_TEXT, NULL, 0, NULL), 2);
	assert_string_equal(connections[2].text, "");
}

/* Messages and bytes, those that `write` adds included; a refusal uses no number up. */
static void has_bounds(void **state)
{
	char data[1000] = { 0 };

	(void)state;
	for (int64_t i = 1; i <= 10; i++)
		assert_int_equal(send_one(), i);
	assert_int_equal(send_one(), -ENOBUFS);
	assert_int_equal(attach(1, 0, 100), 0);
	wye_delivery_confirm(delivery, 10);
	assert_int_equal(wye_delivery_send(delivery, WYE_WS_TEXT, data, 1001, NULL), -ENOBUFS);
	assert_int_equal(wye_delivery_send(delivery, WYE_WS_TEXT, data, SIZE_MAX, NULL),
			 -ENOBUFS);
	wye_delivery_detach(delivery, (wye_ws_id) { 1 });
	assert_int_equal(wye_delivery_send(delivery, WYE_WS_TEXT, data, 998, write_number),
			 -ENOBUFS);
	assert_int_equal(wye_delivery_send(delivery, WYE_WS_TEXT, data, 997, write_number), 11);
	assert_int_equal(wye_delivery_send(delivery, WYE_WS_TEXT, data, 1, NULL), -ENOBUFS);
	assert_int_equal(wye_delivery_waiting(delivery), 1);
	assert_int_equal(wye_delivery_send(delivery, WYE_WS_TEXT, data, 0, NULL), 12);
}

/* A refusal stops the rest; room lets it go on, and one wait is enough. */
static void waits_for_room(void **state)
{
	(void)state;
	assert_int_equal(attach(1, 0, 2), 0);
	for (int i = 0; i < 6; i++)
		assert_true(send_one() > 0);
	has_come(1, 2, 2);
	assert_int_equal(waits_of(1), 1);
	give_room(1, 1, 0);
	has_come(1, 3, 3);
	assert_int_equal(waits_of(1), 1);
	connections[1].room = 1; /* without a word: the next one goes behind those that wait */
	assert_int_equal(send_one(), 7);
	has_come(1, 4, 4);
	give_room(1, 100, 0);
	has_come(1, 7, 7);
	assert_int_equal(waits_of(1), 0);
	assert_int_equal(send_one(), 8);
	has_come(1, 8, 8);
}

/* A wait at a connection that was left, and never gets room, holds nobody up. */
static void waits_for_each_connection(void **state)
{
	(void)state;
	assert_int_equal(attach(1, 0, 1), 0);
	for (int i = 0; i < 6; i++)
		assert_true(send_one() > 0);
	assert_int_equal(waits_of(1), 1);
	assert_int_equal(attach(2, 1, 2), 0);
	has_come(2, 2, 3);
	assert_int_equal(waits_of(2), 1);
	give_room(2, 2, 0);
	has_come(2, 4, 5);
	assert_int_equal(waits_of(2), 1);
	give_room(1, 100, -ENOENT); /* late */
	has_come(1, 1, 1);
	give_room(2, 100, 0);
	has_come(2, 5, 6);
	assert_int_equal(waiting, 0);
}

/* What was never sent can't have been confirmed, on this connection or before it. */
static void confirms_what_was_sent(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(send_one() > 0);
	wye_delivery_confirm(delivery, 1);
	assert_int_equal(wye_delivery_waiting(delivery), 5);
	assert_int_equal(attach(1, 5, 2), 0);
	assert_int_equal(wye_delivery_waiting(delivery), 5);
	has_come(1, 2, 2);
	wye_delivery_confirm(delivery, 3);
	wye_delivery_confirm(delivery, UINT64_MAX);
	assert_int_equal(wye_delivery_waiting(delivery), 5);
	assert_int_equal(attach(2, 0, 0), 0); /* sent nothing, but the one before did */
	wye_delivery_confirm(delivery, 2);
	assert_int_equal(wye_delivery_waiting(delivery), 3);
	give_room(2, 100, 0);
	has_come(2, 3, 5);
}

static void detaches(void **state)
{
	(void)state;
	assert_int_equal(attach(1, 0, 100), 0);
	assert_int_equal(attach(2, 0, 100), 0);
	wye_delivery_detach(delivery, (wye_ws_id) { 1 }); /* the old one's close() */
	assert_int_equal(send_one(), 1);
	has_come(1, 0, 0);
	has_come(2, 1, 1);
	wye_delivery_detach(delivery, (wye_ws_id) { 2 });
	assert_int_equal(send_one(), 2);
	has_come(2, 1, 1);
	assert_int_equal(attach(3, 1, 0), 0);
	wye_delivery_detach(delivery, (wye_ws_id) { 3 });
	give_room(3, 100, 0);
	has_come(3, 0, 0);
}

/* One that is gone already is not attached. */
static void attach_fails(void **state)
{
	(void)state;
	assert_int_equal(send_one(), 1);
	connections[1].error = -ENOENT;
	assert_int_equal(wye_delivery_attach(delivery, (wye_ws_id) { 1 }, 0), -ENOENT);
	connections[1] = (struct connection) { .room = 100 };
	assert_int_equal(send_one(), 2);
	has_come(1, 0, 0);
	assert_int_equal(attach(2, 0, 1), 0);
	connections[2].error = -ENOENT; /* it ends while its messages wait */
	give_room(2, 0, -ENOENT);
	assert_int_equal(send_one(), 3);
	assert_int_equal(attach(3, 1, 100), 0);
	has_come(3, 2, 3);
}

/* A wait outlives its delivery. */
static void destroyed_while_waiting(void **state)
{
	(void)state;
	assert_int_equal(attach(1, 0, 0), 0);
	assert_int_equal(send_one(), 1);
	assert_int_equal(waits_of(1), 1);
	wye_delivery_destroy(delivery);
	delivery = NULL;
	give_room(1, 100, 0);
	has_come(1, 0, 0);
	wye_delivery_destroy(NULL);
}

/* ---- many steps ---- */

static struct {
	uint64_t id;     /* the connection of now; 0: none */
	uint64_t had;    /* the client has had all up to this one */
	uint64_t number; /* of the latest that was sent */
} client;

/* The client reads what has come: no gap behind what it has had. */
static void read_all(void)
{
	const struct connection *connection = &connections[client.id];

	if (!client.id || !connection->count)
		return;
	assert_true(connection->latest - connection->count <= client.had);
	if (connection->latest > client.had)
		client.had = connection->latest;
}

static void reconnect(void)
{
	uint64_t id = 1 + (unsigned)rand() % CONNECTIONS;

	read_all();
	if (client.id)
		wye_delivery_detach(delivery, (wye_ws_id) { client.id });
	client.id = 0;
	while (waits_of(id)) /* an id is never used again: this stands for another */
		give_room(id, 0, -ENOENT);
	assert_int_equal(attach(id, client.had, (unsigned)rand() % 5), 0);
	client.id = id;
}

static void random_step(void)
{
	int64_t verdict;

	switch (rand() % 8) {
	case 0:
		if (rand() % 20 == 0)
			reconnect();
		break;
	case 1:
		read_all();
		if (rand() % 2)
			wye_delivery_confirm(delivery, client.had);
		break;
	case 2:
	case 3:
		give_room(1 + (unsigned)rand() % CONNECTIONS, (unsigned)rand() % 4, 0);
		break;
	default:
		verdict = send_one();
		if (verdict > 0)
			assert_int_equal(verdict, ++client.number);
		else
			assert_int_equal(verdict, -ENOBUFS);
	}
	assert_in_range(wye_delivery_waiting(delivery), client.number - client.had, 10);
}

static void random_steps(void **state)
{
	(void)state;
	srand(1);
	for (int i = 0; i < STEPS; i++) {
		random_step();
		read_all();
	}
	assert_true(client.number > STEPS / 20);
	assert_int_equal(attach(client.id = 1, client.had, 1000), 0);
	read_all();
	assert_int_equal(client.had, client.number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_order, start, finish),
		cmocka_unit_test_setup_teardown(without_numbers, start, finish),
		cmocka_unit_test_setup_teardown(has_bounds, start, finish),
		cmocka_unit_test_setup_teardown(waits_for_room, start, finish),
		cmocka_unit_test_setup_teardown(waits_for_each_connection, start, finish),
		cmocka_unit_test_setup_teardown(confirms_what_was_sent, start, finish),
		cmocka_unit_test_setup_teardown(detaches, start, finish),
		cmocka_unit_test_setup_teardown(attach_fails, start, finish),
		cmocka_unit_test_setup_teardown(destroyed_while_waiting, start, finish),
		cmocka_unit_test_setup_teardown(random_steps, start, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
