/* SPDX-License-Identifier: MIT
 *
 * loader.h - opens a plugin's file and checks what it exports. Main thread.
 */
#ifndef WYE_CORE_PLUGIN_LOADER_H
#define WYE_CORE_PLUGIN_LOADER_H

#include <wye/plugin.h>

/* `name` with a slash is a path, relative to the folder of `config_path`; else NAME.so in
 * `folder`. Each failure is one sentence that names the file. Returns 0 or a negative errno. */
int wye_plugin_load(const struct wye_plugin **out, void **handle, const char *name,
		    const char *folder, const char *config_path,
		    struct wye_error *why) WYE_MUST_CHECK;
void wye_plugin_unload(void *handle);

/* What every plugin must have, built-in ones too. Returns 0 or -EINVAL with a sentence. */
int wye_plugin_check(const struct wye_plugin *plugin, const char *file,
		     struct wye_error *why) WYE_MUST_CHECK;

#endif
