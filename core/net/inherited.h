/* SPDX-License-Identifier: MIT
 *
 * inherited.h - listening sockets that the service manager opened and passed on: systemd's
 * socket activation (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES). Main thread.
 */
#ifndef WYE_CORE_NET_INHERITED_H
#define WYE_CORE_NET_INHERITED_H

#include <wye/types.h>

/* Takes note of them and unsets the variables, so that no child takes them for its own. First
 * thing of the program, before threads run. */
void wye_inherited_begin(void);

/* The next one of this name that was not taken yet; or, where none has the name and it is a
 * number, the one at that place, from 0. It is the caller's, non-blocking and listening.
 *
 * Returns the descriptor, or a negative errno with a sentence. */
int wye_inherited_take(const char *name, struct wye_error *why) WYE_MUST_CHECK;

/* Closes those that nobody took, with a warning in the log each. */
void wye_inherited_end(void);

#endif
