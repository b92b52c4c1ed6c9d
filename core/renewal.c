/* SPDX-License-Identifier: MIT
 *
 * renewal.c - see renewal.h.
 */
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include <wye/log.h>

#include "renewal.h"

enum {
	/* Seconds without a change: files are looked at once a second, and a certificate and
	 * its key are replaced one after the other. */
	QUIET = 2,
	/* And with changes: a file that is never quiet keeps no other from being read. */
	RESTLESS = 4,
};

/* Which listeners have new files; and since when, in seconds: 0 is never. */
static atomic_bool changed[WYE_LISTENERS_MAX];
static _Atomic time_t since;

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + 1;
}

/* On the thread that watches files. */
static void note_change(void *argument)
{
	atomic_bool *mark = argument;
	time_t first = 0;

	atomic_store(mark, true);
	if (atomic_compare_exchange_strong(&since, &first, now()) || now() - first < RESTLESS)
		alarm(QUIET); /* anew, if it runs already */
}

int wye_renewal_start(const struct wye_listeners *listeners)
{
	int error = 0;

	for (size_t i = 0; i < listeners->count && !error; i++)
		if (listeners->items[i].tls)
			error = wye_tls_context_watch(listeners->items[i].tls, note_change,
						      &changed[i]);
	return error;
}

static void log_doubts(const struct wye_listener *listener)
{
	const char *doubt;

	for (size_t i = 0; i < wye_tls_context_count(listener->tls); i++) {
		doubt = wye_tls_context_doubt(listener->tls, i);
		if (doubt)
			wye_log(WYE_LOG_WARNING, "%s", doubt);
	}
}

static void renew(const struct wye_listener *listener)
{
	struct wye_tls_fault fault;

	if (wye_tls_context_renew(listener->tls, &fault)) {
		wye_log(WYE_LOG_ERROR, "%s keeps the certificates that it has: %s",
			listener->name, fault.why.text);
		return;
	}
	wye_log(WYE_LOG_NOTICE, "%s has read its certificates again", listener->name);
	log_doubts(listener);
}

void wye_renewal_run(const struct wye_listeners *listeners, bool all)
{
	atomic_store(&since, 0);
	for (size_t i = 0; i < listeners->count; i++) {
		bool mine = atomic_exchange(&changed[i], false);

		if (listeners->items[i].tls && (all || mine))
			renew(&listeners->items[i]);
	}
}
