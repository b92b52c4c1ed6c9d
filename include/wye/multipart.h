/* SPDX-License-Identifier: MIT
 *
 * wye/multipart.h - bodies of forms with files, multipart/form-data (RFC 7578), taken apart as
 * they arrive. Nothing is kept but the header of the part that begins.
 *
 * A handler with body() feeds each piece and may return WYE_DEFERRED afterwards: nothing more
 * is read until its ticket is finished, so what it holds is bounded by a piece. A parser
 * belongs to one request, on whatever thread has that.
 */
#ifndef WYE_MULTIPART_H
#define WYE_MULTIPART_H

#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wye_multipart;

/* What a part says of itself; data NULL: nothing. All of it is the client's word: a file's name
 * may hold slashes, and is no path to be opened. Valid until the part's end. A quote or a
 * backslash behind a backslash stands for itself; "%22" is left as it is. */
struct wye_form_part {
	struct wye_text name, filename, type;
};

/* What is told of the parts, in their order. Each returns 0, or a negative errno that ends all
 * and is what wye_multipart_feed() returns. `size` is sizeof of it; members may be NULL. */
struct wye_multipart_handler {
	size_t size;
	int (*begin)(void *argument, const struct wye_form_part *part);
	/* Any number of times; `data` is valid during the call. */
	int (*data)(void *argument, const void *data, size_t length);
	int (*end)(void *argument);
};

/* Bounds; 0: the default. */
struct wye_multipart_limits {
	size_t size;
	size_t header;  /* bytes of a part's header: 4,096 */
	unsigned parts; /* how many: 128 */
};

/* Makes a parser for a body of this Content-Type. `limits` may be NULL; `handler` and
 * `argument` must outlive it.
 *
 * Returns 0; -EINVAL if it is another type (answer 415), or has no boundary that RFC 2046,
 * 5.1.1 allows (400); -ENOMEM. */
WYE_API int wye_multipart_create(struct wye_multipart **out, struct wye_text content_type,
				 const struct wye_multipart_limits *limits,
				 const struct wye_multipart_handler *handler,
				 void *argument) WYE_MUST_CHECK;
/* NULL is accepted. */
WYE_API void wye_multipart_destroy(struct wye_multipart *parser);

/* Goes on with a piece of any length. Returns 0; -EBADMSG if it is malformed, a part has no
 * name, or a transfer encoding (400); -E2BIG above a bound (413); -ENOMEM; what a callback
 * returned. After a failure it returns the same for ever. */
WYE_API int wye_multipart_feed(struct wye_multipart *parser, const void *data,
			       size_t length) WYE_MUST_CHECK;

/* The body is over. Returns 0; -EBADMSG if its last delimiter is missing; as above. */
WYE_API int wye_multipart_finish(struct wye_multipart *parser) WYE_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
