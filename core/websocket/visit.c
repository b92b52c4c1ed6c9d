/* SPDX-License-Identifier: MIT
 *
 * visit.c - visits to the connections of a group, of a user, or to all, each on its own loop;
 * public functions of <wye/group.h> and <wye/websocket.h>.
 */
#include <errno.h>
#include <stdlib.h>

#include <wye/group.h>

#include "stream/send.h"
#include "websocket/members.h"

/* Shared by its calls on all loops; freed by the last. */
struct round {
	atomic_uint left;
	struct wye_group *group; /* NULL: all */
	void (*visit)(struct wye_ws *ws, void *argument);
	void (*done)(void *argument);
	void *argument;
	struct call {
		struct wye_mail mail;
		struct round *round; /* NULL: nobody is there */
		unsigned loop;
	} calls[];
};

/* Who is there at the beginning: a visit may change the lists. */
struct snapshot {
	size_t count;
	uint64_t *ids;
};

static struct snapshot members_of(const struct wye_members *members)
{
	struct snapshot all = { 0, malloc(members->count * sizeof(uint64_t)) };

	for (uint32_t i = 0; all.ids && i < members->count; i++)
		all.ids[all.count++] = members->list[i].ws->socket.id;
	return all;
}

static struct snapshot sockets_of(const struct wye_stream_loop *loop)
{
	struct snapshot all = { 0, NULL };
	size_t count = 0;

	for (const struct wye_socket *socket = loop->sockets; socket; socket = socket->next)
		count++;
	all.ids = malloc(count * sizeof(uint64_t) + 1);
	for (const struct wye_socket *socket = loop->sockets; all.ids && socket;
	     socket = socket->next)
		all.ids[all.count++] = socket->id;
	return all;
}

static struct snapshot take_snapshot(const struct call *call)
{
	const struct wye_members *members;

	if (!call->round->group)
		return sockets_of(wye_stream_at(call->loop));
	members = wye_members_find(call->loop, &call->round->group->name);
	return members ? members_of(members) : (struct snapshot) { 0, NULL };
}

static void finish(struct round *round)
{
	if (atomic_fetch_sub_explicit(&round->left, 1, memory_order_acq_rel) > 1)
		return;
	if (round->done)
		round->done(round->argument);
	if (round->group)
		wye_group_drop(round->group);
	free(round);
}

static void run_call(struct wye_mail *mail)
{
	struct call *call = (struct call *)mail;
	struct round *round = call->round;
	struct snapshot all = take_snapshot(call);
	struct wye_call before = wye_call_enter("a visit", NULL);

	for (size_t i = 0; i < all.count; i++) {
		struct wye_socket *socket = wye_socket_find(all.ids[i], WYE_SOCKET_WEBSOCKET);

		if (socket)
			round->visit(wye_ws_from_socket(socket), round->argument);
	}
	free(all.ids);
	finish(round);
	wye_call_leave(before);
}

/* On which loops there is somebody; one at least, for `done`. Returns how many. */
static unsigned choose_loops(struct round *round, unsigned loops)
{
	unsigned count = 0;

	for (unsigned n = 0; n < loops; n++) {
		bool wanted = !round->group || wye_group_at(round->group, n);

		round->calls[n].loop = n;
		if (!wanted && (count || n < loops - 1))
			continue;
		round->calls[n].round = round;
		count++;
	}
	return count;
}

static int start(struct wye_group *group, void (*visit)(struct wye_ws *ws, void *argument),
		 void (*done)(void *argument), void *argument)
{
	unsigned loops = wye_stream_count();
	struct round *round = calloc(1, sizeof *round + loops * sizeof round->calls[0]);
	unsigned left;

	if (!round) {
		if (group)
			wye_group_drop(group);
		return -ENOMEM;
	}
	round->group = group;
	round->visit = visit;
	round->done = done;
	round->argument = argument;
	left = choose_loops(round, loops);
	atomic_init(&round->left, left);
	for (unsigned n = 0; left; n++) { /* behind the last call it may be gone */
		if (!round->calls[n].round)
			continue;
		left--;
		if (wye_loop_mail(&wye_stream_at(n)->loop, &round->calls[n].mail, run_call))
			finish(round); /* the loop has ended */
	}
	return 0;
}

int wye_ws_each(void (*visit)(struct wye_ws *ws, void *argument), void (*done)(void *argument),
		void *argument)
{
	return start(NULL, visit, done, argument);
}

static int start_group(struct wye_text text, enum wye_group_space space,
		       void (*visit)(struct wye_ws *ws, void *argument),
		       void (*done)(void *argument), void *argument)
{
	struct wye_group_name name;
	struct wye_group *group =
		wye_group_name_make(&name, text, space) ? NULL : wye_group_find(&name);

	return group ? start(group, visit, done, argument) : -ENOENT;
}

int wye_group_each(struct wye_text group, void (*visit)(struct wye_ws *ws, void *argument),
		   void (*done)(void *argument), void *argument)
{
	return start_group(group, WYE_GROUP_NAMED, visit, done, argument);
}

int wye_ws_each_of_user(struct wye_text user, void (*visit)(struct wye_ws *ws, void *argument),
			void (*done)(void *argument), void *argument)
{
	return start_group(user, WYE_GROUP_USER, visit, done, argument);
}
