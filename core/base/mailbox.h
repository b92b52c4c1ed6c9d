/* SPDX-License-Identifier: MIT
 *
 * mailbox.h - many writers, one reader, no lock: a stack of intrusive mails that the reader
 * takes as a whole and turns round. Mail of one writer is run in the order it was put in.
 */
#ifndef WYE_CORE_BASE_MAILBOX_H
#define WYE_CORE_BASE_MAILBOX_H

#include <stdatomic.h>

#include <wye/types.h>

/* Embedded in what is posted; belongs to the mailbox until `run` is called, and may be freed or
 * posted again by it. */
struct wye_mail {
	struct wye_mail *next;
	void (*run)(struct wye_mail *mail);
};

struct wye_mailbox {
	_Atomic(struct wye_mail *) top;
};

void wye_mailbox_init(struct wye_mailbox *box);

/* Any thread. `*was_empty` says whether the reader has to be woken. Returns 0; -ESHUTDOWN after
 * wye_mailbox_shut(): the mail was not taken. */
int wye_mailbox_put(struct wye_mailbox *box, struct wye_mail *mail,
		    bool *was_empty) WYE_MUST_CHECK;

/* True if there is mail. Reader's thread. */
bool wye_mailbox_waiting(const struct wye_mailbox *box);

/* Runs all mail that is there at the call; returns how many. Reader's thread. */
size_t wye_mailbox_run(struct wye_mailbox *box);

/* Refuses further mail; runs what is left. Reader's thread. */
void wye_mailbox_shut(struct wye_mailbox *box);

#endif
