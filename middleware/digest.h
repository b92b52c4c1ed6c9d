/* SPDX-License-Identifier: MIT
 *
 * digest.h - SHA-256 (FIPS 180-4) of a few pieces, without an allocation per call: each thread
 * keeps a context of OpenSSL's until it ends.
 */
#ifndef WYE_MIDDLEWARE_DIGEST_H
#define WYE_MIDDLEWARE_DIGEST_H

#include <wye/types.h>

enum {
	DIGEST_SIZE = 32,
};

/* Of the pieces one behind the other. Any thread. False without memory. */
bool digest_of(const struct wye_text *pieces, size_t count,
	       uint8_t out[DIGEST_SIZE]) WYE_MUST_CHECK;

#endif
