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
	json_t *by_id;        /* an object, in the order of making; under the lock */
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

static char *text_of(const json_t *value)
{
	return value ? json_dumps(value, JSON_COMPACT) : NULL;
}

/* Frees the text; NULL: there was no memory to make it. */
static enum wye_verdict answer(struct wye_request *request, unsigned status, const char *type,
			       char *text)
{
	if (!text)
		return WYE_NEXT; /* no answer: the client gets 500 */
	wye_reply(request, status, type, text, strlen(text));
	free(text);
	return WYE_ANSWERED;
}

static enum wye_verdict answer_json(struct wye_request *request, unsigned status, char *text)
{
	return answer(request, status, "application/json", text);
}

static enum wye_verdict problem(struct wye_request *request, unsigned status, const char *title,
				const char *detail)
{
	json_t *value = json_pack("{s:s, s:i, s:s*}", "title", title, "status", (int)status,
				  "detail", detail);
	char *text = text_of(value);

	json_decref(value);
	return answer(request, status, "application/problem+json", text);
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

/* ---- all of them ----
 *
 * Values are used under the lock alone, down to their text: jansson's counts of references are
 * not made for two threads.
 */

static int keep(struct notes *notes, json_t *note, char **text)
{
	char id[ID];

	if (json_object_size(notes->by_id) >= notes->most)
		return -ENOSPC;
	snprintf(id, sizeof id, "%lld", (long long)++notes->last);
	if (json_object_set_new(note, "id", json_string(id)) ||
	    json_object_set(notes->by_id, id, note))
		return -ENOMEM;
	*text = text_of(note);
	return 0;
}

/* Takes the note over. */
static enum wye_verdict keep_and_answer(struct wye_request *request, struct notes *notes,
					json_t *note)
{
	char *text = NULL;
	int error;

	pthread_mutex_lock(&notes->lock);
	error = keep(notes, note, &text);
	json_decref(note);
	pthread_mutex_unlock(&notes->lock);
	return error == -ENOSPC ? problem(request, 507, "there are too many notes", NULL)
				: answer_json(request, 201, text);
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
	return keep_and_answer(request, notes, note);
}

static char *list_as_text(const struct notes *notes)
{
	json_t *all = json_array();
	void *at = json_object_iter(notes->by_id);
	char *text;

	for (; at; at = json_object_iter_next(notes->by_id, at))
		json_array_append(all, json_object_iter_value(at));
	text = text_of(all);
	json_decref(all);
	return text;
}

static enum wye_verdict list(struct wye_request *request, struct notes *notes)
{
	char *text;

	pthread_mutex_lock(&notes->lock);
	text = list_as_text(notes);
	pthread_mutex_unlock(&notes->lock);
	return answer_json(request, 200, text);
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
	char key[ID] = "", *text = NULL;
	json_t *note;
	bool found;

	if (id.length < sizeof key) /* a longer one is none; a text has no NUL behind it */
		memcpy(key, id.data, id.length);
	pthread_mutex_lock(&notes->lock);
	note = json_object_get(notes->by_id, key);
	found = note;
	if (!is_delete)
		text = text_of(note);
	else if (found)
		json_object_del(notes->by_id, key);
	pthread_mutex_unlock(&notes->lock);
	if (!found)
		return problem(request, 404, "there is no such note", NULL);
	if (!is_delete)
		return answer_json(request, 200, text);
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
