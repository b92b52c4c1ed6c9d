/* SPDX-License-Identifier: MIT
 *
 * set.h - a JSON Web Key Set in a file that is read again when it changes, while any thread
 * verifies with its keys. Made, watched and ended on the main thread.
 */
#ifndef WYE_CORE_JWT_SET_H
#define WYE_CORE_JWT_SET_H

#include <stdatomic.h>

#include "jwt/keys.h"

struct wye_jwt_set;

/* Returns 0, or a negative errno with a sentence. `path` is copied. */
int wye_jwt_set_create(struct wye_jwt_set **out, const char *path,
		       struct wye_error *why) WYE_MUST_CHECK;
void wye_jwt_set_destroy(struct wye_jwt_set *set);

int wye_jwt_set_watch(struct wye_jwt_set *set) WYE_MUST_CHECK;
void wye_jwt_set_unwatch(struct wye_jwt_set *set);

/* The keys of now, which stay until wye_jwt_set_leave() with the same mark (base/swap.h). */
const struct wye_jwt_keys *wye_jwt_set_enter(struct wye_jwt_set *set, atomic_uint **mark);
void wye_jwt_set_leave(atomic_uint *mark);

#endif
