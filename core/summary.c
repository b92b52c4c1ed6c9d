/* SPDX-License-Identifier: MIT
 *
 * summary.c - see summary.h.
 */
#include <inttypes.h>
#include <libconfig.h>
#include <libwebsockets.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <string.h>
#include <uv.h>
#include <zlib.h>

#include "plugin/builtin.h"
#include "route/lanes.h"
#include "summary.h"

/* Columns are as wide as their longest text. */
struct widths {
	FILE *out;
	int path, methods, chain;
};

static size_t join_chain(const struct wye_chain *chain, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < chain->count && length < size; i++)
		length += (size_t)snprintf(out + length, size - length, "%s%s", i ? ", " : "",
					   chain->steps[i].name);
	if (!chain->count)
		length = (size_t)snprintf(out, size, "-");
	return length < size ? length : size - 1;
}

static int join_path(const struct wye_route *route, char *out, size_t size)
{
	int length =
		snprintf(out, size, "%s%s", route->host ? route->host : "", route->pattern);

	return length < (int)size ? length : (int)size - 1;
}

static void list_methods(const struct wye_rest_route *rest, char out[64])
{
	(void)wye_method_list(rest ? rest->methods : WYE_METHOD_GET, out);
}

static void measure(const struct wye_route *route, const struct wye_rest_route *rest,
		    void *argument)
{
	struct widths *widths = argument;
	char text[1024], list[64];
	int path = join_path(route, text, sizeof text);
	int chain = (int)join_chain(route->chain, text, sizeof text);

	list_methods(rest, list);
	if (path > widths->path)
		widths->path = path;
	if (chain > widths->chain)
		widths->chain = chain;
	if ((int)strlen(list) > widths->methods)
		widths->methods = (int)strlen(list);
}

static void print_route(const struct wye_route *route, const struct wye_rest_route *rest,
			void *argument)
{
	const struct widths *widths = argument;
	char path[1024], chain[1024], list[64];

	(void)join_path(route, path, sizeof path);
	(void)join_chain(route->chain, chain, sizeof chain);
	list_methods(rest, list);
	fprintf(widths->out, "  %-9s  %-*s  %-*s  %-*s  %s\n", rest ? "rest" : "websocket",
		widths->path, path, widths->methods, rest ? list : "GET", widths->chain, chain,
		route->handler);
}

static void print_listeners(FILE *out, const struct wye_options *options)
{
	for (size_t i = 0; i < options->listen_count; i++) {
		const struct wye_listen_option *listen = &options->listen[i];

		if (listen->inherit)
			fprintf(out, "listen inherited \"%s\"", listen->inherit);
		else if (listen->path)
			fprintf(out, "listen unix:%s mode %04o", listen->path, listen->mode);
		else
			fprintf(out, "listen %s port %u",
				listen->address ? listen->address : "*", listen->port);
		if (listen->proxy_protocol)
			fprintf(out, ", PROXY protocol");
		if (listen->trusted_count)
			fprintf(out, ", %zu trusted proxy range%s by %s", listen->trusted_count,
				listen->trusted_count > 1 ? "s" : "",
				listen->rfc7239 ? "Forwarded" : "X-Forwarded-For");
		if (listen->redirect_to_https)
			fprintf(out, ", leads to https on port %u", listen->https_port);
		if (listen->tls)
			fprintf(out, ", TLS");
		if (listen->tls && listen->handshakes.rate)
			fprintf(out, " with %u handshakes per second", listen->handshakes.rate);
		fputc('\n', out);
	}
}

static void print_limits(FILE *out, const struct wye_options *options)
{
	fprintf(out, "threads %u http, %u stream, %u blocking with a queue of %u\n",
		options->http_threads, options->stream_loops, options->blocking_threads,
		options->blocking_queue);
	if (options->max_connections)
		fprintf(out, "limits %u connections", options->max_connections);
	else
		fprintf(out, "limits connections as descriptors carry");
	if (options->max_connections_per_address)
		fprintf(out, ", %u per address", options->max_connections_per_address);
	fprintf(out,
		"; head %zu bytes in %g s, target %zu bytes, body %" PRIu64
		" bytes, %u waiting per thread\n",
		options->max_header, options->head_timeout / 1000.0, options->max_target,
		options->max_body, options->max_waiting);
}

void wye_summary_config(FILE *out, const struct wye_options *options,
			const struct wye_lanes *lanes)
{
	struct widths widths = { .out = out, .path = 4, .methods = 7, .chain = 5 };

	print_listeners(out, options);
	print_limits(out, options);
	wye_lanes_visit(lanes, measure, &widths);
	fprintf(out, "routes\n  %-9s  %-*s  %-*s  %-*s  %s\n", "lane", widths.path, "path",
		widths.methods, "methods", widths.chain, "chain", "handler");
	wye_lanes_visit(lanes, print_route, &widths);
	fprintf(out, "the config is right\n");
}

/* What libmicrohttpd was built with that matters here. */
static const struct {
	const char *name;
	enum MHD_FEATURE feature;
} FEATURES[] = {
	{ "epoll", MHD_FEATURE_EPOLL },
	{ "sendfile", MHD_FEATURE_SENDFILE },
	{ "large files", MHD_FEATURE_LARGE_FILE },
	{ "messages", MHD_FEATURE_MESSAGES },
};

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZER ", with AddressSanitizer"
#elif defined(__SANITIZE_THREAD__)
#define SANITIZER ", with ThreadSanitizer"
#else
#define SANITIZER ""
#endif

void wye_summary_version(FILE *out)
{
	fprintf(out, "wye %s, plugin interface %d, compiler %s%s\n", PACKAGE_VERSION,
		WYE_PLUGIN_ABI, __VERSION__, SANITIZER);
	fprintf(out, "libmicrohttpd %s (built with %x):", MHD_get_version(), MHD_VERSION);
	for (size_t i = 0; i < sizeof FEATURES / sizeof FEATURES[0]; i++)
		fprintf(out, " %s%s",
			MHD_is_feature_supported(FEATURES[i].feature) ? "" : "no ",
			FEATURES[i].name);
	fprintf(out, "\n");
	fprintf(out, "libwebsockets %s (built with %s): raw sockets on libuv\n",
		lws_get_library_version(), LWS_LIBRARY_VERSION);
	fprintf(out, "libuv %s (built with %d.%d.%d)\n", uv_version_string(), UV_VERSION_MAJOR,
		UV_VERSION_MINOR, UV_VERSION_PATCH);
	fprintf(out, "libconfig %d.%d.%d\n", LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR,
		LIBCONFIG_VER_REVISION);
	fprintf(out, "%s\n", OpenSSL_version(OPENSSL_VERSION));
	fprintf(out, "zlib %s (built with %s)\n", zlibVersion(), ZLIB_VERSION);
	fprintf(out, "plugins in %s; built in:", WYE_PLUGIN_DIR);
	for (const struct wye_plugin *const *builtin = wye_builtins; *builtin; builtin++)
		fprintf(out, " %s", (*builtin)->name);
	fprintf(out, "\n");
}
