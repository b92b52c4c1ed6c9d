/* SPDX-License-Identifier: MIT
 *
 * lists.c - see lists.h.
 */
#include <time.h>

#include <openssl/x509v3.h>

#include "tls/common.h"
#include "tls/lists.h"

/* The list that an object of the store is; NULL: it is none. */
static X509_CRL *list_at(const X509_STORE *store, int i)
{
	const X509_OBJECT *object = sk_X509_OBJECT_value(X509_STORE_get0_objects(store), i);

	return X509_OBJECT_get_type(object) == X509_LU_CRL ? X509_OBJECT_get0_X509_CRL(object)
							   : NULL;
}

int64_t wye_tls_lists_end(const X509_STORE *store)
{
	int count = sk_X509_OBJECT_num(X509_STORE_get0_objects(store));
	int64_t end = INT64_MAX;

	for (int i = 0; i < count; i++) {
		const X509_CRL *list = list_at(store, i);
		int64_t one =
			list ? wye_tls_seconds(X509_CRL_get0_nextUpdate(list), INT64_MAX) : end;

		end = one < end ? one : end;
	}
	return end;
}

static bool has_list(const X509_STORE *store, const X509_NAME *issuer)
{
	int count = sk_X509_OBJECT_num(X509_STORE_get0_objects(store));

	for (int i = 0; i < count; i++) {
		const X509_CRL *list = list_at(store, i);

		if (list && !X509_NAME_cmp(X509_CRL_get_issuer(list), issuer))
			return true;
	}
	return false;
}

/* NULL: there is none. */
static const X509_NAME *root_without_list(const X509_STORE *store)
{
	const STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(store);

	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		X509 *one = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));

		if (one && X509_get_extension_flags(one) & EXFLAG_SI &&
		    !has_list(store, X509_get_subject_name(one)))
			return X509_get_subject_name(one);
	}
	return NULL;
}

void wye_tls_lists_doubt(const X509_STORE *store, const char *path, struct wye_error *out)
{
	const X509_NAME *root = root_without_list(store);
	time_t end = (time_t)wye_tls_lists_end(store);
	char text[256];
	struct tm parts;

	*out = (struct wye_error) { "" };
	if (end < time(NULL)) {
		gmtime_r(&end, &parts);
		strftime(text, sizeof text, "%Y-%m-%d", &parts);
		wye_error_set(out,
			      "%s: a list is out of date since %s: its clients are refused",
			      path, text);
	} else if (root) {
		wye_error_set(out, "%s: there is no list by %s: its clients are refused", path,
			      X509_NAME_oneline(root, text, sizeof text));
	}
}
