/* SPDX-License-Identifier: MIT
 *
 * compress-encoder.h - one compression, by zlib or by brotli. Made, used and ended on one
 * thread, which keeps a few of zlib's for the next ones.
 */
#ifndef WYE_MIDDLEWARE_COMPRESS_ENCODER_H
#define WYE_MIDDLEWARE_COMPRESS_ENCODER_H

#include <sys/types.h>

#include "compress-accept.h"

enum encoder_end {
	ENCODER_FLUSH,  /* all that was put in can be read by the client */
	ENCODER_FINISH, /* there is no more */
};

struct encoder;

/* `length`: bytes that will be put in, or UINT64_MAX. NULL without memory. */
struct encoder *encoder_create(enum coding coding, int level, uint64_t length);
/* NULL is accepted. */
void encoder_destroy(struct encoder *encoder);

/* Takes `*in` and writes at most `size` bytes; to be called with what is left of the input, and
 * the same `end`, until `*done`: then all is taken and written. Returns how many were written;
 * -EIO. */
ssize_t encoder_run(struct encoder *encoder, struct wye_text *in, enum encoder_end end,
		    void *out, size_t size, bool *done);

#endif
