/* SPDX-License-Identifier: MIT
 *
 * context.c - see context.h and <wye/context.h>.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/context.h"

struct wye_context_deadline {
	struct wye_timer timer;
	struct wye_context *context;
	uint64_t at; /* milliseconds of the loop's clock */
	bool over;   /* `expired` was called: not again on another loop */
};

void wye_context_init(struct wye_context *context, struct wye_loop *loop,
		      void (*expired)(struct wye_context *context))
{
	atomic_store_explicit(&context->cause, WYE_NOT_CANCELLED, memory_order_relaxed);
	context->loop = loop;
	context->callbacks = NULL;
	context->deadline = NULL;
	context->expired = expired;
}

enum wye_cancel_cause wye_context_cancelled(const struct wye_context *context)
{
	return (enum wye_cancel_cause)atomic_load_explicit(&context->cause,
							   memory_order_relaxed);
}

void wye_cancel_stop(struct wye_cancel *cancel)
{
	if (!cancel->link)
		return;
	*cancel->link = cancel->next;
	if (cancel->next)
		cancel->next->link = cancel->link;
	cancel->link = NULL;
}

void wye_context_cancel(struct wye_context *context, enum wye_cancel_cause cause)
{
	if (wye_context_cancelled(context))
		return;
	atomic_store_explicit(&context->cause, (int)cause, memory_order_relaxed);
	while (context->callbacks) {
		struct wye_cancel *cancel = context->callbacks;

		wye_cancel_stop(cancel);
		cancel->run(cancel->argument, cause);
	}
}

void wye_context_on_cancel(struct wye_context *context, struct wye_cancel *cancel,
			   void (*run)(void *argument, enum wye_cancel_cause cause),
			   void *argument)
{
	enum wye_cancel_cause cause = wye_context_cancelled(context);

	*cancel = (struct wye_cancel) { .run = run, .argument = argument };
	if (cause) {
		run(argument, cause);
		return;
	}
	cancel->next = context->callbacks;
	cancel->link = &context->callbacks;
	if (cancel->next)
		cancel->next->link = &cancel->next;
	context->callbacks = cancel;
}

static void expire(void *argument)
{
	struct wye_context_deadline *deadline = argument;
	struct wye_context *context = deadline->context;

	deadline->over = true;
	wye_context_cancel(context, WYE_CANCEL_DEADLINE);
	context->expired(context);
}

static void start_timer(struct wye_context_deadline *deadline, struct wye_loop *loop)
{
	uint64_t left = deadline->at > loop->now ? deadline->at - loop->now : 0;

	wye_timer_start(loop, &deadline->timer, left);
}

int wye_context_set_deadline(struct wye_context *context, uint64_t milliseconds)
{
	struct wye_context_deadline *deadline = context->deadline;
	uint64_t at = context->loop->now + milliseconds;

	if (!deadline) {
		deadline = malloc(sizeof *deadline);
		if (!deadline)
			return -ENOMEM;
		deadline->context = context;
		deadline->at = UINT64_MAX;
		deadline->over = false;
		wye_timer_init(&deadline->timer, expire, deadline);
		context->deadline = deadline;
	}
	if (at >= deadline->at)
		return 0;
	deadline->at = at;
	start_timer(deadline, context->loop);
	return 0;
}

uint64_t wye_context_time_left(const struct wye_context *context)
{
	const struct wye_context_deadline *deadline = context->deadline;

	if (!deadline)
		return UINT64_MAX;
	return deadline->at > context->loop->now ? deadline->at - context->loop->now : 0;
}

void wye_context_leave(struct wye_context *context)
{
	if (context->deadline)
		wye_timer_stop(context->loop, &context->deadline->timer);
}

void wye_context_enter(struct wye_context *context, struct wye_loop *loop)
{
	context->loop = loop;
	if (context->deadline && !context->deadline->over)
		start_timer(context->deadline, loop);
}

void wye_context_fini(struct wye_context *context)
{
	wye_context_cancel(context, WYE_CANCEL_ENDED);
	if (!context->deadline)
		return;
	wye_timer_stop(context->loop, &context->deadline->timer);
	free(context->deadline);
	context->deadline = NULL;
}
