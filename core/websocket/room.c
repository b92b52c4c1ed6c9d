/* SPDX-License-Identifier: MIT
 *
 * room.c - waiting for room in an outbox; public functions of <wye/websocket.h>.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/until.h"
#include "stream/send.h"
#include "websocket/connection.h"

/* On its way to the connection's loop, then in the socket's list. */
struct wait {
	struct wye_room_wait wait; /* first */
	struct wye_mail mail;
	uint64_t id;
	void (*run)(void *argument, int status);
	void *argument;
};

static void over(struct wye_room_wait *base, int status)
{
	struct wait *wait = (struct wait *)base;
	struct wye_call before = wye_call_enter("a wait for room", NULL);

	wait->run(wait->argument, status);
	wye_call_leave(before);
	free(wait);
}

static void arrive(struct wye_mail *mail)
{
	struct wait *wait = (struct wait *)((char *)mail - offsetof(struct wait, mail));
	struct wye_socket *socket = wye_socket_find(wait->id, WYE_SOCKET_WEBSOCKET);

	if (socket)
		wye_socket_wait(socket, &wait->wait);
	else
		over(&wait->wait, -ENOENT);
}

int wye_ws_when_room(wye_ws_id id, void (*run)(void *argument, int status), void *argument)
{
	struct wye_socket_place place = wye_socket_place(id.value, WYE_SOCKET_WEBSOCKET);
	struct wait *wait;

	if (!place.loop)
		return -ENOENT;
	wait = malloc(sizeof *wait);
	if (!wait)
		return -ENOMEM;
	*wait = (struct wait) {
		.wait.run = over, .id = id.value, .run = run, .argument = argument
	};
	if (!wye_loop_mail(&place.loop->loop, &wait->mail, arrive))
		return 0;
	free(wait);
	return -ENOENT;
}

/* ---- for threads that may block ---- */

/* Freed by the last of two: who waits, and the call. */
struct sleeper {
	pthread_mutex_t lock;
	pthread_cond_t woken;
	int status; /* 1: not yet */
	unsigned holders;
};

static struct sleeper *sleeper_create(void)
{
	struct sleeper *sleeper = malloc(sizeof *sleeper);
	pthread_condattr_t clock;

	if (!sleeper)
		return NULL;
	pthread_mutex_init(&sleeper->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&sleeper->woken, &clock);
	pthread_condattr_destroy(&clock);
	sleeper->status = 1;
	sleeper->holders = 2;
	return sleeper;
}

/* Under its lock, which is given up. */
static void let_go(struct sleeper *sleeper)
{
	bool last = !--sleeper->holders;

	pthread_mutex_unlock(&sleeper->lock);
	if (!last)
		return;
	pthread_cond_destroy(&sleeper->woken);
	pthread_mutex_destroy(&sleeper->lock);
	free(sleeper);
}

static void wake(void *argument, int status)
{
	struct sleeper *sleeper = argument;

	pthread_mutex_lock(&sleeper->lock);
	sleeper->status = status;
	pthread_cond_signal(&sleeper->woken);
	let_go(sleeper);
}

static int sleep_until_woken(struct sleeper *sleeper, unsigned milliseconds)
{
	const struct timespec until = wye_until(CLOCK_MONOTONIC, milliseconds);
	int error = 0, status;

	pthread_mutex_lock(&sleeper->lock);
	while (sleeper->status == 1 && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&sleeper->woken, &sleeper->lock, &until);
	status = sleeper->status == 1 ? -ETIMEDOUT : sleeper->status;
	let_go(sleeper);
	return status;
}

int wye_ws_wait_room(wye_ws_id id, unsigned milliseconds)
{
	struct sleeper *sleeper;
	int error;

	if (wye_loop_current())
		return -EDEADLK;
	sleeper = sleeper_create();
	if (!sleeper)
		return -ENOMEM;
	error = wye_ws_when_room(id, wake, sleeper);
	if (!error)
		return sleep_until_woken(sleeper, milliseconds);
	sleeper->holders = 1;
	pthread_mutex_lock(&sleeper->lock);
	let_go(sleeper);
	return error;
}
