/* SPDX-License-Identifier: MIT
 *
 * group.h - the directory of groups: which there are, and which loops have members of them.
 * A group's name is looked up under the lock of one of many shards; who is a member is known
 * to each loop for itself (members.h). Any thread, unless said otherwise.
 *
 * A group lives as long as somebody holds it: each membership does, and each publication on its
 * way. It is in the directory as long as it has members, those included that are on their way
 * to their loop: so whoever has joined is reached by what the same thread publishes next.
 */
#ifndef WYE_CORE_WEBSOCKET_GROUP_H
#define WYE_CORE_WEBSOCKET_GROUP_H

#include <stdatomic.h>

#include <wye/types.h>

#include "base/table.h"
#include "websocket/shared.h"

enum {
	WYE_GROUP_NAME_MAX = 256,
};

/* Names of the two kinds do not meet. */
enum wye_group_space {
	WYE_GROUP_NAMED, /* of plugins */
	WYE_GROUP_USER,  /* all connections of a user; kept by the runtime */
};

struct wye_group_name {
	struct wye_text text;
	enum wye_group_space space;
	uint64_t hash;
};

struct wye_group {
	struct wye_entry entry; /* of the directory; first */
	atomic_uint holders;
	atomic_size_t members;         /* changed under the shard's lock */
	struct wye_ws_windows windows; /* of the members */
	struct wye_group_name name;
	atomic_uint expected[]; /* by loop: members there, or on their way; likewise */
};

/* Before the loops run; `loops` is how many there will be. */
void wye_groups_start(unsigned loops);

/* Returns 0; -EINVAL for a name that is empty or too long. */
int wye_group_name_make(struct wye_group_name *out, struct wye_text text,
			enum wye_group_space space) WYE_MUST_CHECK;
bool wye_group_is(const struct wye_group *group, const struct wye_group_name *name);

/* The group with one more member on a loop, and held for it; made if need be. `bits` is the
 * window that the member has negotiated, or 0. NULL without memory. */
struct wye_group *wye_group_enter(const struct wye_group_name *name, unsigned loop,
				  unsigned bits);
/* Takes both back. */
void wye_group_quit(struct wye_group *group, unsigned loop, unsigned bits);

/* The group, held; NULL if it has no member. */
struct wye_group *wye_group_find(const struct wye_group_name *name);
void wye_group_hold(struct wye_group *group);
void wye_group_drop(struct wye_group *group);

/* True if a loop has members, or will have. */
static inline bool wye_group_at(const struct wye_group *group, unsigned loop)
{
	return atomic_load_explicit(&group->expected[loop], memory_order_relaxed) > 0;
}

#endif
