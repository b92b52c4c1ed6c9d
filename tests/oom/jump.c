/* SPDX-License-Identifier: MIT
 *
 * jump.c - for LD_PRELOAD: the clock of the day goes wrong by as many seconds as stand in the
 * file WYE_JUMP_CONTROL, an int64_t, which the test maps, too. The kernel's own is not moved,
 * so a wait until a time of that clock is wrong by as much.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t *offset;

__attribute__((constructor)) static void open_control(void)
{
	const char *path = getenv("WYE_JUMP_CONTROL");
	int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = MAP_FAILED;

	if (file >= 0)
		map = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
	if (file >= 0)
		close(file);
	if (map != MAP_FAILED)
		offset = map;
}

static int64_t jump(void)
{
	return offset ? atomic_load(offset) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*next)(clockid_t clock, struct timespec * now);
	int error;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
	error = next(clock, now);
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		now->tv_sec += jump();
	return error;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
