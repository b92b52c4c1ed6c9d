/* SPDX-License-Identifier: MIT
 *
 * privileges.c - see privileges.h.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <wye/log.h>

#include "base/sink.h"
#include "privileges.h"

struct identity {
	uid_t user;
	gid_t group;
};

/* A name that is not set is found, too. */
static bool find(const struct wye_options *options, struct identity *out, const char **unknown)
{
	const struct passwd *user = options->user ? getpwnam(options->user) : NULL;
	const struct group *group = options->group ? getgrnam(options->group) : NULL;

	*unknown = options->user && !user ? "user" : options->group && !group ? "group" : NULL;
	if (*unknown || !user)
		return false;
	out->user = user->pw_uid;
	out->group = group ? group->gr_gid : user->pw_gid;
	return true;
}

void wye_privileges_check(const struct wye_options *options, struct wye_problems *problems)
{
	const char *unknown;
	struct identity identity;

	if (options->group && !options->user)
		wye_config_problem(problems, wye_setting_source(options->settings, "group"),
				   "\"group\" goes with \"user\" only");
	if (find(options, &identity, &unknown) && identity.user && !identity.group)
		wye_config_problem(
			problems,
			wye_setting_source(options->settings,
					   options->group ? "group" : "user"),
			"the group of \"%s\" is to be one with fewer rights than root's",
			options->user);
	else if (options->user && !unknown && !identity.user)
		wye_config_problem(problems, wye_setting_source(options->settings, "user"),
				   "\"user\" is to be one with fewer rights than \"%s\"",
				   options->user);
	else if (unknown)
		wye_config_problem(problems, wye_setting_source(options->settings, unknown),
				   "there is no %s \"%s\"", unknown,
				   wye_setting_string(options->settings, unknown));
}

void wye_privileges_limit(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int wye_privileges_give(const struct wye_options *options, const char *path)
{
	const char *unknown;
	struct identity identity;

	if (!find(options, &identity, &unknown) || geteuid())
		return 0;
	return lchown(path, identity.user, identity.group) ? -errno : 0;
}

static int become(const char *name, const struct identity *identity)
{
	if (initgroups(name, identity->group) ||
	    setresgid(identity->group, identity->group, identity->group) ||
	    setresuid(identity->user, identity->user, identity->user))
		return -errno;
	return 0;
}

/* True if nothing of what we were is left, and none of it can be had again. */
static bool is_final(const struct identity *identity)
{
	uid_t real, effective, saved;
	gid_t group, effective_group, saved_group;

	return !getresuid(&real, &effective, &saved) && real == identity->user &&
	       effective == identity->user && saved == identity->user &&
	       !getresgid(&group, &effective_group, &saved_group) && group == identity->group &&
	       effective_group == identity->group && saved_group == identity->group &&
	       setresuid(0, 0, 0) && setresgid(0, 0, 0) && setgroups(0, NULL);
}

static int drop(const struct wye_options *options, struct wye_error *why)
{
	const char *unknown;
	struct identity identity;
	int error;

	if (!find(options, &identity, &unknown))
		return 0;
	if (geteuid() == identity.user && getegid() == identity.group && getuid() &&
	    is_final(&identity))
		return 0; /* started so */
	error = geteuid() ? -EPERM : become(options->user, &identity);
	if (!error && !is_final(&identity))
		error = -EPERM;
	if (error) {
		wye_error_set(why, "can't become \"%s\" for good: %s", options->user,
			      strerror(-error));
		return error;
	}
	wye_log(WYE_LOG_NOTICE, "running as \"%s\"", options->user);
	wye_sinks_check();
	return 0;
}

/* The limit of 1 is one that no file fits into, and that the kernel takes for "none" where a
 * program takes the dumps (do_coredump() of fs/coredump.c); 0 it would not. Who becomes another
 * user is not dumpable any more. */
static void set_core_dumps(bool wanted)
{
	struct rlimit limit = { 1, 1 };

	if (wanted && !getrlimit(RLIMIT_CORE, &limit))
		limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_CORE, &limit) || (wanted && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)))
		wye_log(WYE_LOG_WARNING, "can't turn core dumps %s: %s", wanted ? "on" : "off",
			strerror(errno));
}

int wye_privileges_drop(const struct wye_options *options, struct wye_error *why)
{
	int error = drop(options, why);

	set_core_dumps(options->core_dumps);
	return error;
}
