/* SPDX-License-Identifier: MIT
 *
 * claims.h - what must hold of the claims of a token whose signature is right (RFC 7519, 4.1).
 * Made on one thread; then read-only, on any.
 */
#ifndef WYE_CORE_JWT_CLAIMS_H
#define WYE_CORE_JWT_CLAIMS_H

#include <jansson.h>

#include <wye/jwt.h>

struct wye_jwt_wanted {
	char *name;
	const char *value; /* behind the name; NULL: any */
};

/* Copies; lists have NULL at the end, and are NULL where nothing is asked. */
struct wye_jwt_checks {
	char **issuers, **audiences, **scopes;
	struct wye_jwt_wanted *claims;
	size_t claim_count;
	double leeway;
};

/* Returns 0 or -ENOMEM; to be ended in both cases. */
int wye_jwt_checks_init(struct wye_jwt_checks *checks,
			const struct wye_jwt_rules *rules) WYE_MUST_CHECK;
void wye_jwt_checks_fini(struct wye_jwt_checks *checks);

/* `now` is in seconds of RFC 7519, 2 (NumericDate). */
enum wye_jwt_verdict wye_jwt_checks_run(const struct wye_jwt_checks *checks,
					const json_t *claims, double now);

#endif
