/* SPDX-License-Identifier: MIT
 *
 * set.c - see set.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wye/file.h>
#include <wye/log.h>
#include <wye/metric.h>

#include "base/swap.h"
#include "jwt/set.h"

struct wye_jwt_set {
	struct wye_swap keys; /* struct wye_jwt_keys */
	struct wye_file_watch watch;
	char *path;
	wye_metric reloads, failures;
};

static void destroy_keys(struct wye_jwt_keys *keys)
{
	if (keys)
		wye_jwt_keys_fini(keys);
	free(keys);
}

void wye_jwt_set_destroy(struct wye_jwt_set *set)
{
	if (!set)
		return;
	destroy_keys(atomic_load(&set->keys.value));
	free(set->path);
	free(set);
}

/* ---- reading it ---- */

static int read_keys(struct wye_jwt_keys *keys, const char *path, struct wye_error *why)
{
	struct wye_buffer text = { NULL, 0, 0 };
	struct wye_error what = { "" };
	int error = wye_jwt_read_file(&text, path, why);

	if (!error) {
		error = wye_jwt_keys_add_jwks(
			keys, (struct wye_text) { text.data, text.length }, &what);
		if (error)
			wye_jwt_name_file(why, path, &what);
	}
	wye_buffer_wipe(&text); /* there may be secrets among the keys */
	return error;
}

static int load(struct wye_jwt_keys **out, const char *path, struct wye_error *why)
{
	struct wye_jwt_keys *keys = calloc(1, sizeof *keys);
	int error;

	if (!keys)
		return -ENOMEM;
	error = read_keys(keys, path, why);
	if (error) {
		destroy_keys(keys);
		return error;
	}
	*out = keys;
	return 0;
}

/* On the thread that watches files. */
static void reload(void *argument)
{
	struct wye_jwt_set *set = argument;
	struct wye_error why = { "out of memory" };
	struct wye_jwt_keys *keys;

	if (load(&keys, set->path, &why)) {
		wye_log(WYE_LOG_ERROR, "%s; its old keys stay", why.text);
		wye_metric_add(set->failures, 1);
		return;
	}
	wye_log(WYE_LOG_NOTICE, "%s: %zu keys", set->path, keys->count);
	wye_metric_add(set->reloads, 1);
	destroy_keys(wye_swap_replace(&set->keys, keys));
}

/* ---- a set ---- */

int wye_jwt_set_create(struct wye_jwt_set **out, const char *path, struct wye_error *why)
{
	struct wye_jwt_set *set = calloc(1, sizeof *set);
	struct wye_jwt_keys *keys = NULL;
	int error = -ENOMEM;

	if (!set)
		return error;
	set->path = strdup(path);
	if (set->path) {
		wye_file_watch_init(&set->watch, set->path);
		error = load(&keys, set->path, why);
	}
	wye_swap_init(&set->keys, keys);
	if (error) {
		wye_jwt_set_destroy(set);
		return error;
	}
	set->reloads = wye_metric_register("jwks_reloads_total", WYE_COUNTER);
	set->failures = wye_metric_register("jwks_reloads_failed_total", WYE_COUNTER);
	*out = set;
	return 0;
}

int wye_jwt_set_watch(struct wye_jwt_set *set)
{
	return wye_file_watch_start(&set->watch, reload, set);
}

void wye_jwt_set_unwatch(struct wye_jwt_set *set)
{
	wye_file_watch_stop(&set->watch);
}

/* ---- verifying ---- */

const struct wye_jwt_keys *wye_jwt_set_enter(struct wye_jwt_set *set, atomic_uint **mark)
{
	return wye_swap_enter(&set->keys, mark);
}

void wye_jwt_set_leave(atomic_uint *mark)
{
	wye_swap_leave(mark);
}
