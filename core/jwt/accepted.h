/* SPDX-License-Identifier: MIT
 *
 * accepted.h - an accepted token, made by verifier.c and read by jwt.c. One thread at a time.
 */
#ifndef WYE_CORE_JWT_ACCEPTED_H
#define WYE_CORE_JWT_ACCEPTED_H

#include <jansson.h>

#include <wye/jwt.h>

struct wye_jwt {
	json_t *claims; /* an object */
};

#endif
