/* SPDX-License-Identifier: MIT
 *
 * descriptors.h - how many files and sockets the program may have open. Main thread.
 */
#ifndef WYE_CORE_DESCRIPTORS_H
#define WYE_CORE_DESCRIPTORS_H

#include "config/options.h"

/* Raises the limit as far as allowed; returns it. */
unsigned long wye_descriptors_raise(void);

/* Whether the threads can have what they need: to be asked before they start, as the engines
 * don't all end well where one is missing. Returns 0, or a negative errno with a sentence. */
int wye_descriptors_check(const struct wye_options *options,
			  struct wye_error *why) WYE_MUST_CHECK;

#endif
