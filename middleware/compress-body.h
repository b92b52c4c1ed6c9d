/* SPDX-License-Identifier: MIT
 *
 * compress-body.h - puts a compressed body in the place of an answer's.
 */
#ifndef WYE_MIDDLEWARE_COMPRESS_BODY_H
#define WYE_MIDDLEWARE_COMPRESS_BODY_H

#include <wye/metric.h>
#include <wye/rest.h>

#include "compress-accept.h"

/* Of an instance; read on any thread. */
struct compress_body {
	int levels[CODINGS];
	unsigned max_running; /* on one thread */
	wye_metric running, refused, bytes_in, bytes_out;
};

/* In a response step. False if the body stays as it is: too many are being compressed, it can't
 * be wrapped, or there is no memory. */
bool compress_body_wrap(struct wye_request *request, const struct compress_body *body,
			enum coding coding);
/* The same for a HEAD: the length is as unknown as the GET's, and nothing is compressed. */
bool compress_body_omit(struct wye_request *request, const struct compress_body *body);

#endif
