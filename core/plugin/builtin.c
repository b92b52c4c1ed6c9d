/* SPDX-License-Identifier: MIT
 *
 * builtin.c - see builtin.h.
 */
#include "plugin/builtin.h"

extern const struct wye_plugin wye_builtin_access_log;
extern const struct wye_plugin wye_builtin_admission;
extern const struct wye_plugin wye_builtin_api_key;
extern const struct wye_plugin wye_builtin_basic;
extern const struct wye_plugin wye_builtin_body_limit;
extern const struct wye_plugin wye_builtin_compress;
extern const struct wye_plugin wye_builtin_cors;
extern const struct wye_plugin wye_builtin_files;
extern const struct wye_plugin wye_builtin_forward_auth;
extern const struct wye_plugin wye_builtin_headers;
extern const struct wye_plugin wye_builtin_health;
extern const struct wye_plugin wye_builtin_ip_filter;
extern const struct wye_plugin wye_builtin_jwt;
extern const struct wye_plugin wye_builtin_mtls;
extern const struct wye_plugin wye_builtin_origin;
extern const struct wye_plugin wye_builtin_rate_limit;
extern const struct wye_plugin wye_builtin_ready;
extern const struct wye_plugin wye_builtin_redirect;
extern const struct wye_plugin wye_builtin_request_id;
extern const struct wye_plugin wye_builtin_respond;
extern const struct wye_plugin wye_builtin_timeout;
extern const struct wye_plugin wye_builtin_token;

const struct wye_plugin *const wye_builtins[] = {
	&wye_builtin_access_log,   /* middleware/access-log.c */
	&wye_builtin_admission,    /* middleware/admission.c */
	&wye_builtin_api_key,      /* middleware/api-key.c */
	&wye_builtin_basic,        /* middleware/basic.c */
	&wye_builtin_body_limit,   /* middleware/body-limit.c */
	&wye_builtin_compress,     /* middleware/compress.c */
	&wye_builtin_cors,         /* middleware/cors.c */
	&wye_builtin_files,        /* handlers/files.c */
	&wye_builtin_forward_auth, /* middleware/forward-auth.c */
	&wye_builtin_headers,      /* middleware/headers.c */
	&wye_builtin_health,       /* handlers/health.c */
	&wye_builtin_ip_filter,    /* middleware/ip-filter.c */
	&wye_builtin_jwt,          /* middleware/jwt.c */
	&wye_builtin_mtls,         /* middleware/mtls.c */
	&wye_builtin_origin,       /* middleware/origin.c */
	&wye_builtin_rate_limit,   /* middleware/rate-limit.c */
	&wye_builtin_ready,        /* handlers/health.c */
	&wye_builtin_redirect,     /* handlers/redirect.c */
	&wye_builtin_request_id,   /* middleware/request-id.c */
	&wye_builtin_respond,      /* handlers/respond.c */
	&wye_builtin_timeout,      /* middleware/timeout.c */
	&wye_builtin_token,        /* middleware/token.c */
	NULL,
};
