/* SPDX-License-Identifier: MIT
 *
 * wye/types.h - the few things that every other public header uses.
 */
#ifndef WYE_TYPES_H
#define WYE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Marks what the wye program exports to plugins. */
#define WYE_API __attribute__((visibility("default")))
/* A result that may not be dropped. */
#define WYE_MUST_CHECK          __attribute__((warn_unused_result))
#define WYE_PRINTF(text, first) __attribute__((format(printf, text, first)))

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed bytes: no NUL at the end is promised, and bytes from the wire may hold one.
 * `data` is NULL where the thing asked for does not exist. */
struct wye_text {
	const char *data;
	size_t length;
};

/* A header field, a cookie, a query parameter or a form field. */
struct wye_field {
	struct wye_text name, value;
};

/* One sentence that says what went wrong, with FILE:LINE in front where there is one. */
struct wye_error {
	char text[512];
};

/* Puts a printf-style sentence into `why` (which may be NULL); too long ones are cut. */
WYE_API void wye_error_set(struct wye_error *why, const char *format, ...) WYE_PRINTF(2, 3);

/* What a middleware step or a handler says about the request it was shown. */
enum wye_verdict {
	WYE_NEXT,     /* go on with the next step; from a handler: a fault, answered with 500 */
	WYE_ANSWERED, /* this step has answered or refused; no later step runs */
	WYE_DEFERRED, /* a ticket was taken and will be finished later */
};

/* Where a handler is mounted: the two pointers that its own open() and route() made. */
struct wye_mount {
	void *instance;
	void *route;
};

#ifdef __cplusplus
}
#endif
#endif
