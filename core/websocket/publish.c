/* SPDX-License-Identifier: MIT
 *
 * publish.c - see publish.h, <wye/group.h> and <wye/websocket.h>.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wye/group.h>
#include <wye/log.h>

#include "stream/send.h"
#include "websocket/members.h"
#include "websocket/metrics.h"
#include "websocket/publish.h"
#include "websocket/run.h"
#include "websocket/send.h"

/* Of all open connections. */
static struct wye_ws_windows all_windows;

void wye_ws_count_window(const struct wye_ws *ws, int change)
{
	wye_ws_windows_add(&all_windows, ws->deflate_bits, change);
	if (ws->deflate_bits)
		wye_ws_shared_expect(ws->route->deflate_minimum);
}

/* ---- membership ---- */

/* A join or leave on its way to the connection's loop. */
struct change {
	struct wye_mail mail;
	uint64_t id;
	struct wye_group *group;    /* entered, to join; or NULL */
	uint8_t bits;               /* of its window */
	struct wye_group_name name; /* to leave; its text lies behind */
};

static struct wye_ws *find_open(uint64_t id)
{
	struct wye_socket *socket = wye_socket_find(id, WYE_SOCKET_WEBSOCKET);

	return socket ? wye_ws_from_socket(socket) : NULL;
}

static void carry_out(struct wye_mail *mail)
{
	struct change *change = (struct change *)mail;
	struct wye_ws *ws = find_open(change->id);

	if (change->group && !ws)
		wye_group_quit(change->group,
			       wye_stream_index(wye_stream_of(wye_id_loop(change->id))),
			       change->bits);
	else if (change->group && wye_ws_enter_group(ws, change->group) == -ENOMEM)
		wye_log(WYE_LOG_ERROR, "no memory for a group's member");
	else if (ws && !change->group)
		wye_ws_leave_group(ws, &change->name);
	free(change);
}

static int post_change(const struct wye_socket_place *place, uint64_t id,
		       struct wye_group *group, const struct wye_group_name *name)
{
	size_t length = group ? 0 : name->text.length;
	struct change *change = malloc(sizeof *change + length);
	int error = change ? 0 : -ENOMEM;

	if (change) {
		*change = (struct change) {
			.id = id, .group = group, .bits = place->flags, .name = *name
		};
		change->name.text.data = memcpy(change + 1, name->text.data, length);
		error = wye_loop_mail(&place->loop->loop, &change->mail, carry_out);
	}
	if (!error)
		return 0;
	free(change);
	if (group)
		wye_group_quit(group, wye_stream_index(place->loop), place->flags);
	return error == -ENOMEM ? error : -ENOENT;
}

static int join(const struct wye_socket_place *place, uint64_t id,
		const struct wye_group_name *name)
{
	struct wye_group *group =
		wye_group_enter(name, wye_stream_index(place->loop), place->flags);
	int error;

	if (!group)
		return -ENOMEM;
	if (!wye_loop_here(&place->loop->loop))
		return post_change(place, id, group, name);
	error = wye_ws_enter_group(find_open(id), group);
	return error == -EALREADY ? 0 : error;
}

int wye_group_join(wye_ws_id id, struct wye_text group)
{
	struct wye_socket_place place = wye_socket_place(id.value, WYE_SOCKET_WEBSOCKET);
	struct wye_group_name name;
	int error = wye_group_name_make(&name, group, WYE_GROUP_NAMED);

	if (error)
		return error;
	return place.loop ? join(&place, id.value, &name) : -ENOENT;
}

int wye_group_leave(wye_ws_id id, struct wye_text group)
{
	struct wye_socket_place place = wye_socket_place(id.value, WYE_SOCKET_WEBSOCKET);
	struct wye_group_name name;
	int error = wye_group_name_make(&name, group, WYE_GROUP_NAMED);

	if (error || !place.loop)
		return error ? error : -ENOENT;
	if (!wye_loop_here(&place.loop->loop))
		return post_change(&place, id.value, NULL, &name);
	wye_ws_leave_group(find_open(id.value), &name);
	return 0;
}

int wye_ws_enter_user(struct wye_ws *ws)
{
	struct wye_socket_place place = { .loop = ws->socket.loop, .flags = ws->deflate_bits };
	struct wye_group_name name;

	if (wye_group_name_make(&name, ws->user, WYE_GROUP_USER))
		return 0; /* no user; or a name too long to be found by */
	return join(&place, ws->socket.id, &name);
}

/* ---- publishing ---- */

/* One frame on its way to one loop: to a group's members, or to a route's connections. */
struct publication {
	struct wye_mail mail;
	struct wye_ws_shared shared;
	struct wye_group *group; /* or NULL */
	struct wye_text route;   /* data NULL: all; else it lies behind */
	unsigned loop;
	struct wye_publication with;
};

static const uint64_t *key_of(const struct wye_publication *with)
{
	return with->keyed ? &with->key : NULL;
}

/* Of many members, most are cold. */
static inline void fetch_ahead(const struct wye_members *members, uint32_t i)
{
	if (i < 4)
		return;
	__builtin_prefetch(&members->list[i - 4].ws->socket);
	__builtin_prefetch(&members->list[i - 4].ws->socket.outbox);
	__builtin_prefetch(members->list[i - 2].ws->socket.slot, 1);
}

/* From the last to the first: a member that is disconnected leaves, and one that has had the
 * message already takes its place; the very last takes the list along. */
static void give_members(struct wye_members *members, const struct wye_ws_shared *shared,
			 const struct wye_publication *with)
{
	uint32_t i = members->count;

	while (i-- > 0) {
		struct wye_ws *ws = members->list[i].ws;

		fetch_ahead(members, i);
		if (ws->socket.id != with->except.value)
			(void)wye_ws_share(ws, shared, key_of(with));
	}
}

static bool is_on(const struct wye_ws *ws, struct wye_text route)
{
	const char *pattern = ws->route->base.pattern;

	return !route.data ||
	       (strlen(pattern) == route.length && !memcmp(pattern, route.data, route.length));
}

static void give_all(struct wye_stream_loop *loop, const struct wye_ws_shared *shared,
		     struct wye_text route)
{
	for (struct wye_socket *socket = loop->sockets; socket; socket = socket->next) {
		struct wye_ws *ws = wye_ws_from_socket(socket);

		if (ws && ws->state == WYE_WS_OPEN && is_on(ws, route))
			(void)wye_ws_share(ws, shared, NULL);
	}
}

/* To all members alike it goes with others in one piece. */
static void give_group(const struct publication *publication)
{
	const struct wye_ws_shared *shared = &publication->shared;
	bool alike = !publication->with.except.value && !publication->with.keyed;
	unsigned n = publication->loop;
	struct wye_members *members;

	if (alike)
		wye_ws_run_make_way(n, publication->group, shared->plain->length);
	else
		wye_ws_run_end(n);
	members = wye_members_find(n, &publication->group->name);
	if (members && !(alike && wye_ws_run_add(n, members, shared)))
		give_members(members, shared, &publication->with);
}

static void give(const struct publication *publication)
{
	if (publication->group) {
		give_group(publication);
		return;
	}
	wye_ws_run_end(publication->loop);
	give_all(wye_stream_at(publication->loop), &publication->shared, publication->route);
}

static void arrive(struct wye_mail *mail)
{
	struct publication *publication = (struct publication *)mail;

	give(publication);
	wye_ws_shared_drop(&publication->shared);
	if (publication->group)
		wye_group_drop(publication->group);
	free(publication);
}

static int post(const struct publication *model, unsigned n)
{
	struct publication *copy = malloc(sizeof *copy + model->route.length);

	if (!copy)
		return -ENOMEM;
	*copy = *model;
	copy->loop = n;
	if (model->route.data)
		copy->route.data = memcpy(copy + 1, model->route.data, model->route.length);
	wye_ws_shared_hold(&copy->shared);
	if (copy->group)
		wye_group_hold(copy->group);
	if (!wye_loop_mail(&wye_stream_at(n)->loop, &copy->mail, arrive))
		return 0;
	wye_ws_shared_drop(&copy->shared);
	if (copy->group)
		wye_group_drop(copy->group);
	free(copy);
	return 0; /* the loop has ended, and its connections */
}

/* To each loop that has somebody; at once on the caller's own. */
static int spread(struct publication *model)
{
	int error = 0;

	for (unsigned n = 0; n < wye_stream_count(); n++) {
		if (model->group && !wye_group_at(model->group, n))
			continue;
		model->loop = n;
		if (wye_loop_here(&wye_stream_at(n)->loop))
			give(model);
		else if (post(model, n))
			error = -ENOMEM;
	}
	return error;
}

static int frame_and_spread(struct publication *model, enum wye_ws_kind kind, const void *data,
			    size_t length)
{
	int error = wye_ws_shared_make(&model->shared, kind, data, length,
				       model->group ? &model->group->windows : &all_windows);

	if (error)
		return error;
	wye_ws_count_published();
	error = spread(model);
	wye_ws_shared_drop(&model->shared);
	return error;
}

/* On a loop that has members the group is found without a lock. */
static struct wye_group *find_group(const struct wye_group_name *name)
{
	struct wye_stream_loop *loop = wye_stream_here();
	struct wye_members *members =
		loop ? wye_members_find(wye_stream_index(loop), name) : NULL;

	if (!members)
		return wye_group_find(name);
	wye_group_hold(members->group);
	return members->group;
}

static int publish(struct wye_text text, enum wye_group_space space, enum wye_ws_kind kind,
		   const void *data, size_t length, const struct wye_publication *with)
{
	struct publication model = { .group = NULL };
	struct wye_group_name name;
	int error;

	if (with) /* of whatever version the caller has */
		memcpy(&model.with, with,
		       with->size < sizeof model.with ? with->size : sizeof model.with);
	if (wye_group_name_make(&name, text, space))
		return -ENOENT;
	model.group = find_group(&name);
	if (!model.group)
		return -ENOENT;
	error = frame_and_spread(&model, kind, data, length);
	wye_group_drop(model.group);
	return error;
}

int wye_group_publish_with(struct wye_text group, enum wye_ws_kind kind, const void *data,
			   size_t length, const struct wye_publication *with)
{
	return publish(group, WYE_GROUP_NAMED, kind, data, length, with);
}

int wye_group_publish(struct wye_text group, enum wye_ws_kind kind, const void *data,
		      size_t length)
{
	return publish(group, WYE_GROUP_NAMED, kind, data, length, NULL);
}

int wye_ws_send_user(struct wye_text user, enum wye_ws_kind kind, const void *data,
		     size_t length)
{
	return publish(user, WYE_GROUP_USER, kind, data, length, NULL);
}

int wye_ws_send_all(struct wye_text route, enum wye_ws_kind kind, const void *data,
		    size_t length)
{
	struct publication model = { .route = route };

	return frame_and_spread(&model, kind, data, length);
}

/* ---- counting ---- */

static size_t count(struct wye_text text, enum wye_group_space space)
{
	struct wye_group_name name;
	struct wye_group *group;
	size_t members;

	if (wye_group_name_make(&name, text, space))
		return 0;
	group = find_group(&name);
	if (!group)
		return 0;
	members = atomic_load_explicit(&group->members, memory_order_relaxed);
	wye_group_drop(group);
	return members;
}

size_t wye_group_count(struct wye_text group)
{
	return count(group, WYE_GROUP_NAMED);
}

size_t wye_ws_count_of_user(struct wye_text user)
{
	return count(user, WYE_GROUP_USER);
}
