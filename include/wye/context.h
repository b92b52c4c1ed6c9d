/* SPDX-License-Identifier: MIT
 *
 * wye/context.h - whether anybody still waits: every request and every connection has a
 * context, which is cancelled when the client vanishes, when its time is up, or when the
 * program begins to drain, and at its end at the latest.
 *
 * A context lives as long as its request or connection, on that one's loop. Other threads name
 * requests by tickets and connections by ids, which tell by themselves that it is too late.
 */
#ifndef WYE_CONTEXT_H
#define WYE_CONTEXT_H

#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wye_context;

/* Why a context was cancelled: the first cause stays. */
enum wye_cancel_cause {
	WYE_NOT_CANCELLED,   /* 0 */
	WYE_CANCEL_GONE,     /* the client vanished */
	WYE_CANCEL_DEADLINE, /* time is up */
	WYE_CANCEL_DRAIN,    /* the program stops; an answer is still sent if it comes soon */
	WYE_CANCEL_ENDED,    /* the request or connection has ended in the ordinary way */
};

/* Any thread that holds the request, a step on the blocking pool for example. */
WYE_API enum wye_cancel_cause wye_context_cancelled(const struct wye_context *context);

/* Sets the time until which all must be over, in milliseconds from now; it can only be made
 * shorter. Then the context is cancelled; a request that still waits is answered with 503, one
 * whose body is still coming with 408, a reply under way is cut; a WebSocket connection is
 * closed with 1008, an event stream ended. The context's loop.
 *
 * Returns 0; -ENOMEM. */
WYE_API int wye_context_set_deadline(struct wye_context *context,
				     uint64_t milliseconds) WYE_MUST_CHECK;

/* Milliseconds left; UINT64_MAX without a deadline. The context's loop. */
WYE_API uint64_t wye_context_time_left(const struct wye_context *context);

/* A function to be called at cancellation, embedded in its owner's memory, which must stay
 * until it was called or stopped. The members are private. */
struct wye_cancel {
	struct wye_cancel *next, **link;
	void (*run)(void *argument, enum wye_cancel_cause cause);
	void *argument;
};

/* Calls `run(argument, cause)` once, on the context's loop, when the context is cancelled; at
 * once if it is already. While a step of the request is on the blocking pool it may run beside
 * that step. The context's loop. */
WYE_API void wye_context_on_cancel(struct wye_context *context, struct wye_cancel *cancel,
				   void (*run)(void *argument, enum wye_cancel_cause cause),
				   void *argument);

/* Takes it back; one that was called is left alone. The context's loop. */
WYE_API void wye_cancel_stop(struct wye_cancel *cancel);

#ifdef __cplusplus
}
#endif
#endif
