/* SPDX-License-Identifier: MIT
 *
 * inherited.c - see inherited.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wye/log.h>

#include "net/inherited.h"
#include "net/listener.h"

enum {
	FIRST = 3,             /* descriptor of the first one (SD_LISTEN_FDS_START) */
	NAME_MAX_LENGTH = 255, /* sd_listen_fds_with_names(3) */
};

struct inherited {
	char name[NAME_MAX_LENGTH + 1];
	bool taken;
};

static struct {
	unsigned count;
	const char *none; /* why there is none */
	struct inherited items[WYE_LISTENERS_MAX];
} inherited = { .none = "LISTEN_FDS is not set" };

/* A positive decimal number without anything around it; 0 if it is none. */
static unsigned long number_in(const char *name)
{
	const char *text = getenv(name);
	char *end;
	unsigned long number;

	if (!text || *text < '0' || *text > '9')
		return 0;
	number = strtoul(text, &end, 10);
	return *end ? 0 : number;
}

static void read_names(const char *names)
{
	for (unsigned i = 0; i < inherited.count && names; i++) {
		size_t length = strcspn(names, ":");

		if (length <= NAME_MAX_LENGTH)
			memcpy(inherited.items[i].name, names, length);
		names = names[length] ? names + length + 1 : NULL;
	}
}

static void read_variables(void)
{
	unsigned long count = number_in("LISTEN_FDS");

	if (!getenv("LISTEN_FDS"))
		return;
	if (number_in("LISTEN_PID") != (unsigned long)getpid())
		inherited.none = "LISTEN_PID is not this process";
	else if (!count)
		inherited.none = "LISTEN_FDS is no number of sockets";
	else if (count > WYE_LISTENERS_MAX)
		inherited.none = "LISTEN_FDS is too large";
	else
		inherited.count = (unsigned)count;
	read_names(getenv("LISTEN_FDNAMES"));
}

/* All or none: what is no descriptor yet will be one of the program's own. */
static void hide_from_children(void)
{
	for (unsigned i = 0; i < inherited.count; i++) {
		if (!fcntl(FIRST + (int)i, F_SETFD, FD_CLOEXEC))
			continue;
		inherited.none = "LISTEN_FDS counts more than there are";
		inherited.count = 0;
	}
}

void wye_inherited_begin(void)
{
	read_variables();
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	hide_from_children();
}

static int option(int descriptor, int name)
{
	int value = 0;
	socklen_t length = sizeof value;

	return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) ? -errno : value;
}

static int check(int descriptor, const char *name, struct wye_error *why)
{
	int type = option(descriptor, SO_TYPE), flags;

	if (type < 0) {
		wye_error_set(why, "the inherited descriptor \"%s\" is no socket: %s", name,
			      strerror(-type));
		return type;
	}
	if (type != SOCK_STREAM || option(descriptor, SO_ACCEPTCONN) != 1) {
		wye_error_set(why, "the inherited socket \"%s\" does not listen for streams",
			      name);
		return -EINVAL;
	}
	flags = fcntl(descriptor, F_GETFL);
	return fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) ? -errno : 0;
}

/* Returns its place, or -ENOENT; `known` says whether the name is one at all. */
static int find_name(const char *name, bool *known)
{
	*known = false;
	for (unsigned i = 0; i < inherited.count; i++) {
		if (strcmp(inherited.items[i].name, name) != 0)
			continue;
		*known = true;
		if (!inherited.items[i].taken)
			return (int)i;
	}
	return -ENOENT;
}

static int find_place(const char *text, bool *known)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long place;

	if (!digits || digits > 3 || text[digits])
		return -ENOENT;
	place = strtoul(text, NULL, 10);
	*known = place < inherited.count;
	return *known && !inherited.items[place].taken ? (int)place : -ENOENT;
}

/* What could have been meant. */
static void say_names(const char *name, struct wye_error *why)
{
	char list[128] = "";
	size_t length = 0;

	for (unsigned i = 0; i < inherited.count && length < sizeof list; i++)
		length += (size_t)snprintf(list + length, sizeof list - length, "%s\"%.40s\"",
					   i ? ", " : "", inherited.items[i].name);
	wye_error_set(why, "no inherited socket is named \"%s\"; there is %s", name, list);
}

int wye_inherited_take(const char *name, struct wye_error *why)
{
	bool known;
	int place = find_name(name, &known), error;

	if (place < 0 && !known)
		place = find_place(name, &known);
	if (!inherited.count)
		wye_error_set(why, "there is no inherited socket \"%s\": %s", name,
			      inherited.none);
	else if (place < 0 && known)
		wye_error_set(why, "the inherited socket \"%s\" is taken already", name);
	else if (place < 0)
		say_names(name, why);
	if (place < 0)
		return place;
	error = check(FIRST + place, name, why);
	if (error)
		return error;
	inherited.items[place].taken = true;
	return FIRST + place;
}

void wye_inherited_end(void)
{
	for (unsigned i = 0; i < inherited.count; i++) {
		if (inherited.items[i].taken)
			continue;
		wye_log(WYE_LOG_WARNING, "nobody listens on the inherited socket \"%s\"",
			inherited.items[i].name);
		close(FIRST + (int)i);
	}
	inherited.count = 0;
}
