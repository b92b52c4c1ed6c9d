/* SPDX-License-Identifier: MIT
 *
 * warnings.c - see warnings.h.
 */
#include <string.h>
#include <sys/resource.h>

#include "config/settings.h"
#include "net/address.h"
#include "tls/context.h"
#include "warnings.h"

enum {
	OWN_DESCRIPTORS = 64, /* of the program itself, and some per thread */
	PER_THREAD = 12,
};

/* Under TLS an HTTP connection is three descriptors: the socket, and a pair to the engine. */
static unsigned long descriptors_each(const struct wye_options *options)
{
	for (size_t i = 0; i < options->listen_count; i++)
		if (options->listen[i].tls)
			return 3;
	return 1;
}

/* A hand-over holds two descriptors of a connection for a moment; a little is kept for that. */
unsigned long wye_connections_carried(const struct wye_options *options, unsigned long limit)
{
	unsigned long own =
		OWN_DESCRIPTORS +
		PER_THREAD * (unsigned long)(options->http_threads + options->stream_loops);

	return (limit > 2 * own ? limit - own : limit / 2) / descriptors_each(options);
}

static void check_descriptors(const struct wye_options *options, struct wye_problems *problems)
{
	struct rlimit limit;
	unsigned long carried;

	if (!options->max_connections || getrlimit(RLIMIT_NOFILE, &limit) ||
	    limit.rlim_max == RLIM_INFINITY)
		return;
	carried = wye_connections_carried(options, limit.rlim_max);
	if (options->max_connections > carried)
		wye_config_warning(
			problems, wye_setting_source(options->settings, "max_connections"),
			"max_connections is %u, but the descriptor limit of %lu carries %lu",
			options->max_connections, (unsigned long)limit.rlim_max, carried);
}

static void check_times(const struct wye_options *options, struct wye_problems *problems)
{
	if (options->drain_spread >= options->drain_timeout && options->drain_spread)
		wye_config_warning(
			problems, wye_setting_source(options->settings, "drain_spread"),
			"drain_spread is not below drain_timeout: connections will be cut");
}

/* One of both is set: by default they are apart. */
static void check_sizes(const struct wye_options *options, struct wye_problems *problems)
{
	const config_setting_t *at = wye_setting_source(options->settings, "max_target");

	if (!at)
		at = wye_setting_source(options->settings, "max_header");
	if (options->max_target >= options->max_header)
		wye_config_warning(problems, at,
				   "max_target is not below max_header: long targets get 431");
}

static bool holds_all(const char *text)
{
	struct wye_cidr range;

	return !wye_cidr_parse(&range, text) &&
	       (!range.bits || (range.bits == 96 && strchr(text, '.')));
}

static void check_trust(const struct wye_options *options, struct wye_problems *problems)
{
	for (size_t i = 0; i < options->listen_count; i++) {
		const struct wye_listen_option *listen = &options->listen[i];

		for (size_t j = 0; j < listen->trusted_count; j++)
			if (holds_all(listen->trusted[j]))
				wye_config_warning(
					problems,
					wye_setting_source(listen->settings, "trusted_proxies"),
					"trusted_proxies holds every address: any client can "
					"say who it is");
	}
}

static bool has_step(const struct wye_chain *chain, const char *name)
{
	for (size_t i = 0; i < chain->count; i++)
		if (!strcmp(chain->steps[i].plugin, name))
			return true;
	return false;
}

/* RFC 6455, 10.2. */
static void check_origin(const struct wye_route *route, const struct wye_rest_route *rest,
			 void *problems)
{
	if (!rest && !has_step(route->chain, "origin"))
		wye_warning(problems, route->where, 0,
			    "\"%s\" has no origin check: a page of any site can open it with "
			    "its visitor's cookies",
			    route->pattern);
}

static bool asks_for_certificates(const struct wye_options *options)
{
	for (size_t i = 0; i < options->listen_count; i++)
		if (options->listen[i].tls && wye_tls_context_asks(options->listen[i].tls))
			return true;
	return false;
}

static void check_mtls(const struct wye_route *route, const struct wye_rest_route *rest,
		       void *problems)
{
	(void)rest;
	if (has_step(route->chain, "mtls"))
		wye_warning(problems, route->where, 0,
			    "\"%s\" has mtls in its chain, but no listener asks for "
			    "certificates: \"verify\" of its \"tls\" is \"none\"",
			    route->pattern);
}

void wye_warnings_find(const struct wye_options *options, const struct wye_lanes *lanes,
		       struct wye_problems *problems)
{
	check_descriptors(options, problems);
	check_times(options, problems);
	check_sizes(options, problems);
	check_trust(options, problems);
	wye_lanes_visit(lanes, check_origin, problems);
	if (!asks_for_certificates(options))
		wye_lanes_visit(lanes, check_mtls, problems);
}
