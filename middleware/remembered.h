/* SPDX-License-Identifier: MIT
 *
 * remembered.h - digests of what was found right a short time ago: a bounded table, in which a
 * new one takes the place of what would end first. Any thread; a lock per shard.
 */
#ifndef WYE_MIDDLEWARE_REMEMBERED_H
#define WYE_MIDDLEWARE_REMEMBERED_H

#include <wye/types.h>

#include "digest.h"

struct remembered;

/* For about `limit` digests: rounded up to a multiple of 64; 0: none. NULL without memory. */
struct remembered *remembered_create(size_t limit);
void remembered_destroy(struct remembered *remembered);

/* `until` and `now` are milliseconds of the monotonic clock; an entry of another generation
 * than that asked for counts for nothing. */
void remembered_add(struct remembered *remembered, const uint8_t digest[DIGEST_SIZE],
		    uint64_t until, unsigned generation);
bool remembered_holds(struct remembered *remembered, const uint8_t digest[DIGEST_SIZE],
		      uint64_t now, unsigned generation);

#endif
