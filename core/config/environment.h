/* SPDX-License-Identifier: MIT
 *
 * environment.h - "${NAME}" in the strings of a config, so that secrets need not stand in it.
 * Main thread, once after a file was parsed and before anything reads it.
 */
#ifndef WYE_CORE_CONFIG_ENVIRONMENT_H
#define WYE_CORE_CONFIG_ENVIRONMENT_H

#include "config/config.h"

/* Puts the values of environment variables into all strings below `root`: "${NAME}" with a NAME
 * of [A-Za-z_][A-Za-z0-9_]*; "$${" becomes "${". What comes out of a variable is not looked at
 * again. A string with an unset or misspelt variable is a problem and stays as it was. Returns
 * 0 or -ENOMEM. */
int wye_environment_expand(config_setting_t *root,
			   struct wye_problems *problems) WYE_MUST_CHECK;

#endif
