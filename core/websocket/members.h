/* SPDX-License-Identifier: MIT
 *
 * members.h - a loop's own members of groups: found and walked without a lock. All calls on the
 * connection's loop.
 */
#ifndef WYE_CORE_WEBSOCKET_MEMBERS_H
#define WYE_CORE_WEBSOCKET_MEMBERS_H

#include "websocket/connection.h"
#include "websocket/group.h"

/* A member, which of its memberships this is, and how much of an open run (run.h) it has had or
 * is not to have. */
struct wye_member {
	struct wye_ws *ws;
	uint32_t at, ahead;
};

/* The members of one group on one loop; there as long as there are any. */
struct wye_members {
	struct wye_entry entry; /* of the loop's table; first */
	struct wye_group *group;
	struct wye_member *list;
	uint32_t count, capacity;
};

/* One of a connection's. */
struct wye_membership {
	struct wye_members *members;
	uint32_t place; /* in their list */
};

/* Before the loops run; -ENOMEM. */
int wye_members_start(unsigned loops) WYE_MUST_CHECK;

/* The members on the calling loop, the n-th; NULL: none. */
struct wye_members *wye_members_find(unsigned n, const struct wye_group_name *name);

/* Makes it a member of a group that was entered for it. Returns 0; -EALREADY or
 * -ENOMEM: it is quit again then. */
int wye_ws_enter_group(struct wye_ws *ws, struct wye_group *group) WYE_MUST_CHECK;
void wye_ws_leave_group(struct wye_ws *ws, const struct wye_group_name *name);
/* After it has caught up (stream/run.h). */
void wye_ws_leave_groups(struct wye_ws *ws);

#endif
