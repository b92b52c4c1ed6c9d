/* SPDX-License-Identifier: MIT
 *
 * files.c - serves files: { path = "/static/" with "*rest" at its end; handler = "files"; root
 * =
 * "/srv/www"; }. The root is opened for each request, so that a link that is put in its place
 * counts from the next one on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wye/plugin.h>

#include "files.h"

static const struct wye_setting ROUTE[] = {
	{ .name = "root",
	  .type = WYE_SETTING_STRING,
	  .flags = WYE_SETTING_REQUIRED,
	  .sentence = "the folder whose files are served" },
	{ .name = "index",
	  .type = WYE_SETTING_STRING,
	  .fallback = "index.html",
	  .sentence = "what stands for a folder; \"\": nothing does" },
	{ .name = "fallback",
	  .type = WYE_SETTING_STRING,
	  .sentence = "a file beneath the root, for paths without one whose last segment has "
		      "no dot: a single page application's page" },
	{ .name = "cache_control",
	  .type = WYE_SETTING_STRING,
	  .sentence = "the Cache-Control of files" },
	{ .name = "precompressed",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "codings whose files lie beside the plain ones: \"br\" (.br), \"gzip\" "
		      "(.gz), \"zstd\" (.zst), the preferred first" },
	{ .name = "types",
	  .type = WYE_SETTING_PAIRS,
	  .sentence = "Content-Types by the ends of names, beside the usual ones: { glb = "
		      "\"model/gltf-binary\"; }" },
	{ .name = "default_type",
	  .type = WYE_SETTING_STRING,
	  .fallback = "application/octet-stream",
	  .sentence = "the Content-Type of all others" },
	{ .name = "dotfiles",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "false",
	  .sentence = "serve what has a segment that begins with a dot" },
	{ .name = "nosniff",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "true",
	  .sentence = "send X-Content-Type-Options: nosniff" },
	{ .name = NULL },
};

static const struct files_coding CODINGS[FILES_CODINGS] = { { "br", ".br" },
							    { "gzip", ".gz" },
							    { "zstd", ".zst" } };

/* ---- a route ---- */

static int check_root(const struct files *files, struct wye_error *why)
{
	int root = files_open_root(files);

	if (root < 0) {
		wye_setting_error(files->settings, "root", why, "can't open \"%s\": %s",
				  files->root, strerror(-root));
		return root;
	}
	close(root);
	return 0;
}

static int check_index(const struct files *files, struct wye_error *why)
{
	const char *index = files->index;

	if (!index || (!strchr(index, '/') && strcmp(index, ".") && strcmp(index, "..")))
		return 0;
	wye_setting_error(files->settings, "index", why, "\"%s\" is no name of a file", index);
	return -EINVAL;
}

static struct wye_text text_of(const char *text)
{
	return (struct wye_text) { text, text ? strlen(text) : 0 };
}

static int check_fallback(const struct files *files, struct wye_error *why)
{
	int root, descriptor = -ENOENT;
	char name[FILES_NAME];

	if (!files->fallback)
		return 0;
	root = files_open_root(files);
	if (root >= 0 && files_name(text_of(files->fallback), NULL, true, name))
		descriptor = files_open(files->way, root, name);
	if (root >= 0)
		close(root);
	if (descriptor < 0) {
		wye_setting_error(files->settings, "fallback", why,
				  "can't open \"%s\" beneath \"%s\": %s", files->fallback,
				  files->root, strerror(-descriptor));
		return descriptor;
	}
	close(descriptor);
	return 0;
}

static const struct files_coding *coding_named(const char *name)
{
	for (size_t i = 0; i < FILES_CODINGS; i++)
		if (!strcmp(CODINGS[i].name, name))
			return &CODINGS[i];
	return NULL;
}

static bool has_coding(const struct files *files, const struct files_coding *coding)
{
	for (size_t i = 0; i < files->coding_count; i++)
		if (files->codings[i] == coding)
			return true;
	return false;
}

static int read_codings(struct files *files, struct wye_error *why)
{
	size_t count = wye_setting_count(files->settings, "precompressed");

	for (size_t i = 0; i < count; i++) {
		const char *name = wye_setting_item(files->settings, "precompressed", i);
		const struct files_coding *coding = coding_named(name);

		if (!coding || has_coding(files, coding)) {
			wye_setting_error(files->settings, "precompressed", why,
					  coding ? "\"%s\" is there twice"
						 : "\"%s\" is none of \"br\", \"gzip\", "
						   "\"zstd\"",
					  name);
			return -EINVAL;
		}
		files->codings[files->coding_count++] = coding;
	}
	return 0;
}

/* What stands in a field of each answer (RFC 9110, 5.5). */
static int check_value(const struct files *files, const char *setting, const char *value,
		       struct wye_error *why)
{
	for (; value && *value; value++)
		if ((unsigned char)*value < ' ' || *value == 0x7f) {
			wye_setting_error(files->settings, setting, why,
					  "a field's value has no control bytes");
			return -EINVAL;
		}
	return 0;
}

static int check_values(const struct files *files, struct wye_error *why)
{
	int error = check_value(files, "cache_control", files->cache_control.data, why);

	if (!error)
		error = check_value(files, "default_type", files->default_type, why);
	for (size_t i = 0; i < files->type_count && !error; i++)
		error = check_value(files, "types", files->types[i].name, why);
	return error;
}

static void read_settings(struct files *files, const struct wye_settings *settings)
{
	files->settings = settings;
	files->way = files_way_of_kernel();
	files->root = wye_setting_string(settings, "root");
	files->index = wye_setting_string(settings, "index");
	if (!*files->index)
		files->index = NULL;
	files->fallback = wye_setting_string(settings, "fallback");
	files->cache_control = text_of(wye_setting_string(settings, "cache_control"));
	for (; files->type_count < wye_setting_count(settings, "types"); files->type_count++)
		files->types[files->type_count] = (struct files_type) {
			wye_setting_item_name(settings, "types", files->type_count),
			wye_setting_item(settings, "types", files->type_count)
		};
	files->default_type = wye_setting_string(settings, "default_type");
	files->dotfiles = wye_setting_boolean(settings, "dotfiles");
	files->nosniff = wye_setting_boolean(settings, "nosniff");
}

static void route_close(void *instance, void *route)
{
	(void)instance;
	free(route);
}

static int route(void *instance, const struct wye_settings *settings, void **out,
		 struct wye_error *why)
{
	size_t types = wye_setting_count(settings, "types");
	struct files *files = calloc(1, sizeof *files + types * sizeof files->types[0]);
	int error;

	(void)instance;
	if (!files) {
		wye_error_set(why, "out of memory");
		return -ENOMEM;
	}
	read_settings(files, settings);
	error = check_root(files, why);
	if (!error)
		error = check_index(files, why);
	if (!error)
		error = check_fallback(files, why);
	if (!error)
		error = read_codings(files, why);
	if (!error)
		error = check_values(files, why);
	if (error)
		free(files);
	else
		*out = files;
	return error;
}

static enum wye_verdict handle(struct wye_request *request, const struct wye_mount *mount)
{
	const struct files *files = mount->route;
	struct files_asked asked = { .accept = { NULL, 0 } };
	struct files_found found;
	int error;

	files_read_fields(request, &asked);
	error = files_find(files, wye_request_rest(request), &asked, &found);
	if (error) {
		files_reply_error(request, error);
	} else if (S_ISDIR(found.state.st_mode)) {
		close(found.descriptor);
		if (files->index)
			files_reply_folder(request);
		else
			files_reply_error(request, -ENOENT);
	} else {
		files_reply(request, files, &asked, &found);
	}
	return WYE_ANSWERED;
}

static const struct wye_rest_handler files_handler = {
	.size = sizeof files_handler,
	.name = "files",
	.route_settings = ROUTE,
	.route = route,
	.route_close = route_close,
	.handle = handle,
};

static const struct wye_rest_handler *const handlers[] = { &files_handler, NULL };

extern const struct wye_plugin wye_builtin_files;

const struct wye_plugin wye_builtin_files = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_files,
	.name = "files",
	.sentence = "serves files of a folder",
	.rest_handlers = handlers,
};
