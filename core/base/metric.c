/* SPDX-License-Identifier: MIT
 *
 * metric.c - see metric.h.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <wye/log.h>

#include "base/metric.h"

struct cells {
	struct cells *next, **link;
	_Atomic int64_t values[WYE_METRICS_MAX];
};

static struct {
	pthread_mutex_t lock;
	pthread_once_t once;
	pthread_key_t key;
	struct cells *threads;            /* of living threads */
	int64_t retired[WYE_METRICS_MAX]; /* what ended threads left */
	const char *names[WYE_METRICS_MAX];
	unsigned count;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT };

static _Thread_local struct cells *mine;

static void retire(void *argument)
{
	struct cells *cells = argument;

	pthread_mutex_lock(&all.lock);
	for (unsigned i = 0; i < WYE_METRICS_MAX; i++)
		all.retired[i] += atomic_load_explicit(&cells->values[i], memory_order_relaxed);
	*cells->link = cells->next;
	if (cells->next)
		cells->next->link = cells->link;
	pthread_mutex_unlock(&all.lock);
	mine = NULL;
	free(cells);
}

static void make_key(void)
{
	pthread_key_create(&all.key, retire);
}

static struct cells *join(void)
{
	struct cells *cells = calloc(1, sizeof *cells);

	if (!cells)
		return NULL;
	pthread_once(&all.once, make_key);
	pthread_setspecific(all.key, cells);
	pthread_mutex_lock(&all.lock);
	cells->next = all.threads;
	cells->link = &all.threads;
	if (cells->next)
		cells->next->link = &cells->next;
	all.threads = cells;
	pthread_mutex_unlock(&all.lock);
	mine = cells;
	return cells;
}

wye_metric wye_metric_register(const char *name, enum wye_metric_kind kind)
{
	unsigned index = 0;

	(void)kind; /* both are summed; the exposition will tell them apart */
	pthread_mutex_lock(&all.lock);
	while (index < all.count && strcmp(all.names[index], name))
		index++;
	if (index == all.count && all.count < WYE_METRICS_MAX) {
		const char *copy = strdup(name); /* kept for the life of the program */

		all.names[all.count++] = copy ? copy : "";
	}
	pthread_mutex_unlock(&all.lock);
	if (index < WYE_METRICS_MAX)
		return index;
	wye_log(WYE_LOG_ERROR, "no room for metric %s", name);
	return WYE_METRICS_MAX - 1;
}

void wye_metric_add(wye_metric metric, int64_t amount)
{
	struct cells *cells = mine ? mine : join();
	_Atomic int64_t *value;

	if (!cells)
		return;
	value = &cells->values[metric];
	atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + amount,
			      memory_order_relaxed);
}

static int64_t sum(wye_metric metric)
{
	int64_t total = all.retired[metric];

	for (const struct cells *cells = all.threads; cells; cells = cells->next)
		total += atomic_load_explicit(&cells->values[metric], memory_order_relaxed);
	return total;
}

int64_t wye_metric_read(wye_metric metric)
{
	int64_t total;

	pthread_mutex_lock(&all.lock);
	total = sum(metric);
	pthread_mutex_unlock(&all.lock);
	return total;
}

int wye_metric_json(struct wye_buffer *out)
{
	int error = 0;

	pthread_mutex_lock(&all.lock);
	for (unsigned i = 0; i < all.count && !error; i++)
		error = wye_buffer_printf(out, "%s\"%s\":%lld", i ? "," : "{", all.names[i],
					  (long long)sum(i));
	pthread_mutex_unlock(&all.lock);
	return error ? error : wye_buffer_append(out, "}", 1);
}
