/* SPDX-License-Identifier: MIT
 *
 * ledger.h - when messages were queued that are not acknowledged yet: what one flush found is
 * one entry. Bounded: above that the newest entry takes more in, at its own time, so that a
 * delay is never understated. Belongs to a connection, on whose loop all calls are; holds no
 * memory while nothing waits.
 */
#ifndef WYE_CORE_WEBSOCKET_LEDGER_H
#define WYE_CORE_WEBSOCKET_LEDGER_H

#include "route/route.h"
#include "websocket/backlog.h"

enum {
	WYE_LEDGER_ENTRIES = 256,
};

/* All of them may be called with `*ledger` NULL: an empty one. */

/* What was queued up to `mark` stands in the ledger from now on. */
void wye_ledger_add(struct wye_ws_ledger **ledger, struct wye_ws_mark mark, uint32_t place,
		    uint64_t now);
/* What stands before `mark` is acknowledged: how long it took is counted. `from` is what was
 * acknowledged before. */
void wye_ledger_take(struct wye_ws_ledger **ledger, struct wye_ws_mark from,
		     struct wye_ws_mark mark, uint64_t now,
		     const struct wye_ws_route_metrics *metrics);
/* The mark after so many messages; bytes within one entry are in proportion. */
struct wye_ws_mark wye_ledger_find(const struct wye_ws_ledger *ledger, struct wye_ws_mark from,
				   uint64_t messages);
/* A message that stood in the outbox at `place` was dropped. */
void wye_ledger_drop(struct wye_ws_ledger *ledger, uint32_t place, unsigned messages,
		     size_t bytes);
void wye_ledger_fini(struct wye_ws_ledger **ledger);

#endif
