/* SPDX-License-Identifier: MIT
 *
 * run.h - what the members of one group on one loop are sent within one turn (stream/run.h).
 * There is one run at most on a loop: another group's message, or one that is too long or not
 * for all, ends it. All calls on the loop, the n-th.
 */
#ifndef WYE_CORE_WEBSOCKET_RUN_H
#define WYE_CORE_WEBSOCKET_RUN_H

#include "stream/run.h"
#include "websocket/members.h"
#include "websocket/shared.h"

/* Before the loops run; -ENOMEM. */
int wye_ws_runs_start(unsigned loops) WYE_MUST_CHECK;

/* A message of this group is to be given to its members on the loop: the run is ended unless
 * it can take such a frame, of `length` bytes. Members may leave by it. */
void wye_ws_run_make_way(unsigned n, const struct wye_group *group, size_t length);
/* Then: the members get it at the turn's end. False: it is to be given to each, now. */
bool wye_ws_run_add(unsigned n, struct wye_members *members,
		    const struct wye_ws_shared *shared) WYE_MUST_CHECK;
/* Ends the run, into the outboxes of those it is for. Members may leave by it. */
void wye_ws_run_end(unsigned n);

/* Messages of the run, if it is for these members: a new one gets none of them. */
unsigned wye_ws_run_length(unsigned n, const struct wye_members *members);
/* Before its numbers are told: what it is to have of the run is queued, or refused. */
static inline void wye_ws_run_settle(const struct wye_ws *ws)
{
	wye_socket_catch_up(&((struct wye_ws *)ws)->socket);
}

/* All these members are gone: with them the run, if it is theirs. */
void wye_ws_run_forget(unsigned n, const struct wye_members *members);

#endif
