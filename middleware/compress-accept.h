/* SPDX-License-Identifier: MIT
 *
 * compress-accept.h - which coding a client wants (RFC 9110, 12.5.3). Pure; any thread.
 */
#ifndef WYE_MIDDLEWARE_COMPRESS_ACCEPT_H
#define WYE_MIDDLEWARE_COMPRESS_ACCEPT_H

#include <wye/types.h>

enum coding {
	CODING_IDENTITY,
	CODING_GZIP,
	CODING_BROTLI,
	CODINGS,
};

/* What the fields have said so far: weights in thousandths, -1: nothing. */
struct accepted {
	int weights[CODINGS];
	int others; /* of "*" */
};

#define ACCEPTED_NOTHING                                                                       \
	{                                                                                      \
		{ -1, -1, -1 }, -1                                                             \
	}

/* Reads the value of one Accept-Encoding field. A coding with a malformed weight counts as one
 * that is not wanted. */
void accepted_add(struct accepted *accepted, struct wye_text value);

/* The coding of the highest weight; of equal ones the first of `preferred`, which has `count`.
 * Identity if none of them is wanted, also where that is not wanted either. */
enum coding accepted_best(const struct accepted *accepted, const enum coding *preferred,
			  size_t count);

#endif
