/* SPDX-License-Identifier: MIT
 *
 * sink.h - the thread behind all sinks. The sinks' functions stand in <wye/log.h>.
 */
#ifndef WYE_CORE_BASE_SINK_H
#define WYE_CORE_BASE_SINK_H

#include <wye/log.h>

/* Main thread. Lines put in before the start wait for it. Returns 0 or a negative errno. */
int wye_sinks_start(void) WYE_MUST_CHECK;
/* Drains all for at most a second. Sinks stay open. */
void wye_sinks_stop(void);

/* The config is only looked at: no file is made. Main thread, before the first is opened. */
void wye_sinks_try(void);

/* Opens all files anew, after they were renamed (logrotate). What was queued before goes to the
 * old file, as far as that takes it within a second in all. Where a new one can't be opened the
 * old one stays in use, and a line in the log says so. "-" and "stderr" are left alone. Main
 * thread; others may write meanwhile. */
void wye_sinks_reopen(void);

/* Warns of files that wye_sinks_reopen() could not open now, as the program has become another
 * user. Main thread. */
void wye_sinks_check(void);

#endif
