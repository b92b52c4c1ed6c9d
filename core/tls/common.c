/* SPDX-License-Identifier: MIT
 *
 * common.c - see common.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

#include "tls/common.h"

BIO *wye_tls_open(const char *path)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
	BIO *bio = file ? BIO_new_fp(file, BIO_CLOSE) : NULL;

	if (bio)
		return bio;
	if (!file)
		ERR_raise(ERR_LIB_SYS, errno);
	if (file)
		fclose(file);
	else if (descriptor >= 0)
		close(descriptor);
	return NULL;
}

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
