/* SPDX-License-Identifier: MIT
 *
 * names.h - finds what a server name stands for (RFC 9525, 6.3): the name itself, else the
 * wildcard for its left-most label. Made by main; read on any thread.
 */
#ifndef WYE_CORE_TLS_NAMES_H
#define WYE_CORE_TLS_NAMES_H

#include <wye/types.h>

/* Bytes of a name, at most (RFC 1035, 2.3.4). */
#define WYE_TLS_NAME_MAX 253

/* What certificates and clients mean by the same name looks the same: in small letters. False:
 * it is no name, or has a wildcard that is not the whole of its first label. */
bool wye_tls_name_fold(const char *name, size_t length, char out[WYE_TLS_NAME_MAX + 1]);

struct wye_tls_name {
	char *name; /* folded; may begin with "*." */
	void *value;
};

/* Both are the owner's. */
struct wye_tls_names {
	struct wye_tls_name *items; /* in the order of strcmp(), each once */
	size_t count;
};

/* What a client asks for; NULL: nothing stands for it. */
void *wye_tls_names_find(const struct wye_tls_names *names, const char *asked);

#endif
