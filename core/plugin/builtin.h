/* SPDX-License-Identifier: MIT
 *
 * builtin.h - the plugins that are part of the program: one table, in which order they are
 * found.
 */
#ifndef WYE_CORE_PLUGIN_BUILTIN_H
#define WYE_CORE_PLUGIN_BUILTIN_H

#include <wye/plugin.h>

/* NULL at the end. */
extern const struct wye_plugin *const wye_builtins[];

#endif
