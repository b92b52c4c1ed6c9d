/* SPDX-License-Identifier: MIT
 *
 * tls.h - a listener's settings of TLS: the group `tls`, and `tls_profile`. Main thread.
 */
#ifndef WYE_CORE_CONFIG_TLS_H
#define WYE_CORE_CONFIG_TLS_H

#include "config/settings.h"
#include "tls/context.h"

/* Of one listener. */
struct wye_handshake_option {
	unsigned rate, burst; /* that may begin, per second and at once; rate 0: any number */
	unsigned timeout;     /* milliseconds */
};

/* Of the group. */
extern const struct wye_setting wye_tls_settings[];
/* What tls_profile may be. */
extern const char *const wye_tls_profiles[];

/* Makes what a listener's settings say; NULL if it has no `tls`. The files are read now, so
 * that a check of the config finds what is wrong with them. Returns 0 or -ENOMEM. */
int wye_tls_settings_load(struct wye_tls_context **out, struct wye_handshake_option *handshakes,
			  const struct wye_settings *listener,
			  struct wye_problems *problems) WYE_MUST_CHECK;

#endif
