/* SPDX-License-Identifier: MIT
 *
 * renewal.h - certificates that are read again while the program runs: when it is asked for,
 * and when their files have changed. Main thread.
 */
#ifndef WYE_CORE_RENEWAL_H
#define WYE_CORE_RENEWAL_H

#include "config/options.h"
#include "net/listener.h"

/* What main waits for: files have changed, and were quiet since, or not for seconds. */
#define WYE_RENEWAL_SIGNAL SIGALRM

/* Begins to watch the files of all listeners; after the privileges were dropped, and with the
 * signal blocked. Returns 0 or a negative errno. */
int wye_renewal_start(const struct wye_listeners *listeners) WYE_MUST_CHECK;

/* Reads the certificates of each listener again, or of those whose files have changed. One that
 * has something wrong is logged and stays as it was. */
void wye_renewal_run(const struct wye_listeners *listeners, bool all);

#endif
