/* SPDX-License-Identifier: MIT
 *
 * until.h - the end of a wait, as pthread_cond_timedwait(3) and sem_clockwait(3) want it. Any
 * thread.
 */
#ifndef WYE_CORE_BASE_UNTIL_H
#define WYE_CORE_BASE_UNTIL_H

#include <time.h>

/* So many milliseconds from now, on that clock. */
static inline struct timespec wye_until(clockid_t clock, unsigned milliseconds)
{
	struct timespec until;

	clock_gettime(clock, &until);
	until.tv_sec += milliseconds / 1000;
	until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return until;
}

#endif
