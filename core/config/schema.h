/* SPDX-License-Identifier: MIT
 *
 * schema.h - a table of settings itself, as it comes from a plugin.
 */
#ifndef WYE_CORE_CONFIG_SCHEMA_H
#define WYE_CORE_CONFIG_SCHEMA_H

#include <wye/settings.h>

/* Its types, and defaults that their own rows allow. Returns 0, or -EINVAL with a sentence.
 * NULL is right. Any thread. */
int wye_check_table(const struct wye_setting *table, struct wye_error *why) WYE_MUST_CHECK;

#endif
