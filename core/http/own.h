/* SPDX-License-Identifier: MIT
 *
 * own.h - wye's descriptors in the epoll set that the engine waits in. It skips entries with a
 * NULL for data, and tells nobody of them: to know whether a client waits to be accepted would
 * take a system call in each turn. But it waits by epoll_wait(3), which wye defines by itself:
 * so listeners that are ready are noted as they come, and made NULL for the engine. And a
 * client's end that comes together with its last bytes, which the engine misses, is asked for
 * where it calls epoll_ctl(3).
 *
 * One per http thread, used by that thread alone; main may watch before it runs.
 */
#ifndef WYE_CORE_HTTP_OWN_H
#define WYE_CORE_HTTP_OWN_H

#include "net/listener.h"

struct wye_own {
	int set;                         /* the engine's */
	uint64_t listeners;              /* those that are ready: a bit each, by index */
	void (*ended)(void *connection); /* the engine's; its client says no more */
	char marks[WYE_LISTENERS_MAX];   /* their addresses stand for listeners in the set */
};

/* It is the calling thread's from now on. */
void wye_own_enter(struct wye_own *own);

/* The descriptor wakes the thread when it is readable; `flags`: EPOLLET. 0 or a negative errno.
 */
int wye_own_watch(struct wye_own *own, int descriptor, uint32_t flags) WYE_MUST_CHECK;
/* The same for a listener; of several threads one is woken per connection. */
int wye_own_watch_listener(struct wye_own *own, int descriptor, size_t index) WYE_MUST_CHECK;
void wye_own_forget(struct wye_own *own, int descriptor);

#endif
