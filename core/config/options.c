/* SPDX-License-Identifier: MIT
 *
 * options.c - see options.h.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"
#include "config/options.h"
#include "config/tls.h"

static const char *const LEVELS[] = { "error", "warning", "notice", "info", "debug", NULL };

#define SECONDS(key, default_, from, to, text)                                                 \
	{                                                                                      \
		.name = key, .type = WYE_SETTING_NUMBER, .fallback = default_,                 \
		.minimum = from, .maximum = to, .unit = "seconds", .sentence = text            \
	}
#define COUNT(key, default_, from, to, unit_, text)                                            \
	{                                                                                      \
		.name = key, .type = WYE_SETTING_INTEGER, .fallback = default_,                \
		.minimum = from, .maximum = to, .unit = unit_, .sentence = text                \
	}

static const struct wye_setting TABLE[] = {
	COUNT("http_threads", NULL, 1, 64, "threads", "that serve HTTP; default: one per CPU"),
	COUNT("stream_loops", NULL, 1, 64, "threads",
	      "that serve WebSockets; default: one per CPU"),
	COUNT("blocking_threads", "16", 1, 256, "threads", "for steps that block"),
	COUNT("blocking_queue", "1024", 1, 1000000, "requests",
	      "that wait for a blocking thread; beyond: 503"),
	COUNT("max_connections", "0", 0, 10000000, "connections",
	      "open at once, WebSockets included; 0: what the descriptor limit carries; "
	      "beyond: 503"),
	COUNT("max_connections_per_address", "0", 0, 10000000, "connections",
	      "open at once from one address (IPv6: one /64); 0: no limit; beyond: 503"),
	COUNT("outbox_total", "536870912", 65536, 1e15, "bytes",
	      "that may wait in all outboxes together; beyond, each takes 16 KB only"),
	COUNT("max_waiting", "1000", 1, 1000000, "requests",
	      "suspended on one http thread, for a ticket or a step that blocks; beyond: 503"),
	COUNT("max_header", "8192", 2048, 65536, "bytes", "of a request's head; beyond: 431"),
	COUNT("max_target", "4096", 64, 65536, "bytes", "of a request's target; beyond: 414"),
	COUNT("max_body", "1048576", 0, 1e15, "bytes", "of a request's body; beyond: 413"),
	COUNT("max_key_updates", "60", 0, 1000000, "updates",
	      "of TLS 1.3 that a client may send in a minute; 0: no limit; beyond: a close"),
	SECONDS("head_timeout", "10", 0.1, 3600, "for a request's head to come; then 408"),
	SECONDS("body_timeout", "30", 0.1, 3600, "for each 4 KB of a body to come; then 408"),
	SECONDS("keepalive_timeout", "65", 0.1, 86400, "between two requests; then a close"),
	SECONDS("write_timeout", "30", 0.1, 3600,
		"in which a client must take something of an answer; then it is cut"),
	SECONDS("ticket_timeout", "30", 0.1, 86400,
		"for a deferred request to be finished; then 503"),
	SECONDS("drain_delay", "0", 0, 3600, "to go on accepting after a stop was asked for"),
	SECONDS("drain_spread", "0", 0, 3600,
		"over which WebSockets are closed with 1001 at a stop"),
	SECONDS("drain_timeout", "30", 0, 86400, "for a stop in all; what is left then is cut"),
	{ .name = "log_level",
	  .type = WYE_SETTING_STRING,
	  .fallback = "notice",
	  .choices = LEVELS,
	  .sentence = "the least important lines that are logged" },
	{ .name = "log_redact",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "query parameters and header fields whose values no log shows, beside "
		      "the usual ones" },
	{ .name = "plugin_path",
	  .type = WYE_SETTING_STRING,
	  .fallback = WYE_PLUGIN_DIR,
	  .sentence = "folder in which plugins are looked up by name" },
	{ .name = "user",
	  .type = WYE_SETTING_STRING,
	  .sentence = "to become for good when all is bound, with its groups; for a start as "
		      "root" },
	{ .name = "group",
	  .type = WYE_SETTING_STRING,
	  .sentence = "likewise; default: the user's own" },
	{ .name = "core_dumps",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "false",
	  .sentence = "a crash may leave the program's memory, with all secrets in it" },
	{ .name = NULL },
};

static const char *const FORWARDED[] = { "X-Forwarded-For", "Forwarded", NULL };

static const struct wye_setting LISTEN[] = {
	{ .name = "address",
	  .type = WYE_SETTING_STRING,
	  .sentence = "a numeric IPv4 or IPv6 address; default: all" },
	{ .name = "port",
	  .type = WYE_SETTING_INTEGER,
	  .minimum = 0,
	  .maximum = 65535,
	  .sentence = "TCP port; 0: any that is free" },
	{ .name = "unix",
	  .type = WYE_SETTING_STRING,
	  .sentence = "path of a Unix socket, instead of a port" },
	{ .name = "mode",
	  .type = WYE_SETTING_STRING,
	  .fallback = "0660",
	  .sentence = "of the Unix socket, in octal: who may write, may connect" },
	{ .name = "inherit",
	  .type = WYE_SETTING_STRING,
	  .sentence = "name, or place from 0, of a socket that systemd opened, instead of a "
		      "port" },
	COUNT("backlog", "1024", 1, 65535, "connections", "that wait to be accepted"),
	{ .name = "defer_accept",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "true",
	  .sentence = "a connection is accepted when its first bytes have come" },
	{ .name = "trusted_proxies",
	  .type = WYE_SETTING_STRINGS,
	  .sentence =
		  "CIDR ranges of peers that are believed about who the client is, and that "
		  "max_connections_per_address does not count; \"unix:\": those of Unix "
		  "sockets" },
	{ .name = "forwarded_header",
	  .type = WYE_SETTING_STRING,
	  .fallback = "X-Forwarded-For",
	  .choices = FORWARDED,
	  .sentence = "where a trusted proxy says it; the other field is ignored" },
	{ .name = "proxy_protocol",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "false",
	  .sentence = "connections begin with a PROXY header that says who the client is; only "
		      "trusted_proxies may connect" },
	SECONDS("proxy_timeout", "5", 0.1, 3600, "for the PROXY header to come; then a close"),
	COUNT("max_proxy_header", "2048", 536, 65551, "bytes",
	      "of the PROXY header; beyond: a close"),
	{ .name = "redirect_to_https",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "false",
	  .sentence = "each request is led to https on its host, by 308" },
	{ .name = "https_port",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "443",
	  .minimum = 1,
	  .maximum = 65535,
	  .sentence = "where redirect_to_https leads to, as clients see it" },
	{ .name = "redirect_except",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "paths that are served all the same, beside those of ACME; one that ends "
		      "in a slash: all below it" },
	{ .name = "tls",
	  .type = WYE_SETTING_GROUP,
	  .sentence = "https and wss instead of http and ws",
	  .reserved = { wye_tls_settings } },
	{ .name = "tls_profile",
	  .type = WYE_SETTING_STRING,
	  .fallback = "intermediate",
	  .choices = wye_tls_profiles,
	  .sentence = "intermediate: TLS 1.2 and 1.3; modern: TLS 1.3 only" },
	{ .name = NULL },
};

/* Sections that others read. */
static const char *const SECTIONS[] = { "listen", "plugins",   "middleware",
					"rest",   "websocket", NULL };

const struct wye_setting *wye_options_table(void)
{
	return TABLE;
}

const struct wye_setting *wye_options_listen_table(void)
{
	return LISTEN;
}

static unsigned cpus(void)
{
	cpu_set_t set;
	int count = 1;

	if (!sched_getaffinity(0, sizeof set, &set))
		count = CPU_COUNT(&set);
	return count < 1 ? 1 : count > 64 ? 64 : (unsigned)count;
}

static unsigned threads(const struct wye_settings *settings, const char *name)
{
	return wye_setting_given(settings, name) ? (unsigned)wye_setting_integer(settings, name)
						 : cpus();
}

static unsigned count(const struct wye_settings *settings, const char *name)
{
	return (unsigned)wye_setting_integer(settings, name);
}

static enum wye_log_level level(const char *name)
{
	for (int i = 0; name && LEVELS[i]; i++)
		if (!strcmp(LEVELS[i], name))
			return (enum wye_log_level)i;
	return WYE_LOG_NOTICE;
}

static void read_top(struct wye_options *out)
{
	const struct wye_settings *top = out->settings;

	out->http_threads = threads(top, "http_threads");
	out->stream_loops = threads(top, "stream_loops");
	out->blocking_threads = count(top, "blocking_threads");
	out->blocking_queue = count(top, "blocking_queue");
	out->max_connections = count(top, "max_connections");
	out->max_connections_per_address = count(top, "max_connections_per_address");
	out->outbox_total = (uint64_t)wye_setting_integer(top, "outbox_total");
	out->max_waiting = count(top, "max_waiting");
	out->max_header = (size_t)wye_setting_integer(top, "max_header");
	out->max_target = (size_t)wye_setting_integer(top, "max_target");
	out->max_body = (uint64_t)wye_setting_integer(top, "max_body");
	out->max_key_updates = count(top, "max_key_updates");
	out->head_timeout = wye_setting_milliseconds(top, "head_timeout");
	out->body_timeout = wye_setting_milliseconds(top, "body_timeout");
	out->keepalive_timeout = wye_setting_milliseconds(top, "keepalive_timeout");
	out->write_timeout = wye_setting_milliseconds(top, "write_timeout");
	out->ticket_timeout = wye_setting_milliseconds(top, "ticket_timeout");
	out->drain_delay = wye_setting_milliseconds(top, "drain_delay");
	out->drain_spread = wye_setting_milliseconds(top, "drain_spread");
	out->drain_timeout = wye_setting_milliseconds(top, "drain_timeout");
	out->log_level = level(wye_setting_string(top, "log_level"));
	out->plugin_path = wye_setting_string(top, "plugin_path");
	out->user = wye_setting_string(top, "user");
	out->group = wye_setting_string(top, "group");
	out->core_dumps = wye_setting_boolean(top, "core_dumps");
}

static int read_redacted(const struct wye_settings *top, const config_setting_t *root,
			 struct wye_problems *problems)
{
	int error = 0;

	for (size_t i = 0; !error && i < wye_setting_count(top, "log_redact"); i++) {
		const char *name = wye_setting_item(top, "log_redact", i);

		if (*name)
			error = wye_log_hide_parameter(name);
		else
			wye_config_problem(problems,
					   config_setting_get_member(root, "log_redact"),
					   "\"log_redact\" has an empty name");
	}
	return error;
}

static int read_list(const struct wye_settings *settings, const char *name,
		     const char *const **out, size_t *count)
{
	size_t items = wye_setting_count(settings, name);
	const char **list = calloc(items + 1, sizeof *list);

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < items; i++)
		list[i] = wye_setting_item(settings, name, i);
	*out = list;
	*count = items;
	return 0;
}

static int read_lists(struct wye_listen_option *out)
{
	int error =
		read_list(out->settings, "trusted_proxies", &out->trusted, &out->trusted_count);

	return error ? error
		     : read_list(out->settings, "redirect_except", &out->redirect_except,
				 &out->redirect_except_count);
}

/* Where to listen: one of these. */
static const char *const PLACES[] = { "port", "unix", "inherit" };

/* What goes with some of them only, and would do nothing else. */
static const struct {
	const char *name;
	unsigned places; /* bits, in their order */
	const char *sentence;
} COMPANIONS[] = {
	{ "address", 1, "\"address\" goes with \"port\" only" },
	{ "mode", 2, "\"mode\" goes with \"unix\" only" },
	{ "backlog", 3, "\"backlog\" goes with \"port\" or \"unix\" only" },
};

static void check_place(const struct wye_settings *settings, const config_setting_t *group,
			struct wye_problems *problems)
{
	unsigned given = 0;

	for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++) {
		if (!wye_setting_given(settings, PLACES[i]))
			continue;
		if (given)
			wye_config_problem(problems, wye_setting_source(settings, PLACES[i]),
					   "a listener has one of \"port\", \"unix\" and "
					   "\"inherit\"");
		given |= 1u << i;
	}
	if (!given)
		wye_config_problem(problems, group,
				   "a listener has no \"port\", \"unix\" or \"inherit\"");
	for (size_t i = 0; given && i < sizeof COMPANIONS / sizeof COMPANIONS[0]; i++)
		if (wye_setting_given(settings, COMPANIONS[i].name) &&
		    !(given & COMPANIONS[i].places))
			wye_config_problem(problems,
					   wye_setting_source(settings, COMPANIONS[i].name),
					   "%s", COMPANIONS[i].sentence);
}

/* What does nothing without another setting. */
static void check_companions(const struct wye_settings *settings, const char *const *names,
			     size_t count, const char *with, struct wye_problems *problems)
{
	for (size_t i = 0; i < count; i++)
		if (wye_setting_given(settings, names[i]))
			wye_config_problem(problems, wye_setting_source(settings, names[i]),
					   "\"%s\" goes with \"%s\" only", names[i], with);
}

static void read_redirect(struct wye_listen_option *out, struct wye_problems *problems)
{
	static const char *const companions[] = { "https_port", "redirect_except" };
	const struct wye_settings *settings = out->settings;

	out->redirect_to_https = wye_setting_boolean(settings, "redirect_to_https");
	out->https_port = count(settings, "https_port");
	if (!out->redirect_to_https)
		check_companions(settings, companions, 2, "redirect_to_https", problems);
	if (out->redirect_to_https && wye_setting_given(settings, "tls"))
		wye_config_problem(problems, wye_setting_source(settings, "redirect_to_https"),
				   "\"redirect_to_https\" is for a listener without \"tls\"");
}

static void read_proxy(struct wye_listen_option *out, struct wye_problems *problems)
{
	static const char *const companions[] = { "proxy_timeout", "max_proxy_header" };
	const struct wye_settings *settings = out->settings;

	out->proxy_protocol = wye_setting_boolean(settings, "proxy_protocol");
	out->proxy_timeout = wye_setting_milliseconds(settings, "proxy_timeout");
	out->max_proxy_header = (size_t)wye_setting_integer(settings, "max_proxy_header");
	if (!out->proxy_protocol)
		check_companions(settings, companions, 2, "proxy_protocol", problems);
}

static unsigned read_mode(const struct wye_settings *settings, struct wye_problems *problems)
{
	const char *text = wye_setting_string(settings, "mode");
	size_t digits = strspn(text, "01234567");

	if (digits && !text[digits] && digits <= 4 && strtoul(text, NULL, 8) <= 0777)
		return (unsigned)strtoul(text, NULL, 8);
	wye_config_problem(problems, wye_setting_source(settings, "mode"),
			   "\"%s\" is no mode like \"0660\"", text);
	return 0;
}

static int read_listener(struct wye_listen_option *out, const config_setting_t *group,
			 struct wye_problems *problems)
{
	const struct wye_setting *const tables[] = { LISTEN };
	int error;

	out->source = group;
	wye_check_keys(group, tables, 1, NULL, "a listener", problems);
	error = wye_settings_create(&out->settings, LISTEN, group, "a listener", problems);
	if (error)
		return error;
	out->address = wye_setting_string(out->settings, "address");
	check_place(out->settings, group, problems);
	out->port = count(out->settings, "port");
	out->path = wye_setting_string(out->settings, "unix");
	out->inherit = wye_setting_string(out->settings, "inherit");
	out->mode = read_mode(out->settings, problems);
	out->backlog = count(out->settings, "backlog");
	out->defer_accept = wye_setting_boolean(out->settings, "defer_accept");
	out->rfc7239 =
		!strcmp(wye_setting_string(out->settings, "forwarded_header"), "Forwarded");
	read_proxy(out, problems);
	read_redirect(out, problems);
	error = wye_tls_settings_load(&out->tls, &out->handshakes, out->settings, problems);
	return error ? error : read_lists(out);
}

static int read_listeners(struct wye_options *out, const struct wye_config *config,
			  struct wye_problems *problems)
{
	config_setting_t *list = wye_config_member(config, "listen");
	int length, error = 0;

	if (!list) {
		wye_problem(problems, wye_config_path(config), 0,
			    "there is no \"listen\" = ( { port = ...; } )");
		return 0;
	}
	if (config_setting_type(list) != CONFIG_TYPE_LIST || !config_setting_length(list)) {
		wye_config_problem(problems, list,
				   "\"listen\" must be a list: ( { port = ...; } )");
		return 0;
	}
	length = config_setting_length(list);
	if (length > WYE_LISTENERS_MAX)
		wye_config_problem(problems, list, "%d listeners; at most %d", length,
				   WYE_LISTENERS_MAX);
	out->listen = calloc((size_t)length, sizeof *out->listen);
	if (!out->listen)
		return -ENOMEM;
	for (int i = 0; i < length && !error; i++) {
		config_setting_t *group = config_setting_get_elem(list, (unsigned)i);

		if (config_setting_type(group) != CONFIG_TYPE_GROUP)
			wye_config_problem(problems, group,
					   "a listener must be { port = ...; }");
		else
			error = read_listener(&out->listen[out->listen_count++], group,
					      problems);
	}
	return error;
}

int wye_options_load(struct wye_options *out, const struct wye_config *config,
		     struct wye_problems *problems)
{
	const struct wye_setting *const tables[] = { TABLE };
	config_setting_t *root = wye_config_root(config);
	int error;

	memset(out, 0, sizeof *out);
	wye_check_keys(root, tables, 1, SECTIONS, "the config", problems);
	error = wye_settings_create(&out->settings, TABLE, root, "the config", problems);
	if (!error) {
		read_top(out);
		error = read_redacted(out->settings, root, problems);
	}
	if (!error)
		error = read_listeners(out, config, problems);
	if (error)
		wye_options_fini(out);
	return error;
}

void wye_options_fini(struct wye_options *options)
{
	for (size_t i = 0; i < options->listen_count; i++) {
		wye_settings_destroy(options->listen[i].settings);
		free((void *)options->listen[i].trusted);
		free((void *)options->listen[i].redirect_except);
		wye_tls_context_destroy(options->listen[i].tls);
	}
	free(options->listen);
	wye_settings_destroy(options->settings);
	memset(options, 0, sizeof *options);
}
