/* SPDX-License-Identifier: MIT
 *
 * verify.c - see verify.h.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "tls/common.h"
#include "tls/lists.h"
#include "tls/verify.h"

/* What is read from the files, once for all contexts. */
struct authorities {
	X509_STORE *store;
	STACK_OF(X509_NAME) * names;
	EVP_MD_CTX *digest; /* of all that decides: it becomes the session id context */
};

/* ---- reading ---- */

static int refuse(struct wye_error *why, const char *path)
{
	wye_tls_explain(why, path);
	return -EINVAL;
}

static int lack(struct wye_error *why, const char *path, const char *thing)
{
	wye_error_set(why, "%s: has no %s in it", path, thing);
	return -EINVAL;
}

/* NULL with a sentence. */
static STACK_OF(X509_INFO) * read_pem(const char *path, struct wye_error *why)
{
	BIO *file = wye_tls_open(path);
	STACK_OF(X509_INFO) *all =
		file ? PEM_X509_INFO_read_bio(file, NULL, wye_tls_no_password, NULL) : NULL;

	if (!all)
		(void)refuse(why, path);
	BIO_free(file);
	return all;
}

static bool add_digest(struct authorities *authorities, const unsigned char *digest,
		       unsigned length)
{
	return EVP_DigestUpdate(authorities->digest, digest, length) == 1;
}

/* These return whether there is such a thing, or a negative number if it can't be kept. */
static int take_anchor(struct authorities *authorities, const X509_INFO *found)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length;
	X509_NAME *name;

	if (!found->x509)
		return 0;
	name = X509_NAME_dup(X509_get_subject_name(found->x509));
	if (!name || !sk_X509_NAME_push(authorities->names, name)) {
		X509_NAME_free(name);
		return -1;
	}
	return X509_STORE_add_cert(authorities->store, found->x509) &&
			       X509_digest(found->x509, EVP_sha256(), digest, &length) &&
			       add_digest(authorities, digest, length)
		       ? 1
		       : -1;
}

static int take_list(struct authorities *authorities, const X509_INFO *found)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length;

	if (!found->crl)
		return 0;
	return X509_STORE_add_crl(authorities->store, found->crl) &&
			       X509_CRL_digest(found->crl, EVP_sha256(), digest, &length) &&
			       add_digest(authorities, digest, length)
		       ? 1
		       : -1;
}

static int read_file(struct authorities *authorities, const char *path, const char *thing,
		     int (*take)(struct authorities *authorities, const X509_INFO *found),
		     struct wye_error *why)
{
	STACK_OF(X509_INFO) *all = read_pem(path, why);
	int count = 0, error = all ? 0 : -EINVAL;

	for (int i = 0; i < sk_X509_INFO_num(all) && !error; i++) {
		int taken = take(authorities, sk_X509_INFO_value(all, i));

		count += taken;
		if (taken < 0)
			error = refuse(why, path);
	}
	if (!error && !count)
		error = lack(why, path, thing);
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	return error;
}

static int read_all(struct authorities *authorities, const struct wye_tls_verify *verify,
		    enum wye_tls_setting *wrong, struct wye_error *why)
{
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
	int error;

	*wrong = WYE_TLS_CLIENT_CA;
	error = read_file(authorities, verify->client_ca, "certificate", take_anchor, why);
	if (!error && verify->crl) {
		*wrong = WYE_TLS_CRL;
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
		error = read_file(authorities, verify->crl, "revocation list", take_list, why);
	}
	X509_STORE_set_flags(authorities->store, flags);
	return error;
}

/* ---- verifying ---- */

/* Nobody that is known has signed a list about it. */
static bool has_no_list(int error)
{
	return error == X509_V_ERR_UNABLE_TO_GET_CRL ||
	       error == X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER ||
	       error == X509_V_ERR_KEYUSAGE_NO_CRL_SIGN ||
	       error == X509_V_ERR_CRL_SIGNATURE_FAILURE;
}

/* An anchor that is no root is trusted because the config says so, not because its authority
 * vouches for it. When lists are looked at the chain is complete: its last is the anchor. */
static int judge(int right, X509_STORE_CTX *context)
{
	int anchor = sk_X509_num(X509_STORE_CTX_get0_chain(context)) - 1;

	if (right || anchor < 1 || X509_STORE_CTX_get_error_depth(context) != anchor ||
	    !has_no_list(X509_STORE_CTX_get_error(context)))
		return right;
	X509_STORE_CTX_set_error(context, X509_V_OK);
	return 1;
}

/* ---- tickets ---- */

/* OpenSSL sorts a store when it is first searched, which another thread may do. */
static int64_t lists_end(X509_STORE *store)
{
	int64_t end;

	X509_STORE_lock(store);
	end = wye_tls_lists_end(store);
	X509_STORE_unlock(store);
	return end;
}

/* Until when all that has verified a client is valid; for ever where there was no client. */
static int64_t validity(const SSL *ssl, X509_STORE *store)
{
	const STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	int64_t until = chain ? lists_end(store) : INT64_MAX;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		int64_t end =
			wye_tls_seconds(X509_get0_notAfter(sk_X509_value(chain, i)), INT64_MAX);

		until = end < until ? end : until;
	}
	return until;
}

/* One that is resumed keeps what it was begun with. */
static int write_ticket(SSL *ssl, void *store)
{
	int64_t until;

	if (SSL_session_reused(ssl))
		return 1;
	until = validity(ssl, store);
	return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &until, sizeof until);
}

static bool is_valid(SSL_SESSION *session)
{
	int64_t until;
	void *data;
	size_t length;

	if (!SSL_SESSION_get0_ticket_appdata(session, &data, &length) || length != sizeof until)
		return false;
	memcpy(&until, data, sizeof until);
	return time(NULL) <= until;
}

static SSL_TICKET_RETURN read_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
				     size_t length, SSL_TICKET_STATUS status, void *store)
{
	(void)ssl;
	(void)name;
	(void)length;
	(void)store;
	if ((status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) ||
	    !is_valid(session))
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE
					    : SSL_TICKET_RETURN_USE_RENEW;
}

/* ---- a context ---- */

static bool apply(SSL_CTX *context, const struct authorities *authorities,
		  const struct wye_tls_verify *verify, const unsigned char *id, unsigned length)
{
	STACK_OF(X509_NAME) *names = SSL_dup_CA_list(authorities->names);

	if (!names)
		return false;
	SSL_CTX_set_client_CA_list(context, names);
	SSL_CTX_set_verify(context,
			   verify->mode == WYE_TLS_VERIFY_REQUIRED
				   ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
				   : SSL_VERIFY_PEER,
			   judge);
	SSL_CTX_set_verify_depth(context, (int)verify->depth);
	return SSL_CTX_set1_verify_cert_store(context, authorities->store) &&
	       SSL_CTX_set_session_id_context(context, id, length) &&
	       SSL_CTX_set_session_ticket_cb(context, write_ticket, read_ticket,
					     authorities->store);
}

static int apply_all(SSL_CTX *const contexts[], size_t count,
		     const struct authorities *authorities, const struct wye_tls_verify *verify)
{
	const unsigned char rules[] = { (unsigned char)verify->mode,
					(unsigned char)verify->depth, verify->crl != NULL };
	unsigned char id[EVP_MAX_MD_SIZE];
	unsigned length;
	bool good = EVP_DigestUpdate(authorities->digest, rules, sizeof rules) &&
		    EVP_DigestFinal_ex(authorities->digest, id, &length);

	for (size_t i = 0; i < count && good; i++)
		good = apply(contexts[i], authorities, verify, id, length);
	return good ? 0 : -ENOMEM;
}

int wye_tls_verify_apply(SSL_CTX *const contexts[], size_t count,
			 const struct wye_tls_verify *verify, struct wye_tls_lists *lists,
			 enum wye_tls_setting *wrong, struct wye_error *why)
{
	struct authorities authorities;
	int error = -ENOMEM;

	if (verify->mode == WYE_TLS_VERIFY_NONE)
		return 0;
	*wrong = WYE_TLS_CLIENT_CA;
	wye_error_set(why, "out of memory");
	authorities = (struct authorities) { X509_STORE_new(), sk_X509_NAME_new_null(),
					     EVP_MD_CTX_new() };
	if (authorities.store && authorities.names && authorities.digest &&
	    EVP_DigestInit_ex(authorities.digest, EVP_sha256(), NULL))
		error = read_all(&authorities, verify, wrong, why);
	if (!error)
		error = apply_all(contexts, count, &authorities, verify);
	if (!error && verify->crl) {
		lists->end = wye_tls_lists_end(authorities.store);
		wye_tls_lists_doubt(authorities.store, verify->crl, &lists->doubt);
	}
	X509_STORE_free(authorities.store);
	sk_X509_NAME_pop_free(authorities.names, X509_NAME_free);
	EVP_MD_CTX_free(authorities.digest);
	ERR_clear_error();
	return error;
}
