/* SPDX-License-Identifier: MIT
 *
 * failing.c - for LD_PRELOAD: the N-th allocation fails. Whose are counted says WYE_FAIL_IN:
 * "own" (the program's and its plugins', but for those of tests), or a part of a library's file
 * name. N is told at any time through the file WYE_FAIL_CONTROL, which the test maps, too.
 * strdup(3) and asprintf(3) count as an allocation of their caller. So does what OpenSSL
 * allocates by a function of the program (core/tls/blocks.c).
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unwind.h>

/* The layout that tests/oom/failing.py knows. */
struct control {
	_Atomic uint64_t first;  /* that fails, counted from 1; 0: none, and none is counted */
	_Atomic uint64_t length; /* so many fail in a row */
	_Atomic uint64_t seen, failed;
	_Atomic uint64_t place; /* where the first failed one was called from */
	char object[216];       /* in which file; "": the program */
};

static struct control *control;
static const char *whose;

__attribute__((constructor)) static void open_control(void)
{
	const char *path = getenv("WYE_FAIL_CONTROL");
	int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = MAP_FAILED;

	whose = getenv("WYE_FAIL_IN");
	if (file >= 0)
		map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (file >= 0)
		close(file);
	if (whose && map != MAP_FAILED)
		control = map;
}

static int is_counted(const char *object)
{
	if (strcmp(whose, "own"))
		return strstr(object, whose) != NULL;
	return !object[0] ||
	       (strstr(object, "/plugins/") && !strstr(object, "/tests/plugins/"));
}

/* backtrace(3) would load its library, and leak by that. */
struct walk {
	uintptr_t caller, behind;
	int found;
};

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *argument)
{
	struct walk *walk = argument;

	if (walk->found) {
		walk->behind = _Unwind_GetIP(context);
		return _URC_END_OF_STACK;
	}
	walk->found = _Unwind_GetIP(context) == walk->caller;
	return _URC_NO_REASON;
}

/* Who has called the function that `caller` is in. */
static void *behind(void *caller)
{
	struct walk walk = { (uintptr_t)caller, (uintptr_t)caller, 0 };

	_Unwind_Backtrace(step, &walk);
	return (void *)walk.behind;
}

static int find(void *caller, struct dl_find_object *out)
{
	struct dl_find_object found;

	if (_dl_find_object(caller, out))
		return -1;
	if (!out->dlfo_link_map->l_name[0] && !_dl_find_object(behind(caller), &found) &&
	    strstr(found.dlfo_link_map->l_name, "libcrypto"))
		*out = found;
	return 0;
}

/* For failing at `caller`. */
static int fails(void *caller)
{
	struct dl_find_object found;
	uint64_t number, first;

	if (!control || !(first = atomic_load(&control->first)))
		return 0;
	if (find(caller, &found) || !is_counted(found.dlfo_link_map->l_name))
		return 0;
	number = atomic_fetch_add(&control->seen, 1) + 1;
	if (number < first || number - first >= atomic_load(&control->length))
		return 0;
	if (!atomic_fetch_add(&control->failed, 1)) {
		strncpy(control->object, found.dlfo_link_map->l_name,
			sizeof control->object - 1);
		atomic_store(&control->place, (uintptr_t)caller - found.dlfo_link_map->l_addr);
	}
	errno = ENOMEM;
	return 1;
}

/* The function of that name that would be called without us. */
#define NEXT(name)                                                                             \
	static __typeof__(name) *next;                                                         \
	if (!next)                                                                             \
	*(void **)&next = dlsym(RTLD_NEXT, #name)

#define FAILS fails(__builtin_return_address(0))

void *malloc(size_t size)
{
	NEXT(malloc);
	return FAILS ? NULL : next(size);
}

void *calloc(size_t count, size_t size)
{
	NEXT(calloc);
	return FAILS ? NULL : next(count, size);
}

void *realloc(void *old, size_t size)
{
	NEXT(realloc);
	return FAILS ? NULL : next(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	NEXT(aligned_alloc);
	return FAILS ? NULL : next(alignment, size);
}

char *strdup(const char *text)
{
	NEXT(strdup);
	return FAILS ? NULL : next(text);
}

char *strndup(const char *text, size_t length)
{
	NEXT(strndup);
	return FAILS ? NULL : next(text, length);
}

int asprintf(char **out, const char *format, ...)
{
	va_list arguments;
	int length;

	if (FAILS)
		return -1;
	va_start(arguments, format);
	length = vasprintf(out, format, arguments);
	va_end(arguments);
	return length;
}

/* What asprintf(3) becomes where _FORTIFY_SOURCE is set. */
int __asprintf_chk(char **out, int flag, const char *format, ...);

int __asprintf_chk(char **out, int flag, const char *format, ...)
{
	va_list arguments;
	int length;

	(void)flag;
	if (FAILS)
		return -1;
	va_start(arguments, format);
	length = vasprintf(out, format, arguments);
	va_end(arguments);
	return length;
}
