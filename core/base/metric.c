/* SPDX-License-Identifier: MIT
 *
 * metric.c - see metric.h.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/log.h>

#include "base/metric.h"

static struct {
	pthread_mutex_t lock;
	pthread_once_t once;
	pthread_key_t key;
	struct wye_metric_cells *threads; /* of living threads */
	int64_t retired[WYE_METRICS_MAX]; /* of ended threads, and of those without cells */
	const char *names[WYE_METRICS_MAX];
	unsigned count;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT };

_Thread_local struct wye_metric_cells *wye_metric_mine;

static void retire(void *argument)
{
	struct wye_metric_cells *cells = argument;

	pthread_mutex_lock(&all.lock);
	for (unsigned i = 0; i < WYE_METRICS_MAX; i++)
		all.retired[i] += atomic_load_explicit(&cells->values[i], memory_order_relaxed);
	*cells->link = cells->next;
	if (cells->next)
		cells->next->link = cells->link;
	pthread_mutex_unlock(&all.lock);
	wye_metric_mine = NULL;
	free(cells);
}

static void make_key(void)
{
	pthread_key_create(&all.key, retire);
}

static __attribute__((noinline, cold)) struct wye_metric_cells *join(void)
{
	struct wye_metric_cells *cells = calloc(1, sizeof *cells);

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
	wye_metric_mine = cells;
	return cells;
}

/* Under the lock. The last place stands for all that found none. */
static unsigned place_of(const char *name)
{
	unsigned index = 0;

	while (index < all.count && strcmp(all.names[index], name))
		index++;
	if (index == all.count && all.count < WYE_METRICS_MAX - 1) {
		const char *copy = strdup(name); /* kept for the life of the program */

		if (copy)
			all.names[all.count++] = copy;
	}
	return index < all.count ? index : WYE_METRICS_MAX - 1;
}

/* Once: thousands of routes have thousands of them. */
static void tell_if_full(wye_metric metric, const char *name)
{
	static atomic_bool told;

	if (metric == WYE_METRICS_MAX - 1 && !atomic_exchange(&told, true))
		wye_log(WYE_LOG_ERROR, "no room for metric %s and those behind it: %d are counted",
			name, WYE_METRICS_MAX - 1);
}

wye_metric wye_metric_register(const char *name, enum wye_metric_kind kind)
{
	wye_metric metric;

	(void)kind; /* both are summed; the exposition will tell them apart */
	pthread_mutex_lock(&all.lock);
	metric = place_of(name);
	pthread_mutex_unlock(&all.lock);
	tell_if_full(metric, name);
	return metric;
}

static int append_escaped(struct wye_buffer *out, char character)
{
	if (character == '\n')
		return wye_buffer_append(out, "\\n", 2);
	if (character == '"' || character == '\\')
		return wye_buffer_printf(out, "\\%c", character);
	return wye_buffer_append(out, &character, 1);
}

/* name{label="value", with `more` and a NUL behind. Returns 0 or -ENOMEM. */
static int labelled(struct wye_buffer *out, const char *name, const char *label,
		    const char *value, const char *more)
{
	int error = wye_buffer_printf(out, "%s{%s=\"", name, label);

	for (; *value && !error; value++)
		error = append_escaped(out, *value);
	return error ? error : wye_buffer_printf(out, "%s\"}%c", more, '\0');
}

wye_metric wye_metric_register_for(const char *name, enum wye_metric_kind kind,
				   const char *label, const char *value)
{
	struct wye_buffer full = { NULL, 0, 0 };
	wye_metric metric;

	metric = wye_metric_register(labelled(&full, name, label, value, "") ? name : full.data,
				     kind);
	wye_buffer_fini(&full);
	return metric;
}

/* ---- histograms ---- */

const unsigned wye_histogram_bounds[] = { 1,   2,   5,    10,   25,   50,   100,
					  250, 500, 1000, 2500, 5000, 10000 };

enum {
	PARTS = WYE_HISTOGRAM_BUCKETS + 2, /* with the sum and the count */
};

/* What stands behind the label of the n-th: `name{label="value",upto="5"}`. */
static void name_part(char more[32], unsigned n)
{
	if (n < WYE_HISTOGRAM_BUCKETS - 1)
		snprintf(more, 32, "\",upto=\"%u", wye_histogram_bounds[n]);
	else if (n < WYE_HISTOGRAM_BUCKETS)
		snprintf(more, 32, "\",upto=\"inf");
	else
		snprintf(more, 32, "\",of=\"%s", n == WYE_HISTOGRAM_BUCKETS ? "sum" : "count");
}

static int name_parts(struct wye_buffer full[PARTS], const char *name, const char *label,
		      const char *value)
{
	int error = 0;

	for (unsigned n = 0; n < PARTS && !error; n++) {
		char more[32];

		name_part(more, n);
		error = labelled(&full[n], name, label, value, more);
	}
	return error;
}

/* Side by side, whoever else registers meanwhile; or none. Under the lock. */
static wye_metric place_parts(const struct wye_buffer full[PARTS])
{
	wye_metric first = place_of(full[0].data);

	if (first + PARTS > WYE_METRICS_MAX - 1)
		return WYE_METRICS_MAX - 1;
	for (unsigned n = 1; n < PARTS; n++)
		(void)place_of(full[n].data);
	return first;
}

wye_histogram wye_histogram_register(const char *name, const char *label, const char *value)
{
	struct wye_buffer full[PARTS] = { { NULL, 0, 0 } };
	wye_histogram histogram = { WYE_METRICS_MAX - 1 };

	if (!name_parts(full, name, label, value)) {
		pthread_mutex_lock(&all.lock);
		histogram.first = place_parts(full);
		pthread_mutex_unlock(&all.lock);
	}
	for (unsigned n = 0; n < PARTS; n++)
		wye_buffer_fini(&full[n]);
	tell_if_full(histogram.first, name);
	return histogram;
}

void wye_histogram_add(wye_histogram histogram, uint64_t milliseconds, unsigned times)
{
	unsigned n = 0;

	while (n < WYE_HISTOGRAM_BUCKETS - 1 && milliseconds > wye_histogram_bounds[n])
		n++;
	if (histogram.first == WYE_METRICS_MAX - 1)
		return;
	wye_metric_add(histogram.first + n, times);
	wye_metric_add(histogram.first + WYE_HISTOGRAM_BUCKETS, (int64_t)milliseconds * times);
	wye_metric_add(histogram.first + WYE_HISTOGRAM_BUCKETS + 1, times);
}

void wye_metric_add(wye_metric metric, int64_t amount)
{
	if (wye_metric_mine || join()) {
		wye_metric_bump(metric, amount);
		return;
	}
	pthread_mutex_lock(&all.lock); /* out of memory: what comes must still add up */
	all.retired[metric] += amount;
	pthread_mutex_unlock(&all.lock);
}

static int64_t sum(wye_metric metric)
{
	int64_t total = all.retired[metric];

	for (const struct wye_metric_cells *cells = all.threads; cells; cells = cells->next)
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

static int append_json(struct wye_buffer *out, char before, const char *name, int64_t value)
{
	int error = wye_buffer_append(out, &before, 1);

	if (!error)
		error = wye_buffer_json(out, (struct wye_text) { name, strlen(name) });
	return error ? error : wye_buffer_printf(out, ":%lld", (long long)value);
}

int wye_metric_json(struct wye_buffer *out)
{
	char before = '{';
	int error = 0;

	pthread_mutex_lock(&all.lock);
	for (unsigned i = 0; i < all.count && !error; i++) {
		int64_t value = sum(i);

		if (!value && strchr(all.names[i], '{'))
			continue;
		error = append_json(out, before, all.names[i], value);
		before = ',';
	}
	pthread_mutex_unlock(&all.lock);
	return error ? error
		     : wye_buffer_append(out, before == '{' ? "{}" : "}",
					 before == '{' ? 2 : 1);
}
