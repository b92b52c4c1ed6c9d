/* SPDX-License-Identifier: MIT
 *
 * runtime_orders.c - what the plugin of runtime.c can be told to do.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime.h"

static wye_ws_id addressee(struct runtime *runtime, const struct order *order,
			   struct wye_ws *ws)
{
	const char *name = order_text(order, "to");

	return !name && ws ? wye_ws_identity(ws) : peer_id(&runtime->peers, name);
}

/* ---- sending: `count` messages "NUMBER KEY ...", and how often which verdict came ---- */

struct verdicts {
	unsigned queued, dropping, again, full, gone, other;
	int last;
};

static void count_verdict(struct verdicts *verdicts, int verdict)
{
	unsigned *count = verdict == 0          ? &verdicts->queued
			  : verdict == 1        ? &verdicts->dropping
			  : verdict == -EAGAIN  ? &verdicts->again
			  : verdict == -ENOBUFS ? &verdicts->full
			  : verdict == -ENOENT  ? &verdicts->gone
						: &verdicts->other;

	++*count;
	verdicts->last = verdict;
}

static int send_one(struct runtime *runtime, const struct order *order, wye_ws_id id,
		    const char *text, size_t length, long key)
{
	struct wye_publication with = { .size = sizeof with,
					.keyed = key >= 0,
					.key = (uint64_t)key };

	if (order_is(order, "publish")) {
		with.except = peer_id(&runtime->peers, order_text(order, "except"));
		return wye_group_publish_with(order_name(order, "group"), WYE_WS_TEXT, text,
					      length, &with);
	}
	if (order_is(order, "all"))
		return wye_ws_send_all(order_name(order, "route"), WYE_WS_TEXT, text, length);
	if (order_is(order, "user"))
		return wye_ws_send_user(order_name(order, "user"), WYE_WS_TEXT, text, length);
	return key >= 0 ? wye_ws_send_keyed(id, (uint64_t)key, WYE_WS_TEXT, text, length)
			: wye_ws_send(id, WYE_WS_TEXT, text, length);
}

static void send_some(struct runtime *runtime, const struct order *order, wye_ws_id id,
		      struct answer *answer)
{
	long count = order_number(order, "count", 1), from = order_number(order, "from", 0),
	     keys = order_number(order, "keys", 0), until = order_number(order, "until", 9);
	size_t size = (size_t)order_number(order, "size", 20);
	struct verdicts verdicts = { 0 };
	char *text = malloc(size + 64);

	for (long i = from; text && i < from + count && verdicts.last != until; i++) {
		long key = keys ? i % keys : -1;
		int length = snprintf(text, 64, "%ld %ld ", i, key);

		if ((size_t)length < size)
			memset(text + length, '.', size - (size_t)length);
		count_verdict(&verdicts,
			      send_one(runtime, order, id, text, size ? size : 0, key));
	}
	free(text);
	say(answer, "%u %u %u %u %u %u %d", verdicts.queued, verdicts.dropping, verdicts.again,
	    verdicts.full, verdicts.gone, verdicts.other, verdicts.last);
}

/* ---- another thread, while this one waits: what it sends is on its way within the turn ----
 */

struct errand {
	struct runtime *runtime;
	const struct order *order;
	wye_ws_id id;
	struct answer *answer;
};

static void *run_errand(void *argument)
{
	const struct errand *errand = argument;

	send_some(errand->runtime, errand->order, errand->id, errand->answer);
	return NULL;
}

static void send_elsewhere(struct runtime *runtime, const struct order *order, wye_ws_id id,
			   struct answer *answer)
{
	struct errand errand = { runtime, order, id, answer };
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_errand, &errand))
		abort();
	pthread_join(thread, NULL);
}

/* ---- room ---- */

static void has_room(void *argument, int status)
{
	struct runtime *runtime = argument;

	if (!wye_loop_current())
		atomic_fetch_add(&runtime->rooms_elsewhere, 1);
	atomic_store(&runtime->room_status, status);
	atomic_fetch_add(&runtime->rooms, 1);
}

/* ---- what is known ---- */

struct question {
	struct latch latch;
	struct wye_ws_info info;
	uint64_t queued;
	size_t room;
	bool found;
};

static void ask(struct question *question, struct wye_ws *ws)
{
	question->info.size = sizeof question->info;
	wye_ws_describe(ws, &question->info);
	question->queued = wye_ws_queued(ws);
	question->room = wye_ws_room(ws);
	question->found = true;
}

static void asked(struct wye_ws *ws, void *argument)
{
	struct question *question = argument;

	if (ws)
		ask(question, ws);
	latch_open(&question->latch);
}

static void describe(wye_ws_id id, struct wye_ws *ws, struct answer *answer)
{
	struct question question = { .found = false };
	const struct wye_ws_info *info = &question.info;

	latch_init(&question.latch);
	if (ws)
		ask(&question, ws);
	else if (!wye_ws_post(id, asked, &question))
		latch_wait(&question.latch);
	if (question.found)
		say(answer,
		    "{\"in\": %lu, \"out\": %lu, \"waiting\": %lu, \"bytes_waiting\": %lu, "
		    "\"unacked\": %lu, \"bytes_unacked\": %lu, \"dropped\": %lu, "
		    "\"refused\": %lu, \"queued\": %lu, \"room\": %zu, \"user\": \"%.*s\"}",
		    info->messages_in, info->messages_out, info->messages_waiting,
		    info->bytes_waiting, info->messages_unacked, info->bytes_unacked,
		    info->messages_dropped, info->messages_refused, question.queued,
		    question.room, (int)info->user.length, info->user.data);
	else
		say(answer, "{}");
}

/* ---- visits ---- */

struct tour {
	struct runtime *runtime;
	struct latch latch;
	bool done_on_loop;
};

static void visit(struct wye_ws *ws, void *argument)
{
	struct runtime *runtime = ((struct tour *)argument)->runtime;

	if (!wye_loop_here(wye_ws_loop(ws)))
		atomic_fetch_add(&runtime->visits_elsewhere, 1);
	atomic_fetch_add(&runtime->visits, 1);
	(void)!wye_ws_send(wye_ws_identity(ws), WYE_WS_TEXT, "visited", 7);
}

static void visited(void *argument)
{
	struct tour *tour = argument;

	tour->done_on_loop = wye_loop_current();
	latch_open(&tour->latch);
}

static void each(struct runtime *runtime, const struct order *order, struct answer *answer)
{
	struct tour tour = { .runtime = runtime };
	int error;

	latch_init(&tour.latch);
	atomic_store(&runtime->visits, 0);
	if (order_text(order, "group"))
		error = wye_group_each(order_name(order, "group"), visit, visited, &tour);
	else if (order_text(order, "user"))
		error = wye_ws_each_of_user(order_name(order, "user"), visit, visited, &tour);
	else
		error = wye_ws_each(visit, visited, &tour);
	if (!error)
		latch_wait(&tour.latch);
	say(answer, "%d %d %d %d", error, runtime->visits, runtime->visits_elsewhere,
	    tour.done_on_loop);
}

/* ---- reading ---- */

static void pause_it(struct wye_ws *ws, void *argument)
{
	if (ws && argument)
		wye_ws_pause(ws);
	else if (ws)
		wye_ws_resume(ws);
}

/* Gives the socket whose client has this port a small buffer in the kernel, so that a peer that
 * does not read is felt soon. */
static void shrink(const struct order *order)
{
	const int size = 4096;

	for (int descriptor = 3; descriptor < 4096; descriptor++) {
		struct sockaddr_in peer = { 0 };
		socklen_t length = sizeof peer;

		if (!getpeername(descriptor, (struct sockaddr *)&peer, &length) &&
		    ntohs(peer.sin_port) == order_number(order, "port", 0))
			setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	}
}

/* ---- a storm: threads that publish to all groups in turn ---- */

struct storm {
	pthread_t thread;
	unsigned number, groups, messages;
};

static void *publish_all(void *argument)
{
	const struct storm *storm = argument;
	char name[16], text[32];

	for (unsigned i = 0; i < storm->messages * storm->groups; i++) {
		unsigned group = i % storm->groups;
		int length = snprintf(text, sizeof text, "%02u %03u %06u", storm->number, group,
				      i / storm->groups);

		snprintf(name, sizeof name, "g%u", group);
		(void)!wye_group_publish((struct wye_text) { name, strlen(name) }, WYE_WS_TEXT,
					 text, (size_t)length);
	}
	return NULL;
}

static void blow(const struct order *order)
{
	struct storm storms[8];

	for (unsigned i = 0; i < 8; i++) {
		storms[i] =
			(struct storm) { .number = i,
					 .groups = (unsigned)order_number(order, "groups", 1),
					 .messages =
						 (unsigned)order_number(order, "messages", 1) };
		if (pthread_create(&storms[i].thread, NULL, publish_all, &storms[i]))
			abort();
	}
	for (unsigned i = 0; i < 8; i++)
		pthread_join(storms[i].thread, NULL);
}

/* ---- orders ---- */

/* What becomes of `from` .. `to` groups g0, g1...: 500 joins in one order. */
static int change_groups(const struct order *order, wye_ws_id id,
			 int (*change)(wye_ws_id id, struct wye_text group))
{
	long from = order_number(order, "first", 0), count = order_number(order, "groups", 0),
	     of = order_number(order, "of", 1);
	int error = 0;
	char name[32];

	if (!count)
		return change(id, order_name(order, "group"));
	for (long i = from; i < from + count && !error; i++) {
		snprintf(name, sizeof name, "g%ld", i % of);
		error = change(id, (struct wye_text) { name, strlen(name) });
	}
	return error;
}

static void show(struct runtime *runtime, struct answer *answer)
{
	say(answer, "{\"drains\": %d, \"rooms\": %d, \"room_status\": %d, \"elsewhere\": %d}",
	    runtime->drains, runtime->rooms, runtime->room_status, runtime->rooms_elsewhere);
}

static void obey_one(struct runtime *runtime, const struct order *order, struct wye_ws *ws,
		     struct answer *answer)
{
	wye_ws_id id = addressee(runtime, order, ws);

	if (order_is(order, "join"))
		say(answer, "%d", change_groups(order, id, wye_group_join));
	else if (order_is(order, "leave"))
		say(answer, "%d", change_groups(order, id, wye_group_leave));
	else if (order_is(order, "close"))
		say(answer, "%d",
		    wye_ws_close(id, (unsigned)order_number(order, "code", 1000), "bye"));
	else if (order_is(order, "when"))
		say(answer, "%d", wye_ws_when_room(id, has_room, runtime));
	else if (order_is(order, "room"))
		say(answer, "%d", wye_ws_wait_room(id, (unsigned)order_number(order, "ms", 0)));
	else if (order_is(order, "acked"))
		say(answer, "%d", wye_ws_acked(id, (uint64_t)order_number(order, "number", 0)));
	else if (order_is(order, "pause"))
		say(answer, "%d", wye_ws_post(id, pause_it, runtime));
	else if (order_is(order, "resume"))
		say(answer, "%d", wye_ws_post(id, pause_it, NULL));
	else if (order_is(order, "describe"))
		describe(id, ws, answer);
	else if (order_number(order, "thread", 0))
		send_elsewhere(runtime, order, id, answer);
	else
		send_some(runtime, order, id, answer);
}

void obey(struct runtime *runtime, const struct order *order, struct wye_ws *ws,
	  struct answer *answer)
{
	if (order_is(order, "count")) {
		say(answer, "%zu", wye_group_count(order_name(order, "group")));
	} else if (order_is(order, "count-user")) {
		say(answer, "%zu", wye_ws_count_of_user(order_name(order, "user")));
	} else if (order_is(order, "each")) {
		each(runtime, order, answer);
	} else if (order_is(order, "shrink")) {
		shrink(order);
	} else if (order_is(order, "sleep")) {
		usleep((useconds_t)order_number(order, "ms", 0) * 1000);
	} else if (order_is(order, "storm")) {
		blow(order);
	} else if (order_is(order, "show")) {
		show(runtime, answer);
	} else if (order_is(order, "closes")) {
		pthread_mutex_lock(&runtime->lock);
		say(answer, "%.*s", (int)runtime->closes_length, runtime->closes);
		pthread_mutex_unlock(&runtime->lock);
	} else {
		obey_one(runtime, order, ws, answer);
	}
}
