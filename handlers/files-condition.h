/* SPDX-License-Identifier: MIT
 *
 * files-condition.h - what a request asks for beside the file: preconditions (RFC 9110, 13) and
 * a range (14). Pure; any thread. Texts with NULL for data are fields that did not come.
 */
#ifndef WYE_HANDLERS_FILES_CONDITION_H
#define WYE_HANDLERS_FILES_CONDITION_H

#include <wye/types.h>

/* What tells one state of a file from another. */
struct files_validators {
	struct wye_text etag; /* strong, with its quotes */
	int64_t modified;     /* seconds */
};

struct files_conditions {
	struct wye_text match, none_match;      /* lists of entity tags, or "*" */
	struct wye_text modified, not_modified; /* If-Modified-Since, If-Unmodified-Since */
	struct wye_text range, if_range;
};

/* In the order of 13.2.2. Returns 200 (go on), 304 or 412. */
unsigned files_judge(const struct files_conditions *conditions,
		     const struct files_validators *current);

enum files_extent {
	FILES_WHOLE,   /* no range, or one that is ignored */
	FILES_PART,    /* 206 */
	FILES_OUTSIDE, /* 416 */
};

/* Which bytes of `size` are asked for. Ignored are other units, malformed ranges, more than
 * one, and any whose If-Range names another state. `now` in seconds: a file that was written
 * less than a second ago may change within the same second of its date (8.8.2.2). Where it is
 * no part, `first` and `length` are those of the whole. */
enum files_extent files_extent(const struct files_conditions *conditions,
			       const struct files_validators *current, uint64_t size,
			       int64_t now, uint64_t *first, uint64_t *length);

#endif
