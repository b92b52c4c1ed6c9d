/* SPDX-License-Identifier: MIT
 *
 * notes.c - reads JSON, answers JSON, and says what is wrong as RFC 9457 has it. Two handlers:
 *   notes/all   GET: the list; POST {"text": "buy milk", "tags": ["home"]}: one more
 *   notes/one   of a path like "/notes/:id": GET, DELETE
 * Notes live as long as the program, and there are at most `most` of them.
 */
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wye/plugin.h>

enum { ID = 24 };

struct notes {
	pthread_mutex_t lock; /* requests run on many threads */
	json_t *by_id;        /* an object, in the order of making */
	json_int_t last;
	size_t most;
};

static const struct wye_setting settings[] = {
	{ .name = "most",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "1000",
	  .minimum = 1,
	  .maximum = 1000000,
	  .unit = "notes",
	  .sentence = "that are kept; beyond: 507" },
	{ .name = NULL },
};

/* ---- answers ---- */

/* Takes the reference over; NULL: there was no memory to make it. */
static enum wye_verdict answer(struct wye_request *request, unsigned status, const char *type,
			       json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	json_decref(value);
	if (!text)
		return WYE_NEXT; /* no answer: the client gets 500 */
	wye_reply(request, status, type, text, strlen(text));
	free(text);
	return WYE_ANSWERED;
}

static enum wye_verdict answer_json(struct wye_request *request, unsigned status, json_t *value)
{
	return answer(request, status, "application/json", value);
}

static enum wye_verdict problem(struct wye_request *request, unsigned status, const char *title,
				const char *detail)
{
	return answer(request, status, "application/problem+json",
		      json_pack("{s:s, s:i, s:s*}", "title", title, "status", (int)status,
				"detail", detail));
}

/* ---- what came ---- */

static bool is_json(struct wye_text type)
{
	static const char json[] = "application/json";
	size_t length = sizeof json - 1;

	return type.length >= length && !strncasecmp(type.data, json, length) &&
	       (type.length == length || type.data[length] == ';' || type.data[length] == ' ');
}

static bool are_strings(const json_t *tags)
{
	for (size_t i = 0; i < json_array_size(tags); i++)
		if (!json_is_string(json_array_get(tags, i)))
			return false;
	return json_is_array(tags);
}

/* A pattern checks and takes apart at once; STRICT refuses what it does not name. */
static json_t *read_note(json_t *in, json_error_t *error)
{
	json_t *tags = NULL;
	const char *text;

	if (json_unpack_ex(in, error, JSON_STRICT, "{s:s, s?o}", "text", &text, "tags", &tags))
		return NULL;
	if (tags && !are_strings(tags)) {
		strcpy(error->text, "tags is no list of strings");
		return NULL;
	}
	return json_pack("{s:s, s:O*}", "text", text, "tags", tags);
}

/* ---- all of them ---- */

/* Under the lock. Returns 0; -ENOSPC; -ENOMEM. */
static int keep(struct notes *notes, json_t *note)
{
	char id[ID];

	if (json_object_size(notes->by_id) >= notes->most)
		return -ENOSPC;
	snprintf(id, sizeof id, "%lld", (long long)++notes->last);
	if (json_object_set_new(note, "id", json_string(id)) ||
	    json_object_set(notes->by_id, id, note))
		return -ENOMEM;
	return 0;
}

static enum wye_verdict answer_kept(struct wye_request *request, struct notes *notes,
				    json_t *note)
{
	int error;

	pthread_mutex_lock(&notes->lock);
	error = keep(notes, note);
	pthread_mutex_unlock(&notes->lock);
	if (error) {
		json_decref(note);
		return error == -ENOSPC
			       ? problem(request, 507, "there are too many notes", NULL)
			       : WYE_NEXT;
	}
	return answer_json(request, 201, note);
}

static enum wye_verdict add(struct wye_request *request, struct notes *notes)
{
	struct wye_text body = wye_request_body(request);
	json_error_t error;
	json_t *in, *note;

	if (!is_json(wye_request_header(request, "Content-Type")))
		return problem(request, 415, "the body must be application/json", NULL);
	in = json_loadb(body.length ? body.data : "", body.length, JSON_REJECT_DUPLICATES,
			&error);
	if (!in)
		return problem(request, 400, "the body is no JSON", error.text);
	note = read_note(in, &error);
	json_decref(in);
	if (!note)
		return problem(request, 422, "the body is no note", error.text);
	return answer_kept(request, notes, note);
}

static enum wye_verdict list(struct wye_request *request, struct notes *notes)
{
	json_t *all = json_array(), *note;
	const char *id;

	pthread_mutex_lock(&notes->lock);
	json_object_foreach(notes->by_id, id, note) json_array_append(all, note);
	pthread_mutex_unlock(&notes->lock);
	return answer_json(request, 200, all);
}

static enum wye_verdict handle_all(struct wye_request *request, const struct wye_mount *mount)
{
	struct wye_text method = wye_request_method(request);
	bool is_post = method.length == 4 && !memcmp(method.data, "POST", 4);

	return is_post ? add(request, mount->instance) : list(request, mount->instance);
}

/* ---- one of them ---- */

static enum wye_verdict handle_one(struct wye_request *request, const struct wye_mount *mount)
{
	struct wye_text method = wye_request_method(request);
	struct wye_text id = wye_request_parameter(request, "id");
	bool is_delete = method.length == 6 && !memcmp(method.data, "DELETE", 6);
	struct notes *notes = mount->instance;
	char key[ID] = "";
	json_t *note;

	if (id.length < sizeof key) /* a longer one is none; a text has no NUL behind it */
		memcpy(key, id.data, id.length);
	pthread_mutex_lock(&notes->lock);
	note = json_incref(json_object_get(notes->by_id, key));
	if (note && is_delete)
		json_object_del(notes->by_id, key);
	pthread_mutex_unlock(&notes->lock);
	if (!note)
		return problem(request, 404, "there is no such note", NULL);
	if (!is_delete)
		return answer_json(request, 200, note);
	json_decref(note);
	wye_reply_static(request, 204, NULL, "", 0);
	return WYE_ANSWERED;
}

/* ---- the instance ---- */

static int open_notes(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	struct notes *notes = calloc(1, sizeof *notes);

	(void)why;
	if (!notes || !(notes->by_id = json_object())) {
		free(notes);
		return -ENOMEM;
	}
	pthread_mutex_init(&notes->lock, NULL);
	notes->most = (size_t)wye_setting_integer(values, "most");
	*instance = notes;
	return 0;
}

static void close_notes(void *instance)
{
	struct notes *notes = instance;

	json_decref(notes->by_id);
	pthread_mutex_destroy(&notes->lock);
	free(notes);
}

static const char *const all_methods[] = { "GET", "HEAD", "POST", NULL };
static const char *const one_methods[] = { "GET", "HEAD", "DELETE", NULL };
static const struct wye_rest_handler all = {
	.size = sizeof all, .name = "all", .methods = all_methods, .handle = handle_all
};
static const struct wye_rest_handler one = {
	.size = sizeof one, .name = "one", .methods = one_methods, .handle = handle_one
};
static const struct wye_rest_handler *const handlers[] = { &all, &one, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "notes",
	.version = "1.0",
	.sentence = "keeps notes: JSON both ways",
	.settings = settings,
	.open = open_notes,
	.close = close_notes,
	.rest_handlers = handlers,
};
