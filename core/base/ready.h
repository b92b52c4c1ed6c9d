/* SPDX-License-Identifier: MIT
 *
 * ready.h - the program's side of <wye/ready.h>.
 */
#ifndef WYE_CORE_BASE_READY_H
#define WYE_CORE_BASE_READY_H

#include <wye/ready.h>

/* A drain has begun: the program is not ready any more, for ever. Main thread. */
void wye_ready_drain(void);

#endif
