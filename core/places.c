/* SPDX-License-Identifier: MIT
 *
 * places.c - see places.h.
 */
#include <errno.h>
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

/* "::ffff:127.0.0.1": a socket of IPv6 takes no IPv4 here. */
static bool is_mapped(const union wye_address *address)
{
	return address->any.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr);
}

static void check_place(const struct wye_listen_option *listen, struct wye_problems *problems)
{
	union wye_address address;

	if (listen->address && wye_address_parse(&address, listen->address, 0))
		wye_config_problem(problems, wye_setting_source(listen->settings, "address"),
				   "\"%s\" is no numeric IPv4 or IPv6 address",
				   listen->address);
	else if (listen->address && is_mapped(&address))
		wye_config_problem(problems, wye_setting_source(listen->settings, "address"),
				   "\"%s\" is an IPv4 address: write it so", listen->address);
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
	return one && other && !strcmp(one, other);
}

static bool is_any(const union wye_address *address)
{
	static const uint8_t none[16];
	uint8_t bytes[16];

	wye_address_bytes(address, bytes);
	return address->any.sa_family == AF_INET ? !address->v4.sin_addr.s_addr
						 : !memcmp(bytes, none, sizeof none);
}

/* Whether the kernel lets only one of them listen on a port. An IPv6 socket takes no IPv4,
 * unless it is that without an address, which is for both. */
static bool same_address(const char *one, const char *other)
{
	union wye_address a, b;
	uint8_t bytes[2][16];

	if (!one || !other)
		return true;
	if (wye_address_parse(&a, one, 0) || wye_address_parse(&b, other, 0) ||
	    a.any.sa_family != b.any.sa_family)
		return false;
	wye_address_bytes(&a, bytes[0]);
	wye_address_bytes(&b, bytes[1]);
	return is_any(&a) || is_any(&b) || !memcmp(bytes[0], bytes[1], sizeof bytes[0]);
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* Any free port is another each time, and one name may be that of several inherited sockets. */
static bool same_place(const struct wye_listen_option *one,
		       const struct wye_listen_option *other)
{
	if (one->inherit || other->inherit)
		return same_text(one->inherit, other->inherit) && is_number(one->inherit);
	if (one->path || other->path)
		return same_text(one->path, other->path);
	return one->port && one->port == other->port &&
	       same_address(one->address, other->address);
}

static void check_twice(const struct wye_options *options, size_t at,
			struct wye_problems *problems)
{
	const struct wye_listen_option *listen = &options->listen[at];
	const char *name = listen->inherit ? "inherit" : listen->path ? "unix" : "port";

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

static void check_range(int error, const char *range, const config_setting_t *at,
			struct wye_problems *problems)
{
	if (error == -ERANGE)
		wye_config_problem(problems, at,
				   "\"%s\" has bits behind its prefix: one address, or all of "
				   "its network?",
				   range);
	else if (error)
		wye_config_problem(problems, at, "\"%s\" is no range like \"10.0.0.0/8\"",
				   range);
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
		check_range(wye_cidr_parse(&range, listen->trusted[i]), listen->trusted[i], at,
			    problems);
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
