/* SPDX-License-Identifier: MIT
 *
 * own.c - see own.h.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "http/own.h"

static _Thread_local struct wye_own *here;

void wye_own_enter(struct wye_own *own)
{
	here = own;
}

static int watch(struct wye_own *own, int descriptor, uint32_t events, void *mark)
{
	struct epoll_event event = { .events = events, .data.ptr = mark };

	return epoll_ctl(own->set, EPOLL_CTL_ADD, descriptor, &event) ? -errno : 0;
}

int wye_own_watch(struct wye_own *own, int descriptor, uint32_t flags)
{
	return watch(own, descriptor, EPOLLIN | flags, NULL);
}

int wye_own_watch_listener(struct wye_own *own, int descriptor, size_t index)
{
	return watch(own, descriptor, EPOLLIN | EPOLLEXCLUSIVE, &own->marks[index]);
}

void wye_own_forget(struct wye_own *own, int descriptor)
{
	epoll_ctl(own->set, EPOLL_CTL_DEL, descriptor, NULL);
}

static void note(struct wye_own *own, struct epoll_event *event)
{
	uintptr_t index = (uintptr_t)event->data.ptr - (uintptr_t)own->marks;

	if (index < WYE_LISTENERS_MAX) {
		own->listeners |= UINT64_C(1) << index;
		event->data.ptr = NULL;
	} else if (event->events & EPOLLRDHUP) {
		own->ended(event->data.ptr);
	}
}

/* Other threads, and other sets, have nothing to be asked for or noted. wye's own entries have
 * no edges to be missed. */
WYE_API int epoll_ctl(int set, int operation, int descriptor, struct epoll_event *event)
{
	struct epoll_event more;

	if (here && set == here->set && event && event->events & EPOLLET) {
		more = *event;
		more.events |= EPOLLRDHUP;
		event = &more;
	}
	return (int)syscall(SYS_epoll_ctl, set, operation, descriptor, event);
}

WYE_API int epoll_wait(int set, struct epoll_event *events, int most, int timeout)
{
	int count = epoll_pwait(set, events, most, timeout, NULL);

	if (here && set == here->set)
		for (int i = 0; i < count; i++)
			note(here, &events[i]);
	return count;
}
