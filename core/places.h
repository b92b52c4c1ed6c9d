/* SPDX-License-Identifier: MIT
 *
 * places.h - what is wrong with the places that a config listens at, and with who may come
 * there, beyond the types of settings. Main thread.
 */
#ifndef WYE_CORE_PLACES_H
#define WYE_CORE_PLACES_H

#include "config/options.h"

/* Adds what is wrong, for `wye -t` too. */
void wye_places_check(const struct wye_options *options, struct wye_problems *problems);

#endif
