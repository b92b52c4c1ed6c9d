/* SPDX-License-Identifier: MIT
 *
 * verifier.h - the program's side of <wye/jwt.h>.
 */
#ifndef WYE_CORE_JWT_VERIFIER_H
#define WYE_CORE_JWT_VERIFIER_H

#include <wye/jwt.h>

/* wye_jwt_verify() at another time than now: seconds since 1970. */
enum wye_jwt_verdict wye_jwt_verify_at(const struct wye_jwt_verifier *verifier,
				       struct wye_text token, double now, struct wye_jwt **out);

#endif
