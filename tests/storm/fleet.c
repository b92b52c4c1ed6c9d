/* SPDX-License-Identifier: MIT
 *
 * fleet.c - see fleet.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet.h"

enum {
	TURN = 2,      /* milliseconds */
	AT_ONCE = 128, /* on the way, while all are opened for the first time */
};

static const uint64_t SECOND = 1000000000;

enum state {
	OUTSIDE, /* until `due` */
	TRYING,
	INSIDE,
	GAVE_UP,
};

struct member {
	struct client client; /* first */
	enum state state;
	bool lost; /* its first connection */
	unsigned attempts;
	uint64_t due;
};

static struct fleet_options options;
static struct fleet_result result;
static struct client_load load;
static struct member *members;
static bool returning, ending;
static unsigned counts[GAVE_UP + 1], losses;

static void become(struct member *member, enum state state)
{
	counts[member->state]--;
	counts[state]++;
	member->state = state;
}

/* ---- when they try ---- */

static uint64_t back_off(unsigned attempt)
{
	uint64_t delay = SECOND * ((uint64_t)1 << (attempt < 5 ? attempt : 5)) +
			 (uint64_t)random() % 1000 * 1000000;

	if (options.every > 0)
		return (uint64_t)(options.every * 1e9);
	return delay < 30 * SECOND ? delay : 30 * SECOND;
}

static void try_later(struct member *member)
{
	if (returning && options.attempts && member->attempts >= options.attempts) {
		become(member, GAVE_UP);
		return;
	}
	become(member, OUTSIDE);
	member->due = client_now() + back_off(returning ? member->attempts : 0);
}

static void failed(struct client_load *all, struct client *client)
{
	(void)all;
	if (client->answer_length)
		result.refused++;
	else
		result.unreachable++;
	try_later((struct member *)client);
}

static void try_now(struct member *member)
{
	become(member, TRYING);
	member->attempts++;
	if (client_connect(&load, &member->client)) {
		member->client.answer_length = 0;
		failed(&load, &member->client);
	}
}

static void try_those_due(unsigned at_once)
{
	uint64_t now = client_now();

	if (!counts[OUTSIDE])
		return;
	for (unsigned i = 0; i < options.clients && counts[TRYING] < at_once; i++)
		if (members[i].state == OUTSIDE && members[i].due <= now)
			try_now(&members[i]);
}

/* ---- what happens to them ---- */

static void opened(struct client_load *all, struct client *client)
{
	struct member *member = (struct member *)client;
	unsigned needed = member->attempts;

	(void)all;
	become(member, INSIDE);
	if (!returning || result.returned == 2 * options.clients)
		return;
	result.needed[needed < FLEET_ATTEMPTS ? needed : FLEET_ATTEMPTS]++;
	result.let_in[result.returned++] = client_now();
}

static void closed(struct client_load *all, struct client *client, bool proper)
{
	struct member *member = (struct member *)client;

	(void)all;
	(void)proper;
	if (ending) {
		become(member, GAVE_UP);
		return;
	}
	if (returning && !member->lost) {
		member->lost = true;
		losses++;
	}
	member->attempts = 0;
	try_later(member);
}

static void heard(struct client_load *all, struct client *client, unsigned messages)
{
	(void)all;
	(void)client;
	(void)messages;
}

static const struct client_hooks hooks = {
	.opened = opened, .heard = heard, .failed = failed, .closed = closed
};

/* ---- the run ---- */

int fleet_begin(const struct fleet_options *given)
{
	int error;

	options = *given;
	error = client_load_init(&load, options.target, 1, 1);
	if (error) {
		fprintf(stderr, "storm: %s: %s\n", options.target, strerror(-error));
		return error;
	}
	load.sources = options.sources;
	load.hooks = &hooks;
	members = calloc(options.clients, sizeof *members);
	result.let_in = calloc(2 * (size_t)options.clients, sizeof *result.let_in);
	if (!members || !result.let_in) {
		fprintf(stderr, "storm: no memory\n");
		return -ENOMEM;
	}
	for (unsigned i = 0; i < options.clients; i++)
		members[i].client.index = i;
	counts[OUTSIDE] = options.clients;
	return 0;
}

const struct sockaddr_in *fleet_server(void)
{
	return &load.target;
}

void fleet_turn(void)
{
	client_turn(&load, TURN);
}

bool fleet_open(uint64_t deadline)
{
	while (counts[INSIDE] < options.clients) {
		if (client_now() >= deadline)
			return false;
		try_those_due(AT_ONCE);
		fleet_turn();
	}
	return true;
}

bool fleet_return(uint64_t deadline)
{
	bool in_time = true;

	result.refused = result.unreachable = 0;
	returning = true;
	while (in_time && (losses < options.clients || counts[OUTSIDE] || counts[TRYING])) {
		try_those_due(options.clients);
		fleet_turn();
		in_time = client_now() < deadline;
	}
	return in_time;
}

void fleet_end(void)
{
	uint64_t deadline = client_now() + 5 * SECOND;

	ending = true;
	for (unsigned i = 0; i < options.clients; i++)
		if (members[i].state == INSIDE)
			client_close(&load, &members[i].client);
	while (counts[INSIDE] && client_now() < deadline)
		fleet_turn();
}

const struct fleet_result *fleet_result(void)
{
	result.inside = counts[INSIDE];
	result.given_up = counts[GAVE_UP];
	return &result;
}
