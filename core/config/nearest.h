/* SPDX-License-Identifier: MIT
 *
 * nearest.h - the valid name that a misspelt one most likely meant. Pure.
 */
#ifndef WYE_CORE_CONFIG_NEAREST_H
#define WYE_CORE_CONFIG_NEAREST_H

#include <wye/types.h>

/* Offers names one by one and keeps the best: edits count, swapped neighbours as one. */
struct wye_nearest {
	const char *wanted;
	const char *best; /* NULL: none is near */
	unsigned distance;
};

void wye_nearest_init(struct wye_nearest *nearest, const char *wanted);
void wye_nearest_offer(struct wye_nearest *nearest, const char *name);

/* ", did you mean \"NAME\"?" or an empty text, into `out`. */
const char *wye_nearest_hint(const struct wye_nearest *nearest, char out[128]);

#endif
