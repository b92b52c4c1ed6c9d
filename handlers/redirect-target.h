/* SPDX-License-Identifier: MIT
 *
 * redirect-target.h - where a redirect leads: a template like "https://example.org/u/{id}",
 * checked when the route is made, filled in per request. Any thread.
 */
#ifndef WYE_HANDLERS_REDIRECT_TARGET_H
#define WYE_HANDLERS_REDIRECT_TARGET_H

#include <wye/types.h>

struct redirect_target;

/* Takes a template apart: literal text, and "{name}" for parameters of the route's pattern,
 * which stand behind the host only. `text` must outlive it.
 *
 * Returns 0; -EINVAL with a sentence; -ENOMEM. */
int redirect_target_create(struct redirect_target **out, const char *text, const char *pattern,
			   struct wye_error *why) WYE_MUST_CHECK;
void redirect_target_destroy(struct redirect_target *target);

/* How many values it takes, and the name of each. */
size_t redirect_target_count(const struct redirect_target *target);
const char *redirect_target_name(const struct redirect_target *target, size_t index);

/* Bytes that are enough for redirect_target_write(). */
size_t redirect_target_room(const struct redirect_target *target, const struct wye_text *values,
			    struct wye_text query);

/* Writes it with these values, as decoded parameters have them, percent-encoded where they
 * stand; slashes stay in those of a "*rest". The query (data NULL: none) is appended. Returns
 * the length. */
size_t redirect_target_write(const struct redirect_target *target,
			     const struct wye_text *values, struct wye_text query, char *out);

#endif
