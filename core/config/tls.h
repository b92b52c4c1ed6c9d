/* SPDX-License-Identifier: MIT
 *
 * tls.h - a listener's settings of TLS: the group `tls`. Main thread.
 */
#ifndef WYE_CORE_CONFIG_TLS_H
#define WYE_CORE_CONFIG_TLS_H

#include "config/settings.h"
#include "tls/context.h"

extern const struct wye_setting wye_tls_settings[];

/* Makes what a listener's `tls` says; the files are read now, so that a check of the config
 * finds what is wrong with them. `group` NULL: nothing is made. Returns 0 or -ENOMEM. */
int wye_tls_settings_load(struct wye_tls_context **out, const config_setting_t *group,
			  struct wye_problems *problems) WYE_MUST_CHECK;

#endif
