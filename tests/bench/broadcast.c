/* SPDX-License-Identifier: MIT
 *
 * broadcast.c - one connection publishes on a route where every message goes to every member,
 * its own included; the others are the subscribers, of whose deliveries the result speaks.
 *
 * Messages are numbered from 1, and each subscriber must get them in order and without a gap.
 * One that all subscribers have is done, and another follows it (closed loop), unless they are
 * published at a rate.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "modes.h"

/* A message that is not done. */
struct flight {
	uint64_t since; /* when it was published */
	unsigned have;  /* subscribers that have it */
};

static struct {
	struct client *publisher;
	struct flight *flights; /* by number, modulo options.in_flight */
	uint64_t oldest, next;  /* numbers: of the first that is not done, of the next */
	uint64_t last;          /* the last number to be published */
	uint64_t delivered;
	bool flowing; /* another follows each that is done */
} hub;

static struct flight *flight_of(uint64_t number)
{
	return &hub.flights[number % options.in_flight];
}

static bool may_publish(void)
{
	return hub.next - hub.oldest < options.in_flight && hub.next <= hub.last &&
	       hub.publisher->state == CLIENT_OPEN;
}

static void publish(void)
{
	*flight_of(hub.next) = (struct flight) { .since = client_now() };
	client_send_number(&load, hub.publisher, hub.next++);
}

static void publish_more(void)
{
	while (hub.flowing && !ending && may_publish())
		publish();
}

static void delivered(uint64_t number)
{
	struct flight *flight = flight_of(number);

	hub.delivered++;
	if (++flight->have < options.connections - 1)
		return;
	sample_add(client_now() - flight->since);
	hub.oldest = number + 1; /* those before it are done, as they came in order */
	publish_more();
}

static void numbered(struct client_load *all, struct client *client, uint64_t number)
{
	if (client == hub.publisher)
		return;
	if (client->expected && number != client->expected) {
		all->bad++;
		snprintf(all->trouble, sizeof all->trouble, "message %llu came instead of %llu",
			 (unsigned long long)number, (unsigned long long)client->expected);
	}
	client->expected = number + 1;
	if (number >= hub.oldest && number < hub.next)
		delivered(number);
}

const struct client_hooks broadcast_hooks = {
	.opened = opened_count,
	.heard = heard_nothing,
	.numbered = numbered,
	.failed = failed_note,
	.closed = closed_count,
};

/* A server may answer a handshake a moment before the newcomer is a member, so the first
 * messages may miss some. On a busy machine a message takes long: each is waited for longer. */
static void rehearse(uint64_t deadline)
{
	double patience = 0.2;

	do {
		uint64_t until = after(patience);

		if (over(deadline))
			die("a message does not reach every subscriber", ETIMEDOUT);
		hub.oldest = hub.next; /* the one before is given up */
		publish();
		while (hub.oldest < hub.next && !over(until))
			client_turn(&load, 20);
		patience *= 2;
	} while (hub.oldest < hub.next);
}

/* Publishes what is due at options.rate; returns the milliseconds until the next is. */
static int publish_due(uint64_t start, uint64_t first)
{
	uint64_t now = client_now(), due;

	for (;;) {
		due = start + (uint64_t)((double)(hub.next - first) * 1e9 / options.rate);
		if (due > now || !may_publish())
			break;
		publish();
	}
	return due > now ? (int)((due - now) / 1000000) : 1;
}

/* Until the deadline, the last message, or the loss of a connection. */
static void run(uint64_t deadline)
{
	uint64_t start = client_now(), first = hub.next;
	int wait = 100;

	while (!over(deadline) && hub.oldest <= hub.last && load.open == options.connections) {
		if (options.rate > 0)
			wait = publish_due(start, first);
		client_turn(&load, wait < 100 ? wait : 100);
	}
}

static uint64_t hub_read(struct window *now)
{
	window_read(now);
	now->messages = hub.delivered;
	return hub.oldest;
}

static void prepare(void)
{
	hub.flights = calloc(options.in_flight, sizeof *hub.flights);
	if (!hub.flights)
		die("memory", ENOMEM);
	hub.publisher = &clients[0];
	hub.oldest = hub.next = 1;
	hub.last = UINT64_MAX - 1;
	client_load_number(&load);
	open_all(after(60));
	if (load.open < options.connections)
		die(load.trouble[0] ? load.trouble : "connections", ECONNREFUSED);
	rehearse(after(30));
}

int mode_broadcast(void)
{
	struct window from, to;
	uint64_t first, done;
	bool wrong;

	prepare();
	if (options.messages)
		hub.last = hub.next + options.messages - 1;
	hub.flowing = options.rate <= 0;
	if (!options.messages) {
		publish_more();
		run(after(options.warm_up));
	}
	samples_forget();
	first = hub_read(&from);
	publish_more();
	run(after(options.messages ? 60 : options.seconds));
	done = hub_read(&to) - first;
	close_all(after(20));
	wrong = result_print("broadcast", &from, &to);
	printf(",\"subscribers\":%u,\"published\":%llu", options.connections - 1,
	       (unsigned long long)done);
	samples_print();
	return result_end(wrong || !done || done < options.messages);
}
