/* SPDX-License-Identifier: MIT
 *
 * members.c - see members.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "stream/run.h"
#include "websocket/members.h"
#include "websocket/run.h"

/* One per loop, which alone touches it. */
static struct local {
	_Alignas(64) struct wye_table table;
} * locals;

int wye_members_start(unsigned loops)
{
	locals = aligned_alloc(64, loops * sizeof *locals);
	for (unsigned i = 0; locals && i < loops; i++)
		locals[i].table = (struct wye_table) { .buckets = NULL };
	return locals ? 0 : -ENOMEM;
}

static unsigned loop_of(const struct wye_ws *ws)
{
	return wye_stream_index(ws->socket.loop);
}

struct wye_members *wye_members_find(unsigned n, const struct wye_group_name *name)
{
	struct wye_entry *entry = wye_table_first(&locals[n].table, name->hash);

	while (entry && !wye_group_is(((struct wye_members *)entry)->group, name))
		entry = wye_table_next(entry);
	return (struct wye_members *)entry;
}

static struct wye_members *find_or_make(struct wye_ws *ws, struct wye_group *group)
{
	struct wye_members *members = wye_members_find(loop_of(ws), &group->name);

	if (members)
		return members;
	members = calloc(1, sizeof *members);
	if (!members)
		return NULL;
	members->group = group;
	members->entry.hash = group->name.hash;
	if (wye_table_add(&locals[loop_of(ws)].table, &members->entry)) {
		free(members);
		return NULL;
	}
	return members;
}

static void free_if_empty(struct wye_ws *ws, struct wye_members *members)
{
	if (members->count)
		return;
	wye_ws_run_forget(loop_of(ws), members);
	wye_table_remove(&locals[loop_of(ws)].table, &members->entry);
	free(members->list);
	free(members);
}

static bool append(struct wye_members *members, struct wye_ws *ws)
{
	if (members->count == members->capacity) {
		uint32_t capacity = members->capacity ? members->capacity * 2 : 2;
		struct wye_member *list = realloc(members->list, capacity * sizeof *list);

		if (!list)
			return false;
		members->list = list;
		members->capacity = capacity;
	}
	members->list[members->count++] =
		(struct wye_member) { ws, ws->membership_count,
				      wye_ws_run_length(loop_of(ws), members) };
	return true;
}

static struct wye_membership *membership_of(struct wye_ws *ws,
					    const struct wye_members *members)
{
	for (unsigned i = 0; i < ws->membership_count; i++)
		if (ws->memberships[i].members == members)
			return &ws->memberships[i];
	return NULL;
}

/* Grows by doubling: there is no room at each power of two. */
static bool make_place(struct wye_ws *ws)
{
	unsigned count = ws->membership_count;
	struct wye_membership *grown;

	if (count & (count - 1))
		return true;
	grown = realloc(ws->memberships, (count ? 2 * count : 1) * sizeof *grown);
	if (grown)
		ws->memberships = grown;
	return grown;
}

/* One that is in no group holds no places. */
static void free_places(struct wye_ws *ws)
{
	if (ws->membership_count)
		return;
	free(ws->memberships);
	ws->memberships = NULL;
}

static int enter(struct wye_ws *ws, struct wye_members *members)
{
	if (membership_of(ws, members))
		return -EALREADY;
	if (ws->membership_count == UINT16_MAX || !make_place(ws) || !append(members, ws)) {
		free_places(ws);
		return -ENOMEM;
	}
	ws->memberships[ws->membership_count++] =
		(struct wye_membership) { members, members->count - 1 };
	return 0;
}

int wye_ws_enter_group(struct wye_ws *ws, struct wye_group *group)
{
	struct wye_members *members = find_or_make(ws, group);
	int error = members ? enter(ws, members) : -ENOMEM;

	if (!error)
		return 0;
	if (members)
		free_if_empty(ws, members);
	wye_group_quit(group, loop_of(ws), ws->deflate_bits);
	return error;
}

/* In both arrays the last takes the place of the one that leaves. */
static void unlink_membership(struct wye_ws *ws, uint32_t at)
{
	struct wye_membership gone = ws->memberships[at], moved;
	struct wye_member last = gone.members->list[--gone.members->count];

	if (gone.place < gone.members->count) {
		gone.members->list[gone.place] = last;
		last.ws->memberships[last.at].place = gone.place;
	}
	moved = ws->memberships[--ws->membership_count];
	if (at == ws->membership_count)
		return;
	ws->memberships[at] = moved;
	moved.members->list[moved.place].at = at;
}

static void leave(struct wye_ws *ws, uint32_t at)
{
	struct wye_members *members = ws->memberships[at].members;
	struct wye_group *group = members->group;

	unlink_membership(ws, at);
	free_if_empty(ws, members);
	wye_group_quit(group, loop_of(ws), ws->deflate_bits);
	free_places(ws);
}

void wye_ws_leave_group(struct wye_ws *ws, const struct wye_group_name *name)
{
	struct wye_members *members;
	struct wye_membership *membership;

	wye_socket_catch_up(&ws->socket); /* by that it may leave, and the members be gone */
	members = wye_members_find(loop_of(ws), name);
	membership = members ? membership_of(ws, members) : NULL;
	if (membership)
		leave(ws, (uint32_t)(membership - ws->memberships));
}

void wye_ws_leave_groups(struct wye_ws *ws)
{
	while (ws->membership_count)
		leave(ws, ws->membership_count - 1u);
}
