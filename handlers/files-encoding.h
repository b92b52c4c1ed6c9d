/* SPDX-License-Identifier: MIT
 *
 * files-encoding.h - which content coding a client likes best (RFC 9110, 12.5.3). Pure; any
 * thread.
 */
#ifndef WYE_HANDLERS_FILES_ENCODING_H
#define WYE_HANDLERS_FILES_ENCODING_H

#include <wye/types.h>

/* The weight of a coding in Accept-Encoding, in thousandths; 0: not acceptable. "identity" that
 * is not named has `unnamed` unless "*" excludes it. */
unsigned files_weight(struct wye_text accept, const char *coding, unsigned unnamed);

#endif
