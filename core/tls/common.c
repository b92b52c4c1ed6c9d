/* SPDX-License-Identifier: MIT
 *
 * common.c - see common.h.
 */
#include <string.h>
#include <time.h>

#include <openssl/err.h>

#include "tls/common.h"

/* The first error is the cause, the later ones are who passed it on. */
void wye_tls_explain(struct wye_error *why, const char *path)
{
	unsigned long code = ERR_get_error();
	const char *reason = ERR_reason_error_string(code);

	if (ERR_SYSTEM_ERROR(code))
		reason = strerror(ERR_GET_REASON(code));
	wye_error_set(why, "%s: %s", path, reason ? reason : "can't be read");
	ERR_clear_error();
}

int wye_tls_no_password(char *out, int size, int writing, void *argument)
{
	bool *asked = argument;

	(void)out;
	(void)size;
	(void)writing;
	if (asked)
		*asked = true;
	return -1;
}

int64_t wye_tls_seconds(const ASN1_TIME *time, int64_t otherwise)
{
	struct tm parts;

	return time && ASN1_TIME_to_tm(time, &parts) ? (int64_t)timegm(&parts) : otherwise;
}
