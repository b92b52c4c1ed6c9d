/* SPDX-License-Identifier: MIT
 *
 * wye/ready.h - whether the program wants requests: what the handler "ready" tells a load
 * balancer. It does from its start until a drain begins, while no check fails.
 *
 * A check is a state that its plugin keeps: nothing is run when somebody asks. A plugin that
 * must look (at a database, a disk) does so on a timer or a thread of its own.
 */
#ifndef WYE_READY_H
#define WYE_READY_H

#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wye_ready_check;

/* Adds a check, which holds until it is said to fail. Its name, 1 to 64 bytes of A-Z, a-z, 0-9,
 * ".", "_" and "-", is copied and shown; two may have the same. Any thread; for open().
 *
 * Returns 0; -EINVAL for the name; -ENOMEM. */
WYE_API int wye_ready_check_create(struct wye_ready_check **out,
				   const char *name) WYE_MUST_CHECK;
/* Takes it away; for close(). NULL is accepted. Any thread, after the last call for it. */
WYE_API void wye_ready_check_destroy(struct wye_ready_check *check);

/* The check fails, for a reason that is shown to whoever asks (copied, cut at 255 bytes): keep
 * secrets out of it. NULL: it holds. Any thread; takes a lock. */
WYE_API void wye_ready_check_set(struct wye_ready_check *check, const char *reason);

/* True while no check fails and no drain has begun. Any thread; no lock. */
WYE_API bool wye_is_ready(void);
/* True from the moment on in which the program was told to stop; it may accept for a while yet
 * (`drain_delay`). Any thread; no lock. */
WYE_API bool wye_is_draining(void);

/* Calls `visit` for each check that fails, under the lock: it must be short, and call nothing
 * of this header. Any thread. */
WYE_API void wye_ready_each_failing(void (*visit)(const char *name, const char *reason,
						  void *argument),
				    void *argument);

#ifdef __cplusplus
}
#endif
#endif
