/* SPDX-License-Identifier: MIT
 *
 * context.h - what a listener's TLS is: its certificates, versions, ciphers. Made by main when
 * the config is read; main also renews it from its files while sessions begin on any thread.
 */
#ifndef WYE_CORE_TLS_CONTEXT_H
#define WYE_CORE_TLS_CONTEXT_H

#include <wye/types.h>

struct wye_tls_context;

/* Which versions and ciphers: those of Mozilla's recommendations of these names, but for
 * ciphers with finite-field Diffie-Hellman. */
enum wye_tls_profile {
	WYE_TLS_INTERMEDIATE, /* TLS 1.2 and 1.3 */
	WYE_TLS_MODERN,       /* TLS 1.3 only */
};

/* Paths of PEM files. */
struct wye_tls_pair {
	const char *certificate; /* and its chain */
	const char *key;         /* without a password */
};

/* Whether clients are asked for certificates. */
enum wye_tls_verify_mode {
	WYE_TLS_VERIFY_NONE,
	WYE_TLS_VERIFY_OPTIONAL, /* who has none is served, too */
	WYE_TLS_VERIFY_REQUIRED,
};

struct wye_tls_verify {
	enum wye_tls_verify_mode mode;
	const char *client_ca; /* PEM file of those that are believed */
	const char *crl;       /* PEM file of their revocation lists, or NULL */
	unsigned depth;        /* certificates between a client's and one of those, at most */
};

struct wye_tls_setup {
	const struct wye_tls_pair *pairs; /* the first is the default; paths are borrowed for
					     the context's life */
	size_t count;                     /* at least 1 */
	enum wye_tls_profile profile;
	struct wye_tls_verify verify; /* likewise borrowed */
};

/* Which setting is wrong. */
enum wye_tls_setting {
	WYE_TLS_CERTIFICATE,
	WYE_TLS_KEY,
	WYE_TLS_CLIENT_CA,
	WYE_TLS_CRL,
};

struct wye_tls_fault {
	size_t pair;
	enum wye_tls_setting setting;
	struct wye_error why;
};

/* Reads the certificates with their chains and keys. A client gets the one whose DNS names hold
 * what it asks for (RFC 6066, 3; RFC 9525, 6.3), of the type of key that it can verify; the
 * first if it asks for nothing that is known. ALPN is http/1.1 (RFC 7301), and a client that
 * only offers others is refused.
 *
 * Returns 0, or a negative errno with what is wrong. */
int wye_tls_context_create(struct wye_tls_context **out, const struct wye_tls_setup *setup,
			   struct wye_tls_fault *fault) WYE_MUST_CHECK;
void wye_tls_context_destroy(struct wye_tls_context *context);

/* How many places have doubts of their own: its pairs of files, and behind them its revocation
 * lists, if it has a file of them. */
size_t wye_tls_context_count(const struct wye_tls_context *context);

/* Whether clients are asked for certificates. */
bool wye_tls_context_asks(const struct wye_tls_context *context);

/* What clients may hold against a certificate as it was last read: it has expired, say; or for
 * what the lists will refuse clients. NULL: nothing. Main thread. */
const char *wye_tls_context_doubt(const struct wye_tls_context *context, size_t place);

/* Reads all files again: sessions that begin from now on get what is there, with new keys for
 * tickets; those that are there stay. All or nothing: on an error it is as before. Main
 * thread, which waits a moment for those that begin. Returns 0, or a negative errno and why. */
int wye_tls_context_renew(struct wye_tls_context *context,
			  struct wye_tls_fault *fault) WYE_MUST_CHECK;

/* From now on `changed(argument)` is called when files have changed, on the thread of
 * <wye/file.h>. Main thread. Returns 0 or a negative errno. */
int wye_tls_context_watch(struct wye_tls_context *context, void (*changed)(void *argument),
			  void *argument) WYE_MUST_CHECK;

/* What sessions begin with: kept until it is released. Any thread; no lock. */
struct wye_tls_site;
struct wye_tls_site *wye_tls_context_hold(struct wye_tls_context *context);

#endif
