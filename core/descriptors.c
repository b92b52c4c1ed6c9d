/* SPDX-License-Identifier: MIT
 *
 * descriptors.c - see descriptors.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "descriptors.h"

enum {
	PER_HTTP_THREAD = 3,
	PER_STREAM_LOOP = 6,
	SPARE = 10, /* for the engines as a whole, files of the start, and some connections */
	MOST = 10000000, /* above it libwebsockets goes back to 2,560 */
};

unsigned long wye_descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 1024;
	if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > MOST)
		limit.rlim_max = MOST;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) && getrlimit(RLIMIT_NOFILE, &limit))
		return 1024;
	return limit.rlim_cur;
}

/* Opens as many for a moment: what is in use already is nowhere to be read. Returns how many
 * there were. */
static unsigned open_many(int *many, unsigned count)
{
	int some = open("/", O_PATH | O_CLOEXEC);
	unsigned opened = 0;

	if (some < 0)
		return 0;
	while (opened < count && (many[opened] = fcntl(some, F_DUPFD_CLOEXEC, 0)) >= 0)
		opened++;
	for (unsigned i = 0; i < opened; i++)
		close(many[i]);
	close(some);
	return opened;
}

int wye_descriptors_check(const struct wye_options *options, struct wye_error *why)
{
	unsigned count = PER_HTTP_THREAD * (unsigned)options->http_threads +
			 PER_STREAM_LOOP * (unsigned)options->stream_loops + SPARE;
	int *many = calloc(count, sizeof *many);
	unsigned opened = many ? open_many(many, count) : 0;
	struct rlimit limit = { 0, 0 };

	free(many);
	if (!many)
		return -ENOMEM;
	if (opened == count)
		return 0;
	getrlimit(RLIMIT_NOFILE, &limit);
	wye_error_set(
		why,
		"the limit of %lu descriptors is too low: the threads need %u, and %u are "
		"left (ulimit -n, LimitNOFILE)",
		(unsigned long)limit.rlim_cur, count, opened);
	return -EMFILE;
}
