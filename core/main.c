/* SPDX-License-Identifier: MIT
 *
 * main.c - the command line. Joins the config to all that is made from it: options, plugins,
 * lanes, and the daemon that serves them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sink.h"
#include "config/config.h"
#include "config/options.h"
#include "daemon.h"
#include "manual.h"
#include "net/inherited.h"
#include "places.h"
#include "plugin/registry.h"
#include "privileges.h"
#include "route/lanes.h"
#include "summary.h"
#include "tls/blocks.h"
#include "token.h"
#include "warnings.h"

static const char USAGE[] =
	"usage: wye -c FILE     serve what the config says, in the foreground\n"
	"       wye -t -c FILE  check the config and print what it means\n"
	"       wye -S          print all settings, as Markdown tables\n"
	"       wye -V          print versions of wye and its engines\n"
	"       wye token ...   make or check a JSON Web Token; wye token --help tells more\n"
	"       wye -h          print this\n"
	"Signals: TERM and INT stop it gently, a second one at once; HUP reads certificates "
	"again,\n"
	"USR1 opens log files anew, USR2 logs all metrics.\n"
	"Exit status: 0 all finished, 1 wrong config, 2 wrong usage, 3 it could not start,\n"
	"4 stopped, but connections had to be cut.\n";

/* All that a config becomes. */
struct site {
	struct wye_config *config;
	struct wye_options options;
	struct wye_registry *registry;
	struct wye_lanes *lanes;
};

static void unload(struct site *site)
{
	wye_lanes_destroy(site->lanes);
	wye_registry_destroy(site->registry);
	wye_options_fini(&site->options);
	wye_config_destroy(site->config);
}

static int load(struct site *site, const char *path, struct wye_problems *problems)
{
	int error = wye_config_load(&site->config, path, problems);

	if (!error)
		error = wye_options_load(&site->options, site->config, problems);
	if (!error) {
		wye_privileges_check(&site->options, problems);
		wye_places_check(&site->options, problems);
	}
	if (!error)
		error = wye_registry_create(&site->registry, site->config,
					    site->options.plugin_path, problems);
	if (!error)
		error = wye_lanes_create(&site->lanes, site->config, &site->options,
					 site->registry, problems);
	if (!error && !problems->errors)
		wye_warnings_find(&site->options, site->lanes, problems);
	if (error && !problems->errors)
		wye_problem(problems, path, 0, "%s", strerror(-error));
	return problems->errors ? -1 : 0;
}

static enum wye_exit serve(const struct site *site)
{
	enum wye_exit status;

	wye_log_set_level(site->options.log_level);
	if (wye_log_start())
		fprintf(stderr, "wye: logging goes without its thread\n");
	status = wye_daemon_run(&site->options, site->lanes, site->registry);
	wye_log_stop();
	return status;
}

static enum wye_exit run(const char *path, bool test)
{
	struct wye_problems problems = { .errors = 0 };
	struct site site = { .config = NULL };
	enum wye_exit status = WYE_EXIT_CONFIG;

	if (test)
		wye_sinks_try();
	wye_inherited_begin();
	wye_privileges_limit();
	if (!load(&site, path, &problems)) {
		wye_problems_print(&problems, stderr);
		status = WYE_EXIT_OK;
		if (test)
			wye_summary_config(stdout, &site.options, site.lanes);
		else
			status = serve(&site);
	} else {
		wye_problems_print(&problems, stderr);
	}
	unload(&site);
	wye_problems_fini(&problems);
	return status;
}

int main(int argc, char **argv)
{
	const char *path = NULL;
	bool test = false;
	int option;

	wye_tls_blocks_start();
	if (argc > 1 && !strcmp(argv[1], "token"))
		return wye_token_main(argc - 1, argv + 1);
	while ((option = getopt(argc, argv, "c:tSVh")) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 't':
			test = true;
			break;
		case 'S':
			wye_manual_settings(stdout);
			return WYE_EXIT_OK;
		case 'V':
			wye_summary_version(stdout);
			return WYE_EXIT_OK;
		case 'h':
			fputs(USAGE, stdout);
			return WYE_EXIT_OK;
		default:
			fputs(USAGE, stderr);
			return WYE_EXIT_USAGE;
		}
	}
	if (!path || optind < argc) {
		fputs(USAGE, stderr);
		return WYE_EXIT_USAGE;
	}
	return (int)run(path, test);
}
