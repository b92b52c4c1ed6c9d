/* SPDX-License-Identifier: MIT
 *
 * drain.h - ends all connections of the stream loops gently, spread over a time. Main thread.
 */
#ifndef WYE_CORE_STREAM_DRAIN_H
#define WYE_CORE_STREAM_DRAIN_H

/* Starts it and returns; `spread` in milliseconds, 0: all at once. */
void wye_streams_drain(unsigned spread);

/* Ends what is left at once, soon after the call. Main thread, before the loops are stopped. */
void wye_streams_cut(void);

#endif
