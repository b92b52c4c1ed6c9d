/* SPDX-License-Identifier: MIT
 *
 * target.h - request targets (RFC 9112, 3.2; RFC 3986). Pure; any thread.
 */
#ifndef WYE_CORE_ROUTE_TARGET_H
#define WYE_CORE_ROUTE_TARGET_H

#include "base/arena.h"

enum wye_target_form {
	WYE_TARGET_BAD,      /* none of them, or with a byte that no target has */
	WYE_TARGET_ORIGIN,   /* "/path?query" */
	WYE_TARGET_ABSOLUTE, /* "http://authority/path?query" */
	WYE_TARGET_ASTERISK, /* "*" */
};

enum wye_path_kind {
	WYE_PATH_BAD,   /* a "%" without two hex digits, or %00 */
	WYE_PATH_PLAIN, /* can be routed as it stands */
	WYE_PATH_CODED, /* has escapes or dot segments: wye_path_normalise() first */
};

/* Parts of a target, still encoded, in its own bytes; those of a bad one are a guess, for logs.
 */
struct wye_target {
	enum wye_target_form form;
	struct wye_text authority; /* of an absolute one; with its port */
	struct wye_text path;
	enum wye_path_kind kind; /* of the path */
	struct wye_text query; /* the rest behind the first '?', without it; data NULL: none */
};

struct wye_target wye_target_parse(struct wye_text target);

enum wye_path_kind wye_path_check(struct wye_text path);

/* Stands for an encoded slash in a normalised path: it is part of its segment and separates
 * nothing. No other byte can be mistaken for it, as %00 is refused. */
#define WYE_PATH_SLASH '\0'

/* Decodes each segment once and removes dot segments (RFC 3986, 5.2.4), encoded ones too. `out`
 * holds as many bytes as the path. Returns the length. */
size_t wye_path_normalise(struct wye_text path, char *out);

/* The path as it is routed: normalised in the arena where that is needed. Data NULL without
 * memory. */
struct wye_text wye_target_routed(const struct wye_target *target, struct wye_arena *arena);

/* Decodes escapes; `plus` says that "+" is a blank (forms and queries). `out` may be the text
 * itself. Returns the length. What is no escape stays as it is. */
size_t wye_percent_decode(struct wye_text text, bool plus, char *out);

#endif
