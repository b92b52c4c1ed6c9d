/* SPDX-License-Identifier: MIT
 *
 * log.h - the program's side of <wye/log.h>: starting and ending the thread that writes. Lines
 * before the start and after the end go straight to standard error.
 */
#ifndef WYE_CORE_BASE_LOG_H
#define WYE_CORE_BASE_LOG_H

#include <wye/log.h>

/* Main thread. Returns 0 or a negative errno. */
int wye_log_start(void) WYE_MUST_CHECK;
/* Writes out what is left, as far as possible within a second. Main thread. */
void wye_log_stop(void);

void wye_log_set_level(enum wye_log_level level);

#endif
