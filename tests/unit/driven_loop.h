/* SPDX-License-Identifier: MIT
 *
 * driven_loop.h - for tests: a loop that is driven turn by turn, by an engine that is an event
 * descriptor and poll(2).
 */
#ifndef WYE_TESTS_UNIT_DRIVEN_LOOP_H
#define WYE_TESTS_UNIT_DRIVEN_LOOP_H

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/loop.h"

struct driven {
	struct wye_loop loop; /* first */
	int wake, watches;
};

static void driven_wake(struct wye_loop *loop)
{
	const uint64_t one = 1;

	(void)!write(((struct driven *)loop)->wake, &one, sizeof one);
}

static int driven_attach(struct wye_loop *loop, int descriptor)
{
	((struct driven *)loop)->watches = descriptor;
	return 0;
}

/* On the main thread, as the program does. Returns 0 or a negative errno. */
static int driven_init(struct driven *driven, unsigned index)
{
	static const struct wye_loop_engine ops = { driven_wake, driven_attach };

	driven->wake = eventfd(0, EFD_NONBLOCK);
	driven->watches = -1;
	return wye_loop_init(&driven->loop, index, "test", &ops);
}

/* One that the calling thread will drive. */
static int driven_start(struct driven *driven, unsigned index)
{
	int error = driven_init(driven, index);

	wye_loop_enter(&driven->loop);
	return error;
}

static void driven_end(struct driven *driven)
{
	wye_loop_end(&driven->loop);
	wye_loop_fini(&driven->loop);
	close(driven->wake);
}

static void driven_turn(struct driven *driven)
{
	struct pollfd wait[2] = { { driven->wake, POLLIN, 0 }, { driven->watches, POLLIN, 0 } };
	uint64_t count;

	poll(wait, 2, wye_loop_timeout(&driven->loop));
	(void)!read(driven->wake, &count, sizeof count);
	wye_loop_turn(&driven->loop);
	if (driven->loop.watches)
		wye_loop_watches(&driven->loop);
}

#endif
