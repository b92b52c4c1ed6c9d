/* SPDX-License-Identifier: MIT
 *
 * context.c - see context.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wye/file.h>

#include "base/swap.h"
#include "tls/metrics.h"
#include "tls/site.h"

/* What belongs to a pair of files. */
struct files {
	struct wye_file_watch certificate, key;
	struct wye_error doubt;
};

struct wye_tls_context {
	struct wye_swap current; /* struct wye_tls_site */
	struct wye_tls_setup setup;
	struct wye_tls_pair *pairs; /* of the setup */
	struct files *files;        /* for each pair */
	struct wye_file_watch client_ca, crl;
	struct wye_error lists_doubt;
};

/* ---- reading ---- */

static int load_identities(struct wye_tls_identity *out, const struct wye_tls_setup *setup,
			   struct wye_tls_fault *fault)
{
	int error = 0;

	for (size_t i = 0; i < setup->count && !error; i++) {
		fault->pair = i;
		error = wye_tls_identity_load(&out[i], &setup->pairs[i], &fault->setting,
					      &fault->why);
	}
	return error;
}

static void take_notes(struct wye_tls_context *context,
		       const struct wye_tls_identity *identities,
		       const struct wye_tls_lists *lists)
{
	if (context->setup.verify.crl) {
		context->lists_doubt = lists->doubt;
		wye_tls_show_lists_end(context->setup.verify.crl, (time_t)lists->end);
	}
	for (size_t i = 0; i < context->setup.count; i++) {
		context->files[i].doubt = identities[i].doubt;
		wye_tls_show_expiry(context->pairs[i].certificate,
				    wye_tls_identity_end(&identities[i]));
	}
}

static int make_site(const struct wye_tls_setup *setup,
		     const struct wye_tls_identity *identities, struct wye_tls_lists *lists,
		     struct wye_tls_site **out, struct wye_tls_fault *fault)
{
	int error;

	fault->setting = WYE_TLS_CERTIFICATE;
	error = wye_tls_site_create(out, identities, setup, &fault->pair, &fault->why);
	if (error)
		return error;
	error = wye_tls_site_verify(*out, &setup->verify, lists, &fault->setting, &fault->why);
	if (error)
		wye_tls_site_release(*out);
	return error;
}

/* Makes what the files say now. */
static int read_site(struct wye_tls_context *context, struct wye_tls_site **out,
		     struct wye_tls_fault *fault)
{
	const struct wye_tls_setup *setup = &context->setup;
	struct wye_tls_lists lists = { .end = 0 };
	struct wye_tls_identity *identities = calloc(setup->count, sizeof *identities);
	int error = -ENOMEM;

	memset(fault, 0, sizeof *fault);
	wye_error_set(&fault->why, "%s", strerror(ENOMEM));
	if (!identities)
		return error;
	error = load_identities(identities, setup, fault);
	if (!error)
		error = make_site(setup, identities, &lists, out, fault);
	if (!error)
		take_notes(context, identities, &lists);
	for (size_t i = 0; i < setup->count; i++)
		wye_tls_identity_fini(&identities[i]);
	free(identities);
	return error;
}

/* ---- life ---- */

static int copy_setup(struct wye_tls_context *context, const struct wye_tls_setup *setup)
{
	context->setup = *setup;
	context->pairs = calloc(setup->count, sizeof *context->pairs);
	context->files = calloc(setup->count, sizeof *context->files);
	if (!context->pairs || !context->files)
		return -ENOMEM;
	memcpy(context->pairs, setup->pairs, setup->count * sizeof *context->pairs);
	context->setup.pairs = context->pairs;
	for (size_t i = 0; i < setup->count; i++) {
		wye_file_watch_init(&context->files[i].certificate,
				    setup->pairs[i].certificate);
		wye_file_watch_init(&context->files[i].key, setup->pairs[i].key);
	}
	if (setup->verify.client_ca)
		wye_file_watch_init(&context->client_ca, setup->verify.client_ca);
	if (setup->verify.crl)
		wye_file_watch_init(&context->crl, setup->verify.crl);
	return 0;
}

int wye_tls_context_create(struct wye_tls_context **out, const struct wye_tls_setup *setup,
			   struct wye_tls_fault *fault)
{
	struct wye_tls_context *context = calloc(1, sizeof *context);
	struct wye_tls_site *site = NULL;
	int error;

	memset(fault, 0, sizeof *fault);
	wye_error_set(&fault->why, "%s", strerror(ENOMEM));
	if (!context)
		return -ENOMEM;
	wye_swap_init(&context->current, NULL);
	error = copy_setup(context, setup);
	if (!error)
		error = read_site(context, &site, fault);
	if (error) {
		wye_tls_context_destroy(context);
		return error;
	}
	wye_swap_init(&context->current, site);
	*out = context;
	return 0;
}

void wye_tls_context_destroy(struct wye_tls_context *context)
{
	if (!context)
		return;
	for (size_t i = 0; context->files && i < context->setup.count; i++) {
		wye_file_watch_stop(&context->files[i].certificate);
		wye_file_watch_stop(&context->files[i].key);
	}
	wye_file_watch_stop(&context->client_ca);
	wye_file_watch_stop(&context->crl);
	wye_tls_site_release(wye_swap_replace(&context->current, NULL));
	free(context->pairs);
	free(context->files);
	free(context);
}

bool wye_tls_context_asks(const struct wye_tls_context *context)
{
	return context->setup.verify.mode != WYE_TLS_VERIFY_NONE;
}

size_t wye_tls_context_count(const struct wye_tls_context *context)
{
	return context->setup.count + (context->setup.verify.crl != NULL);
}

const char *wye_tls_context_doubt(const struct wye_tls_context *context, size_t place)
{
	const struct wye_error *doubt = place < context->setup.count
						? &context->files[place].doubt
						: &context->lists_doubt;

	return doubt->text[0] ? doubt->text : NULL;
}

/* ---- renewing ---- */

int wye_tls_context_renew(struct wye_tls_context *context, struct wye_tls_fault *fault)
{
	struct wye_tls_site *site;
	int error = read_site(context, &site, fault);

	wye_tls_count_reload(!error);
	if (!error)
		wye_tls_site_release(wye_swap_replace(&context->current, site));
	return error;
}

int wye_tls_context_watch(struct wye_tls_context *context, void (*changed)(void *argument),
			  void *argument)
{
	int error = 0;

	for (size_t i = 0; i < context->setup.count && !error; i++) {
		error = wye_file_watch_start(&context->files[i].certificate, changed, argument);
		if (!error)
			error = wye_file_watch_start(&context->files[i].key, changed, argument);
	}
	if (!error && context->setup.verify.client_ca)
		error = wye_file_watch_start(&context->client_ca, changed, argument);
	if (!error && context->setup.verify.crl)
		error = wye_file_watch_start(&context->crl, changed, argument);
	return error;
}

struct wye_tls_site *wye_tls_context_hold(struct wye_tls_context *context)
{
	struct wye_tls_site *site;
	atomic_uint *mark;

	site = wye_swap_enter(&context->current, &mark);
	wye_tls_site_hold(site);
	wye_swap_leave(mark);
	return site;
}
