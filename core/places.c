/* SPDX-License-Identifier: MIT
 *
 * places.c - see places.h.
 */
#include <string.h>

#include "config/settings.h"
#include "net/address.h"
#include "net/listener.h"
#include "places.h"
#include "route/target.h"

/* Paths are compared as they are routed. */
static void check_excepted(const struct wye_listen_option *listen,
			   struct wye_problems *problems)
{
	for (size_t i = 0; i < listen->redirect_except_count; i++) {
		const char *path = listen->redirect_except[i];

		struct wye_target target =
			wye_target_parse((struct wye_text) { path, strlen(path) });

		if (target.form != WYE_TARGET_ORIGIN || target.query.data ||
		    target.kind != WYE_PATH_PLAIN)
			wye_config_problem(
				problems,
				wye_setting_source(listen->settings, "redirect_except"),
				"\"%s\" is no path like \"/health\", without escapes, dots and "
				"query",
				path);
	}
}

static void check_place(const struct wye_listen_option *listen, struct wye_problems *problems)
{
	union wye_address address;

	if (listen->address && wye_address_parse(&address, listen->address, 0))
		wye_config_problem(problems, wye_setting_source(listen->settings, "address"),
				   "\"%s\" is no numeric IPv4 or IPv6 address",
				   listen->address);
	if (listen->path && (!*listen->path || strlen(listen->path) > WYE_SOCKET_FILE_MAX))
		wye_config_problem(problems, wye_setting_source(listen->settings, "unix"),
				   "\"unix\" must be a path of at most %d bytes",
				   WYE_SOCKET_FILE_MAX);
	if (listen->inherit && !*listen->inherit)
		wye_config_problem(problems, wye_setting_source(listen->settings, "inherit"),
				   "\"inherit\" must be a name, or a place from 0");
}

static bool same_text(const char *one, const char *other)
{
	return one == other || (one && other && !strcmp(one, other));
}

/* Any free port is another each time, and one name may be that of several inherited sockets. */
static bool same_place(const struct wye_listen_option *one,
		       const struct wye_listen_option *other)
{
	if (one->inherit || other->inherit || !same_text(one->path, other->path))
		return false;
	return one->path || (one->port && one->port == other->port &&
			     same_text(one->address, other->address));
}

static void check_twice(const struct wye_options *options, size_t at,
			struct wye_problems *problems)
{
	const struct wye_listen_option *listen = &options->listen[at];
	const char *name = listen->path ? "unix" : "port";

	for (size_t i = 0; i < at; i++)
		if (same_place(&options->listen[i], listen)) {
			wye_config_problem(problems, wye_setting_source(listen->settings, name),
					   "another listener has this \"%s\" already", name);
			return;
		}
}

/* Whether a peer could be in the list: those of Unix sockets have no address. */
static bool can_trust(const struct wye_listen_option *listen)
{
	bool unix_only = true, unix_too = false;

	for (size_t i = 0; i < listen->trusted_count; i++)
		if (strcmp(listen->trusted[i], "unix:"))
			unix_only = false;
		else
			unix_too = true;
	return listen->path ? unix_too : listen->inherit || !unix_only;
}

static void check_trusted(const struct wye_listen_option *listen, struct wye_problems *problems)
{
	const config_setting_t *at = wye_setting_source(listen->settings, "trusted_proxies");
	struct wye_cidr range;

	if (listen->proxy_protocol && !listen->trusted_count)
		wye_config_problem(
			problems, wye_setting_source(listen->settings, "proxy_protocol"),
			"proxy_protocol needs trusted_proxies: nobody else may say who "
			"the client is");
	else if (listen->proxy_protocol && !can_trust(listen))
		wye_config_problem(problems, at,
				   "nobody in trusted_proxies can connect here: peers of Unix "
				   "sockets are \"unix:\", others have addresses");
	for (size_t i = 0; i < listen->trusted_count; i++)
		if (wye_cidr_parse(&range, listen->trusted[i]))
			wye_config_problem(problems, at,
					   "\"%s\" is no range like \"10.0.0.0/8\"",
					   listen->trusted[i]);
}

void wye_places_check(const struct wye_options *options, struct wye_problems *problems)
{
	for (size_t i = 0; i < options->listen_count; i++) {
		const struct wye_listen_option *listen = &options->listen[i];

		check_place(listen, problems);
		check_twice(options, i, problems);
		check_excepted(listen, problems);
		check_trusted(listen, problems);
	}
}
