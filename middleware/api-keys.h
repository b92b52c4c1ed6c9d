/* SPDX-License-Identifier: MIT
 *
 * api-keys.h - a table of API keys: names, and the SHA-256 of each key. Made once, then read by
 * any thread.
 */
#ifndef WYE_MIDDLEWARE_API_KEYS_H
#define WYE_MIDDLEWARE_API_KEYS_H

#include <wye/types.h>

#include "digest.h"

struct api_keys;

/* An empty table. NULL without memory. */
struct api_keys *api_keys_create(void);
void api_keys_destroy(struct api_keys *keys);

/* Adds "NAME:HASH", the hash in 64 hex digits. A name may come more than once, for keys that
 * replace each other. Returns 0; -EINVAL with a sentence; -ENOMEM. */
int api_keys_add(struct api_keys *keys, const char *line, struct wye_error *why) WYE_MUST_CHECK;

/* Adds the lines of a file; empty ones and those that begin with '#' are left out. Returns 0; a
 * negative errno with a sentence that begins with PATH:LINE where there is one. */
int api_keys_read(struct api_keys *keys, const char *path,
		  struct wye_error *why) WYE_MUST_CHECK;

/* After the last one. Returns 0; -EINVAL with a sentence if two have one hash, or there is
 * none.
 */
int api_keys_seal(struct api_keys *keys, struct wye_error *why) WYE_MUST_CHECK;

size_t api_keys_count(const struct api_keys *keys);

/* The name of the key with this hash, or NULL. Its time says no more than how a hash compares
 * with the first 8 bytes of others: nobody can choose a key by the bytes of its hash. */
const char *api_keys_find(const struct api_keys *keys, const uint8_t digest[DIGEST_SIZE]);

#endif
