/* SPDX-License-Identifier: MIT
 *
 * wye/group.h - groups of WebSocket connections: publish and subscribe within the program.
 *
 * A group is made by its first member and gone with its last; its name is any text of 1 to 256
 * bytes. All calls from any thread, at any time. A message is framed once, shared by all who
 * receive it, and costs nothing to loops without members.
 *
 * Order: what one thread publishes arrives at each member in that order, also beside what the
 * same thread sends to it alone. A member gets what is published after its join returned and
 * before its leave, by the same thread or one that was told of it by a posted call.
 */
#ifndef WYE_GROUP_H
#define WYE_GROUP_H

#include <wye/types.h>
#include <wye/websocket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a connection a member; once is enough, another time changes nothing. At its end it
 * leaves all its groups. Returns 0; -ENOENT if it is gone or closing; -EINVAL for the name;
 * -ENOMEM. From another thread than the connection's the last may be found out later: then it
 * is no member, and a line is logged. */
WYE_API int wye_group_join(wye_ws_id id, struct wye_text group) WYE_MUST_CHECK;
/* Returns 0, also if it was no member; -ENOENT if it is gone or closing; -ENOMEM. */
WYE_API int wye_group_leave(wye_ws_id id, struct wye_text group);

/* Sends a message to all members; copied. What finds no room in a member's outbox goes by its
 * route's slow_consumer. Returns 0; -ENOENT if there is no member; -EMSGSIZE above 256 MiB;
 * -ENOMEM. */
WYE_API int wye_group_publish(struct wye_text group, enum wye_ws_kind kind, const void *data,
			      size_t length) WYE_MUST_CHECK;

/* What a publication may have besides. */
struct wye_publication {
	size_t size;
	wye_ws_id except; /* a member that does not get it, as it is its own; 0: none */
	bool keyed;
	uint64_t key; /* as of wye_ws_send_keyed() */
};
WYE_API int wye_group_publish_with(struct wye_text group, enum wye_ws_kind kind,
				   const void *data, size_t length,
				   const struct wye_publication *with) WYE_MUST_CHECK;

/* How many members it has. */
WYE_API size_t wye_group_count(struct wye_text group);

/* Calls `visit` for each member on its own loop, then `done` once: as wye_ws_each(). Returns 0;
 * -ENOENT if there is no member: nothing is called; -ENOMEM. */
WYE_API int wye_group_each(struct wye_text group,
			   void (*visit)(struct wye_ws *ws, void *argument),
			   void (*done)(void *argument), void *argument) WYE_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
