/* SPDX-License-Identifier: MIT
 *
 * context.h - the owner's side of <wye/context.h>: embedded in a request, a WebSocket
 * connection, an event stream. On the owner's loop, but for the cause, which a step on the
 * blocking pool may read.
 */
#ifndef WYE_CORE_BASE_CONTEXT_H
#define WYE_CORE_BASE_CONTEXT_H

#include <stdatomic.h>

#include <wye/context.h>

#include "base/loop.h"

struct wye_context_deadline;

struct wye_context {
	_Atomic int cause; /* enum wye_cancel_cause */
	struct wye_loop *loop;
	struct wye_cancel *callbacks;
	struct wye_context_deadline *deadline; /* allocated when one is set: most have none */
	/* The deadline is over and callbacks have run: the owner ends what the context is of.
	 */
	void (*expired)(struct wye_context *context);
};

void wye_context_init(struct wye_context *context, struct wye_loop *loop,
		      void (*expired)(struct wye_context *context));

/* Cancels it, unless it is already; callbacks run. */
void wye_context_cancel(struct wye_context *context, enum wye_cancel_cause cause);

/* Cancels with WYE_CANCEL_ENDED and frees what it holds. */
void wye_context_fini(struct wye_context *context);

/* Takes it to another loop. Called on the old one, which must not touch it afterwards. */
void wye_context_leave(struct wye_context *context);
/* Goes on on the new loop, whose thread calls. */
void wye_context_enter(struct wye_context *context, struct wye_loop *loop);

#endif
