/* SPDX-License-Identifier: MIT
 *
 * access-log-mask.h - a target, or another URL, without what no log may show. Pure, but for the
 * names; any thread.
 */
#ifndef WYE_MIDDLEWARE_ACCESS_LOG_MASK_H
#define WYE_MIDDLEWARE_ACCESS_LOG_MASK_H

#include <wye/types.h>

enum {
	ACCESS_MASKED = 1024, /* bytes; what is longer is cut */
};

/* The URL itself where nothing is hidden in it; else a copy in `memory`, with "***" for the
 * value of each query parameter that wye_log_hides_parameter() names. */
struct wye_text access_mask(struct wye_text url, char memory[ACCESS_MASKED]);

#endif
