/* SPDX-License-Identifier: MIT
 *
 * site.c - see site.h.
 *
 * Each name has a member for each type of key. Names with the same members share an SSL_CTX,
 * which holds all of them: OpenSSL takes the one that the client can verify.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "tls/common.h"
#include "tls/names.h"
#include "tls/site.h"
#include "tls/terms.h"

enum {
	NOBODY = -1,
};

/* Identities by their type of key. */
struct members {
	int of[WYE_TLS_KEY_TYPES];
};

struct choice {
	struct members members;
	SSL_CTX *ssl;
};

struct wye_tls_site {
	atomic_uint holders;
	SSL_CTX *fallback; /* one of the choices */
	struct choice *choices;
	size_t choice_count;
	struct wye_tls_names names; /* their values: SSL_CTX */
};

/* A name of an identity. One without any has an empty name, which no client asks for. */
struct row {
	const char *name;
	int identity;
};

struct work {
	struct wye_tls_site *site;
	const struct wye_tls_identity *identities;
	const struct wye_tls_setup *setup;
	struct row *rows; /* by name, then as in the config */
	size_t row_count;
	bool *used; /* of the identities */
	size_t *wrong;
	struct wye_error *why;
};

/* ---- an SSL_CTX ---- */

static int fail(struct work *work, int identity)
{
	*work->wrong = (size_t)identity;
	wye_tls_explain(work->why, work->setup->pairs[identity].certificate);
	return -EINVAL;
}

static int fill(struct work *work, SSL_CTX *ssl, const struct members *members)
{
	for (int type = 0; type < WYE_TLS_KEY_TYPES; type++) {
		int identity = members->of[type];
		const struct wye_tls_identity *one = &work->identities[identity];

		if (identity == NOBODY)
			continue;
		if (SSL_CTX_use_cert_and_key(ssl, one->certificate, one->key, one->chain, 1) !=
		    1)
			return fail(work, identity);
		work->used[identity] = true;
	}
	return 0;
}

static int make_choice(struct work *work, const struct members *members, SSL_CTX **out)
{
	struct choice *choice = &work->site->choices[work->site->choice_count];

	choice->members = *members;
	choice->ssl = wye_tls_terms_create(work->setup);
	if (!choice->ssl) {
		wye_error_set(work->why, "OpenSSL does not start");
		return -ENOMEM;
	}
	work->site->choice_count++;
	*out = choice->ssl;
	return fill(work, choice->ssl, members);
}

static int find_choice(struct work *work, const struct members *members, SSL_CTX **out)
{
	for (size_t i = 0; i < work->site->choice_count; i++)
		if (!memcmp(&work->site->choices[i].members, members, sizeof *members)) {
			*out = work->site->choices[i].ssl;
			return 0;
		}
	return make_choice(work, members, out);
}

/* ---- names ---- */

static int compare_rows(const void *one, const void *other)
{
	const struct row *a = one, *b = other;
	int order = strcmp(a->name, b->name);

	return order ? order : a->identity - b->identity;
}

static size_t most_rows(const struct work *work)
{
	size_t count = 0;

	for (size_t i = 0; i < work->setup->count; i++)
		count += work->identities[i].name_count + 1;
	return count;
}

static void list_rows(struct work *work)
{
	for (size_t i = 0; i < work->setup->count; i++) {
		const struct wye_tls_identity *one = &work->identities[i];

		for (size_t name = 0; name < one->name_count; name++)
			work->rows[work->row_count++] =
				(struct row) { one->names[name], (int)i };
		if (!one->name_count)
			work->rows[work->row_count++] = (struct row) { "", (int)i };
	}
	qsort(work->rows, work->row_count, sizeof work->rows[0], compare_rows);
}

/* Of several with the same type of key the first in the config. Returns how many rows have this
 * name. */
static size_t gather(const struct work *work, size_t first, struct members *members)
{
	size_t at = first;

	for (int type = 0; type < WYE_TLS_KEY_TYPES; type++)
		members->of[type] = NOBODY;
	for (; at < work->row_count && !strcmp(work->rows[at].name, work->rows[first].name);
	     at++) {
		int identity = work->rows[at].identity;
		int *place = &members->of[work->identities[identity].type];

		if (*place == NOBODY)
			*place = identity;
	}
	return at - first;
}

static int add_name(struct work *work, const char *name, SSL_CTX *ssl)
{
	struct wye_tls_names *names = &work->site->names;

	names->items[names->count] = (struct wye_tls_name) { strdup(name), ssl };
	return names->items[names->count].name ? (names->count++, 0) : -ENOMEM;
}

/* The first identity's first name is what stands for all that is unknown. */
static const char *first_name(const struct work *work)
{
	return work->identities[0].name_count ? work->identities[0].names[0] : "";
}

static int add_names(struct work *work)
{
	struct members members;
	SSL_CTX *ssl;
	size_t rows;
	int error = 0;

	for (size_t at = 0; at < work->row_count && !error; at += rows) {
		const char *name = work->rows[at].name;
		bool first = !strcmp(name, first_name(work));

		rows = gather(work, at, &members);
		if (!*name && !first)
			continue;
		error = find_choice(work, &members, &ssl);
		if (!error && first)
			work->site->fallback = ssl;
		if (!error)
			error = add_name(work, name, ssl);
	}
	return error;
}

/* ---- what is never chosen ---- */

static const char *holder(const struct work *work, size_t identity, const char *name)
{
	for (size_t i = 0; i < identity; i++)
		for (size_t j = 0; j < work->identities[i].name_count; j++)
			if (work->identities[i].type == work->identities[identity].type &&
			    !strcmp(work->identities[i].names[j], name))
				return work->setup->pairs[i].certificate;
	return "";
}

static int check_used(struct work *work)
{
	for (size_t i = 0; i < work->setup->count; i++) {
		const struct wye_tls_identity *one = &work->identities[i];
		const char *path = work->setup->pairs[i].certificate;

		if (work->used[i])
			continue;
		*work->wrong = i;
		if (one->name_count)
			wye_error_set(work->why,
				      "%s is never chosen: %s, with the same type of key, is "
				      "for \"%s\" already",
				      path, holder(work, i, one->names[0]), one->names[0]);
		else
			wye_error_set(work->why,
				      "%s is never chosen: it is for no DNS name that a client "
				      "could ask for",
				      path);
		return -EINVAL;
	}
	return 0;
}

/* ---- life ---- */

static int choose(SSL *ssl, int *alert, void *argument)
{
	const struct wye_tls_site *site = argument;
	const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	SSL_CTX *found = asked ? wye_tls_names_find(&site->names, asked) : NULL;

	if (!found)
		return SSL_TLSEXT_ERR_NOACK;
	if (SSL_set_SSL_CTX(ssl, found))
		return SSL_TLSEXT_ERR_OK;
	*alert = SSL_AD_INTERNAL_ERROR;
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int build(struct work *work)
{
	struct wye_tls_site *site = work->site;
	size_t most = most_rows(work);
	int error;

	work->rows = calloc(most, sizeof *work->rows);
	work->used = calloc(work->setup->count, sizeof *work->used);
	site->choices = calloc(most, sizeof *site->choices);
	site->names.items = calloc(most, sizeof *site->names.items);
	if (!work->rows || !work->used || !site->choices || !site->names.items)
		return -ENOMEM;
	list_rows(work);
	error = add_names(work);
	if (!error)
		error = check_used(work);
	if (error || site->choice_count == 1) /* then there is nothing to choose from */
		return error;
	SSL_CTX_set_tlsext_servername_callback(site->fallback, choose);
	SSL_CTX_set_tlsext_servername_arg(site->fallback, site);
	return 0;
}

int wye_tls_site_create(struct wye_tls_site **out, const struct wye_tls_identity *identities,
			const struct wye_tls_setup *setup, size_t *wrong, struct wye_error *why)
{
	struct work work = {
		.identities = identities, .setup = setup, .wrong = wrong, .why = why
	};
	int error = -ENOMEM;

	*wrong = 0;
	wye_error_set(why, "%s", strerror(ENOMEM));
	work.site = calloc(1, sizeof *work.site);
	if (work.site) {
		atomic_init(&work.site->holders, 1);
		error = build(&work);
	}
	free(work.rows);
	free(work.used);
	ERR_clear_error();
	if (error)
		wye_tls_site_release(work.site);
	else
		*out = work.site;
	return error;
}

int wye_tls_site_verify(struct wye_tls_site *site, const struct wye_tls_verify *verify,
			struct wye_tls_lists *lists, enum wye_tls_setting *wrong,
			struct wye_error *why)
{
	SSL_CTX **contexts = calloc(site->choice_count, sizeof(SSL_CTX *));
	int error;

	if (!contexts)
		return -ENOMEM;
	for (size_t i = 0; i < site->choice_count; i++)
		contexts[i] = site->choices[i].ssl;
	error = wye_tls_verify_apply(contexts, site->choice_count, verify, lists, wrong, why);
	free(contexts);
	return error;
}

void wye_tls_site_hold(struct wye_tls_site *site)
{
	atomic_fetch_add_explicit(&site->holders, 1, memory_order_relaxed);
}

void wye_tls_site_release(struct wye_tls_site *site)
{
	if (!site || atomic_fetch_sub_explicit(&site->holders, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < site->names.count; i++)
		free(site->names.items[i].name);
	for (size_t i = 0; i < site->choice_count; i++)
		SSL_CTX_free(site->choices[i].ssl);
	free(site->names.items);
	free(site->choices);
	free(site);
}

SSL *wye_tls_site_session(struct wye_tls_site *site)
{
	return SSL_new(site->fallback);
}
