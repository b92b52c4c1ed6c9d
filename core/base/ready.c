/* SPDX-License-Identifier: MIT
 *
 * ready.c - see ready.h and <wye/ready.h>. What is asked often, whether anything fails, is one
 * number; the list is for who wants to know what.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <wye/metric.h>

#include "base/ready.h"

enum {
	NAME = 64,
	REASON = 256,
};

struct wye_ready_check {
	TAILQ_ENTRY(wye_ready_check) place;
	bool failing;
	char name[NAME + 1];
	char reason[REASON];
};

static struct {
	pthread_mutex_t lock;
	TAILQ_HEAD(, wye_ready_check) checks;
	atomic_uint failing;
	atomic_bool draining;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER, .checks = TAILQ_HEAD_INITIALIZER(all.checks) };

static bool is_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t length = strspn(name, allowed);

	return length && length <= NAME && !name[length];
}

int wye_ready_check_create(struct wye_ready_check **out, const char *name)
{
	struct wye_ready_check *check;

	if (!is_name(name))
		return -EINVAL;
	check = calloc(1, sizeof *check);
	if (!check)
		return -ENOMEM;
	strcpy(check->name, name);
	pthread_mutex_lock(&all.lock);
	TAILQ_INSERT_TAIL(&all.checks, check, place);
	pthread_mutex_unlock(&all.lock);
	*out = check;
	return 0;
}

/* Under the lock. */
static void set(struct wye_ready_check *check, const char *reason)
{
	wye_metric metric = wye_metric_register("ready_checks_failing", WYE_GAUGE);

	if (check->failing != (reason != NULL)) {
		atomic_fetch_add(&all.failing, reason ? 1u : -1u);
		wye_metric_add(metric, reason ? 1 : -1);
	}
	check->failing = reason;
	snprintf(check->reason, sizeof check->reason, "%s", reason ? reason : "");
}

void wye_ready_check_set(struct wye_ready_check *check, const char *reason)
{
	pthread_mutex_lock(&all.lock);
	set(check, reason);
	pthread_mutex_unlock(&all.lock);
}

void wye_ready_check_destroy(struct wye_ready_check *check)
{
	if (!check)
		return;
	pthread_mutex_lock(&all.lock);
	set(check, NULL);
	TAILQ_REMOVE(&all.checks, check, place);
	pthread_mutex_unlock(&all.lock);
	free(check);
}

void wye_ready_drain(void)
{
	atomic_store(&all.draining, true);
}

bool wye_is_draining(void)
{
	return atomic_load(&all.draining);
}

bool wye_is_ready(void)
{
	return !atomic_load(&all.draining) && !atomic_load(&all.failing);
}

void wye_ready_each_failing(void (*visit)(const char *name, const char *reason, void *argument),
			    void *argument)
{
	struct wye_ready_check *check;

	pthread_mutex_lock(&all.lock);
	TAILQ_FOREACH(check, &all.checks, place)
	if (check->failing)
		visit(check->name, check->reason, argument);
	pthread_mutex_unlock(&all.lock);
}
