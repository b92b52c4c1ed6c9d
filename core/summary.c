/* SPDX-License-Identifier: MIT
 *
 * summary.c - see summary.h.
 */
#include <libconfig.h>
#include <libwebsockets.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <uv.h>

#include "plugin/builtin.h"
#include "route/lanes.h"
#include "summary.h"

static void print_route(const char *lane, const struct wye_route *route, unsigned methods,
			void *out)
{
	char list[64];

	(void)wye_method_list(methods, list);
	fprintf(out, "  %-10s %-32s %-20s %s\n", lane, route->pattern, list, route->handler);
}

void wye_summary_config(FILE *out, const struct wye_options *options,
			const struct wye_lanes *lanes)
{
	for (size_t i = 0; i < options->listen_count; i++)
		fprintf(out, "listen %s port %u\n",
			options->listen[i].address ? options->listen[i].address : "*",
			options->listen[i].port);
	fprintf(out, "threads %u http, %u stream, %u blocking\n", options->http_threads,
		options->stream_loops, options->blocking_threads);
	fprintf(out, "routes\n");
	wye_lanes_visit(lanes, print_route, out);
	fprintf(out, "the config is right\n");
}

void wye_summary_version(FILE *out)
{
	fprintf(out, "wye %s, plugin interface %d\n", PACKAGE_VERSION, WYE_PLUGIN_ABI);
	fprintf(out, "libmicrohttpd %s (built with %x)\n", MHD_get_version(), MHD_VERSION);
	fprintf(out, "libwebsockets %s (built with %s)\n", lws_get_library_version(),
		LWS_LIBRARY_VERSION);
	fprintf(out, "libuv %s (built with %d.%d.%d)\n", uv_version_string(), UV_VERSION_MAJOR,
		UV_VERSION_MINOR, UV_VERSION_PATCH);
	fprintf(out, "libconfig %d.%d.%d\n", LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR,
		LIBCONFIG_VER_REVISION);
	fprintf(out, "%s\n", OpenSSL_version(OPENSSL_VERSION));
	fprintf(out, "plugins in %s; built in:", WYE_PLUGIN_DIR);
	for (const struct wye_plugin *const *builtin = wye_builtins; *builtin; builtin++)
		fprintf(out, " %s", (*builtin)->name);
	fprintf(out, "\n");
}
