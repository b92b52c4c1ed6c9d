/* SPDX-License-Identifier: MIT
 *
 * options.h - the program's own settings: those at the top of the file and the listeners. Main
 * thread.
 */
#ifndef WYE_CORE_CONFIG_OPTIONS_H
#define WYE_CORE_CONFIG_OPTIONS_H

#include <wye/log.h>

#include "config/settings.h"
#include "config/tls.h"
#include "tls/context.h"

/* Listeners of one program, at most. */
#define WYE_LISTENERS_MAX 64

struct wye_listen_option {
	const char *address; /* NULL: all */
	unsigned port, backlog;
	const char *path; /* of a Unix socket, instead; or NULL */
	unsigned mode;
	const char *inherit; /* name of an inherited socket, instead; or NULL */
	bool defer_accept;
	const char *const *trusted; /* CIDR ranges */
	size_t trusted_count;
	bool proxy_protocol;
	unsigned proxy_timeout; /* milliseconds */
	size_t max_proxy_header;
	bool redirect_to_https;
	unsigned https_port;
	const char *const *redirect_except; /* paths */
	size_t redirect_except_count;
	bool rfc7239;                /* they say Forwarded, not X-Forwarded-For */
	struct wye_tls_context *tls; /* NULL: plain */
	struct wye_handshake_option handshakes;
	const config_setting_t *source;
	struct wye_settings *settings;
};

/* Times in milliseconds, sizes in bytes. */
struct wye_options {
	struct wye_listen_option *listen;
	size_t listen_count;
	unsigned http_threads, stream_loops, blocking_threads, blocking_queue;
	unsigned max_connections; /* 0: what the descriptor limit carries */
	unsigned max_connections_per_address;
	uint64_t outbox_total; /* bytes */
	unsigned max_waiting;
	size_t max_header, max_target;
	uint64_t max_body;
	unsigned max_key_updates; /* in a minute */
	unsigned head_timeout, body_timeout, keepalive_timeout, write_timeout, ticket_timeout;
	unsigned drain_delay, drain_spread, drain_timeout;
	enum wye_log_level log_level;
	const char *plugin_path;
	const char *user, *group; /* to become after binding; or NULL */
	bool core_dumps;
	struct wye_settings *settings;
};

/* All of it; problems say what is wrong. Returns 0 or -ENOMEM. */
int wye_options_load(struct wye_options *out, const struct wye_config *config,
		     struct wye_problems *problems) WYE_MUST_CHECK;
void wye_options_fini(struct wye_options *options);

/* The tables, for checks and manuals. */
const struct wye_setting *wye_options_table(void);
const struct wye_setting *wye_options_listen_table(void);

#endif
