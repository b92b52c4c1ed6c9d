/* SPDX-License-Identifier: MIT
 *
 * mailbox.c - see mailbox.h.
 */
#include <errno.h>

#include "base/mailbox.h"

/* On top of a mailbox that takes no more mail. */
static struct wye_mail shut;

void wye_mailbox_init(struct wye_mailbox *box)
{
	atomic_init(&box->top, NULL);
}

int wye_mailbox_put(struct wye_mailbox *box, struct wye_mail *mail, bool *was_empty)
{
	struct wye_mail *top = atomic_load_explicit(&box->top, memory_order_relaxed);

	do {
		if (top == &shut)
			return -ESHUTDOWN;
		mail->next = top;
	} while (!atomic_compare_exchange_weak_explicit(
		&box->top, &top, mail, memory_order_release, memory_order_relaxed));
	*was_empty = !top;
	return 0;
}

bool wye_mailbox_waiting(const struct wye_mailbox *box)
{
	return atomic_load_explicit(&box->top, memory_order_relaxed);
}

static size_t run_all(struct wye_mail *newest)
{
	struct wye_mail *oldest = NULL;
	size_t count = 0;

	while (newest) {
		struct wye_mail *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	for (; oldest; count++) {
		struct wye_mail *mail = oldest;

		oldest = mail->next; /* before `run` may free it */
		mail->run(mail);
	}
	return count;
}

size_t wye_mailbox_run(struct wye_mailbox *box)
{
	if (!wye_mailbox_waiting(box))
		return 0;
	return run_all(atomic_exchange_explicit(&box->top, NULL, memory_order_acquire));
}

void wye_mailbox_shut(struct wye_mailbox *box)
{
	struct wye_mail *left =
		atomic_exchange_explicit(&box->top, &shut, memory_order_acq_rel);

	if (left != &shut)
		run_all(left);
}
