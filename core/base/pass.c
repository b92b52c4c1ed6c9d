/* SPDX-License-Identifier: MIT
 *
 * pass.c - waits until all loops have gone on; part of <wye/loop.h>.
 */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <wye/loop.h>

struct crossing {
	pthread_mutex_t lock;
	pthread_cond_t over;
	unsigned left;
};

static void passed(void *argument)
{
	struct crossing *crossing = argument;

	pthread_mutex_lock(&crossing->lock);
	if (!--crossing->left)
		pthread_cond_signal(&crossing->over);
	pthread_mutex_unlock(&crossing->lock);
}

/* Without memory it tries again: who goes on too early frees what is in use. False if the loop
 * has ended. */
static bool post_in_any_case(struct wye_loop *loop, struct crossing *crossing)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int error;

	while ((error = wye_loop_post(loop, passed, crossing)) == -ENOMEM)
		nanosleep(&moment, NULL);
	return !error;
}

void wye_loops_pass(void)
{
	struct crossing crossing = { .lock = PTHREAD_MUTEX_INITIALIZER,
				     .over = PTHREAD_COND_INITIALIZER,
				     .left = wye_loop_count() };

	for (unsigned i = 0, count = crossing.left; i < count; i++)
		if (!post_in_any_case(wye_loop_at(i), &crossing))
			passed(&crossing);
	pthread_mutex_lock(&crossing.lock);
	while (crossing.left)
		pthread_cond_wait(&crossing.over, &crossing.lock);
	pthread_mutex_unlock(&crossing.lock);
}
