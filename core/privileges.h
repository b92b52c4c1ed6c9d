/* SPDX-License-Identifier: MIT
 *
 * privileges.h - what the program may do: it gives up what it does not need, for good. Main
 * thread.
 */
#ifndef WYE_CORE_PRIVILEGES_H
#define WYE_CORE_PRIVILEGES_H

#include "config/options.h"

/* Whom the settings `user` and `group` name, and whether anybody has such names. */
void wye_privileges_check(const struct wye_options *options, struct wye_problems *problems);

/* Before the first thread: nothing that is executed from here on gets more than we have
 * (PR_SET_NO_NEW_PRIVS). */
void wye_privileges_limit(void);

/* Becomes `user` and `group`, with the groups that this user is in, and can't go back; then
 * sets what `core_dumps` says. When all is bound and before threads that serve: the threads
 * that run already change with it (setuid(2), nptl(7)). Returns 0, or a negative errno with a
 * sentence. */
int wye_privileges_drop(const struct wye_options *options,
			struct wye_error *why) WYE_MUST_CHECK;

/* Gives a file to `user` and `group`, if they are set: before the drop. Returns 0 or a negative
 * errno. */
int wye_privileges_give(const struct wye_options *options, const char *path) WYE_MUST_CHECK;

#endif
