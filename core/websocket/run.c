/* SPDX-License-Identifier: MIT
 *
 * run.c - see run.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream/run.h"
#include "websocket/run.h"
#include "websocket/send.h"

enum {
	MESSAGES = 64, /* of a run */
	BYTES = 16384,
	LONGEST = 4096, /* frame: outboxes rather point to longer ones */
	FEW = 8,        /* members, for whom it does not pay */
};

/* One per loop, which alone touches it. */
static struct run {
	_Alignas(64) struct wye_run run; /* first */
	struct wye_members *members;     /* NULL: there is none */
	unsigned count;
	size_t bytes;
	size_t payload, longest; /* of all messages, of one */
	struct wye_ws_shared messages[MESSAGES];
	uint8_t data[BYTES];
} * runs;

/* ---- through the outbox ---- */

/* Nothing comes behind a message that the outbox is too full for. Is the connection ended by
 * that, and was it the last member, then the messages are gone with the run. */
static void give_behind(struct wye_ws *ws, const struct run *run, unsigned ahead)
{
	while (ahead < run->count && wye_ws_share(ws, &run->messages[ahead], NULL) != -ENOBUFS)
		ahead++;
}

static struct wye_member *find_member(const struct run *run, const struct wye_ws *ws)
{
	for (unsigned i = 0; i < ws->membership_count; i++)
		if (ws->memberships[i].members == run->members)
			return &run->members->list[ws->memberships[i].place];
	return NULL;
}

static void catch_up(struct wye_run *base, struct wye_socket *socket)
{
	struct run *run = (struct run *)base;
	struct wye_ws *ws = wye_ws_from_socket(socket);
	struct wye_member *member = ws ? find_member(run, ws) : NULL;
	unsigned ahead;

	if (!member || member->ahead == run->count)
		return;
	ahead = member->ahead;
	member->ahead = run->count; /* before sharing, which lets it catch up */
	if (!socket->killed)
		give_behind(ws, run, ahead);
}

/* ---- past it ---- */

static bool may_pass(const struct wye_ws *ws, const struct run *run)
{
	return ws->state == WYE_WS_OPEN && !ws->deflate_bits && !ws->owed &&
	       !wye_ws_measures(ws) && run->longest <= ws->route->outbox_bytes;
}

static void count_written(struct wye_ws *ws, unsigned messages, size_t payload)
{
	ws->socket.ops->written(&ws->socket, messages, payload);
	wye_ws_backlog_flushing(ws);
}

/* Of `sent` bytes that the kernel took one message may have been cut. */
static void give_from(struct wye_ws *ws, const struct run *run, size_t sent)
{
	for (unsigned i = 0; i < run->count; i++) {
		const struct wye_frame *frame = run->messages[i].plain;

		if (!sent) {
			give_behind(ws, run, i);
			return;
		}
		count_written(ws, 1, frame->payload);
		if (sent < frame->length) {
			wye_socket_put_rest(&ws->socket, frame->data + sent,
					    frame->length - sent);
			sent = frame->length;
		}
		sent -= frame->length;
	}
}

static void write_past(struct wye_ws *ws, const struct run *run)
{
	size_t sent = may_pass(ws, run)
			      ? wye_socket_write_past(&ws->socket, run->data, run->bytes)
			      : 0;

	if (sent == run->bytes)
		count_written(ws, run->count, run->payload);
	else
		give_from(ws, run, sent);
}

static struct wye_stream_loop *loop_of(const struct run *run)
{
	return wye_stream_at((unsigned)(run - runs));
}

static void close_run(struct run *run)
{
	loop_of(run)->run = NULL;
	run->members = NULL;
}

static void drop_messages(struct run *run)
{
	for (unsigned i = 0; i < run->count; i++)
		wye_ws_shared_drop(&run->messages[i]);
}

/* From the last to the first: a member that is disconnected leaves, and one that has had the
 * messages already takes its place; the very last takes the list along. */
static void end_run(struct run *run, bool past)
{
	struct wye_members *members = run->members;
	uint32_t i = members->count;

	close_run(run);
	while (i-- > 0) {
		struct wye_member *member = &members->list[i];
		unsigned ahead = member->ahead;

		if (i)
			wye_socket_fetch(&member[-1].ws->socket);
		member->ahead = 0;
		if (past && !ahead)
			write_past(member->ws, run);
		else
			give_behind(member->ws, run, ahead);
	}
	drop_messages(run);
}

static void write_all(struct wye_run *run)
{
	end_run((struct run *)run, true);
}

/* ---- on the loop ---- */

int wye_ws_runs_start(unsigned loops)
{
	runs = aligned_alloc(64, loops * sizeof *runs);
	for (unsigned i = 0; runs && i < loops; i++) {
		runs[i].run = (struct wye_run) { catch_up, write_all };
		runs[i].members = NULL;
	}
	return runs ? 0 : -ENOMEM;
}

void wye_ws_run_end(unsigned n)
{
	if (runs[n].members)
		end_run(&runs[n], false);
}

void wye_ws_run_make_way(unsigned n, const struct wye_group *group, size_t length)
{
	struct run *run = &runs[n];

	if (!run->members)
		return;
	if (run->members->group != group || length > LONGEST)
		end_run(run, false);
	else if (run->count == MESSAGES || run->bytes + length > BYTES)
		end_run(run, true);
}

static void begin(struct run *run, struct wye_members *members)
{
	loop_of(run)->run = &run->run;
	run->members = members;
	run->count = 0;
	run->bytes = run->payload = run->longest = 0;
}

bool wye_ws_run_add(unsigned n, struct wye_members *members, const struct wye_ws_shared *shared)
{
	const struct wye_frame *frame = shared->plain;
	struct run *run = &runs[n];

	if (!run->members) {
		if (frame->length > LONGEST || members->count < FEW)
			return false;
		begin(run, members);
	}
	wye_ws_shared_hold(shared);
	run->messages[run->count++] = *shared;
	memcpy(run->data + run->bytes, frame->data, frame->length);
	run->bytes += frame->length;
	run->payload += frame->payload;
	if (frame->payload > run->longest)
		run->longest = frame->payload;
	return true;
}

/* ---- members that come and go ---- */

unsigned wye_ws_run_length(unsigned n, const struct wye_members *members)
{
	return runs[n].members == members ? runs[n].count : 0;
}

void wye_ws_run_forget(unsigned n, const struct wye_members *members)
{
	struct run *run = &runs[n];

	if (run->members != members)
		return;
	close_run(run);
	drop_messages(run);
}
