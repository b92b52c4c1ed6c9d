/* SPDX-License-Identifier: MIT
 *
 * asker.c - see asker.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "asker.h"

enum {
	IDLE_CONNECTIONS = 32, /* that are kept */
	SPARE_HANDLES = 32,
	LONGEST_SLEEP = 60000, /* milliseconds; puts and stops wake it */
};

struct asker {
	struct asker_options options;
	CURLM *multi;
	LIST_HEAD(, question) asked; /* its thread's; so are the next two */
	CURL *spares[SPARE_HANDLES]; /* handles that no question has */
	unsigned spare_count;
	pthread_t thread;
	bool running; /* the main thread's */
	pthread_mutex_t lock;
	struct question *first, **last; /* that are not asked yet */
	unsigned waiting;               /* all that are not done */
	bool stop;
};

/* ---- a question ---- */

int question_add(struct question *question, const char *name, struct wye_text value)
{
	struct curl_slist *fields = NULL;
	char *line;
	/* libcurl takes "name;" for a field without a value */
	int length = value.length
			     ? asprintf(&line, "%s: %.*s", name, (int)value.length, value.data)
			     : asprintf(&line, "%s;", name);

	if (length < 0)
		return -ENOMEM;
	fields = curl_slist_append(question->fields, line);
	free(line);
	if (!fields)
		return -ENOMEM;
	question->fields = fields;
	return 0;
}

const char *question_find(const struct question *question, const char *name)
{
	for (const struct asker_field *one = question->answer; one; one = one->next)
		if (!strcasecmp(one->name, name))
			return one->value;
	return NULL;
}

static void forget_answer(struct question *question)
{
	while (question->answer) {
		struct asker_field *next = question->answer->next;

		free(question->answer);
		question->answer = next;
	}
}

void question_fini(struct question *question)
{
	forget_answer(question);
	curl_slist_free_all(question->fields);
	free(question->body);
}

/* ---- what libcurl tells of the answer, on the asker's thread ---- */

/* False: libcurl then gives up. */
static bool take(struct question *question, size_t length)
{
	question->received += length;
	if (question->received <= question->asker->options.max_answer)
		return true;
	question->failure = "its answer is larger than max_answer";
	return false;
}

static bool add_field(struct question *question, const char *line, size_t name, size_t length)
{
	struct asker_field *field = malloc(sizeof *field + length + 2),
			   **link = &question->answer;
	const char *value = line + name + 1, *end = line + length;

	if (!field)
		return false;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && strchr(" \t\r\n", end[-1]))
		end--;
	snprintf(field->bytes, length + 2, "%.*s%c%.*s", (int)name, line, 0, (int)(end - value),
		 value);
	field->next = NULL;
	field->name = field->bytes;
	field->value = field->bytes + name + 1;
	while (*link)
		link = &(*link)->next;
	*link = field;
	return true;
}

/* A line of a head. Those of an interim answer (RFC 9110, 15.2) are forgotten at the next one's
 * status. What has a NUL in it is no field. */
static size_t on_line(char *line, size_t size, size_t count, void *argument)
{
	struct question *question = argument;
	size_t length = size * count;
	const char *colon = memchr(line, ':', length);

	if (!take(question, length))
		return 0;
	if (length > 5 && !memcmp(line, "HTTP/", 5))
		forget_answer(question);
	else if (colon && colon > line && !memchr(line, '\0', length) &&
		 !add_field(question, line, (size_t)(colon - line), length))
		return 0;
	return length;
}

static size_t on_body(char *data, size_t size, size_t count, void *argument)
{
	struct question *question = argument;
	size_t length = size * count;
	char *body;

	if (!take(question, length))
		return 0;
	body = realloc(question->body, question->body_length + length);
	if (!body)
		return 0;
	memcpy(body + question->body_length, data, length);
	question->body = body;
	question->body_length += length;
	return length;
}

/* ---- asking ---- */

/* What all questions have in common. */
static CURL *make_handle(const struct asker_options *options)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "wye");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, options->timeout);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	if (!curl_easy_setopt(easy, CURLOPT_URL, options->url) &&
	    (!options->ca_file || !curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file)))
		return easy;
	curl_easy_cleanup(easy);
	return NULL;
}

static void release(struct asker *asker, CURL *easy)
{
	if (asker->spare_count < SPARE_HANDLES)
		asker->spares[asker->spare_count++] = easy;
	else
		curl_easy_cleanup(easy);
}

/* Makes a spare handle, or a new one, this question's. */
static CURL *prepare(struct asker *asker, struct question *question)
{
	CURL *easy = asker->spare_count ? asker->spares[--asker->spare_count]
					: make_handle(&asker->options);

	if (!easy)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, question);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, question->reason);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, question);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, question);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, question->fields);
	return easy;
}

/* The question ends before the handle does. */
static void detach(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
}

static void finish(struct asker *asker, struct question *question)
{
	pthread_mutex_lock(&asker->lock);
	asker->waiting--;
	pthread_mutex_unlock(&asker->lock);
	question->done(question);
}

static void ask(struct asker *asker, struct question *question)
{
	if (!question->wanted(question)) {
		finish(asker, question);
		return;
	}
	question->easy = prepare(asker, question);
	if (question->easy && !curl_multi_add_handle(asker->multi, question->easy)) {
		LIST_INSERT_HEAD(&asker->asked, question, place);
		return;
	}
	curl_easy_cleanup(question->easy);
	question->failure = "out of memory";
	finish(asker, question);
}

/* Takes it out of libcurl's hands. */
static void take_back(struct asker *asker, struct question *question)
{
	LIST_REMOVE(question, place);
	curl_multi_remove_handle(asker->multi, question->easy);
	detach(question->easy);
	release(asker, question->easy);
}

static void conclude(struct asker *asker, struct question *question, CURLcode result)
{
	curl_off_t microseconds = 0;
	long status = 0;

	curl_easy_getinfo(question->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(question->easy, CURLINFO_TOTAL_TIME_T, &microseconds);
	question->status = result ? 0 : (unsigned)status;
	question->microseconds = (uint64_t)microseconds;
	if (result && !question->failure)
		question->failure =
			*question->reason ? question->reason : curl_easy_strerror(result);
	take_back(asker, question);
	finish(asker, question);
}

/* The program ends. */
static void abandon_all(struct asker *asker)
{
	while (!LIST_EMPTY(&asker->asked)) {
		struct question *question = LIST_FIRST(&asker->asked);

		take_back(asker, question);
		finish(asker, question);
	}
}

static struct question *question_of(CURL *easy)
{
	char *pointer = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &pointer);
	return (struct question *)pointer;
}

static void conclude_all(struct asker *asker)
{
	struct CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(asker->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			conclude(asker, question_of(message->easy_handle),
				 message->data.result);
}

/* ---- the thread ---- */

/* What was put meanwhile; true if the asker is to end. */
static bool take_all(struct asker *asker, struct question **questions)
{
	bool stop;

	pthread_mutex_lock(&asker->lock);
	*questions = asker->first;
	asker->first = NULL;
	asker->last = &asker->first;
	stop = asker->stop;
	pthread_mutex_unlock(&asker->lock);
	return stop;
}

static void *run(void *argument)
{
	struct asker *asker = argument;
	struct question *questions;
	bool stop;
	int running;

	do {
		stop = take_all(asker, &questions);
		while (questions) {
			struct question *next = questions->next;

			ask(asker, questions);
			questions = next;
		}
		curl_multi_perform(asker->multi, &running);
		conclude_all(asker);
		if (!stop)
			curl_multi_poll(asker->multi, NULL, 0, LONGEST_SLEEP, NULL);
	} while (!stop);
	abandon_all(asker);
	return NULL;
}

int asker_put(struct asker *asker, struct question *question)
{
	bool room;

	question->asker = asker;
	question->next = NULL;
	pthread_mutex_lock(&asker->lock);
	room = !asker->stop && asker->waiting < asker->options.max_waiting;
	if (room) {
		*asker->last = question;
		asker->last = &question->next;
		asker->waiting++;
	}
	pthread_mutex_unlock(&asker->lock);
	if (!room)
		return -EAGAIN;
	curl_multi_wakeup(asker->multi);
	return 0;
}

/* ---- its life ---- */

int asker_check_url(const char *url, struct wye_error *why)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *user = NULL;
	bool good = parts && !curl_url_set(parts, CURLUPART_URL, url, 0) &&
		    !curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) &&
		    (!strcmp(scheme, "http") || !strcmp(scheme, "https")) &&
		    curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;

	curl_free(scheme);
	curl_free(user);
	curl_url_cleanup(parts);
	if (good)
		return 0;
	wye_error_set(why, "\"%s\" is no URL like \"http://127.0.0.1:4180/auth\"", url);
	return -EINVAL;
}

int asker_create(struct asker **out, const struct asker_options *options)
{
	struct asker *asker = calloc(1, sizeof *asker);
	int error;

	if (!asker)
		return -ENOMEM;
	asker->options = *options;
	asker->last = &asker->first;
	pthread_mutex_init(&asker->lock, NULL);
	asker->multi = curl_multi_init();
	if (asker->multi)
		curl_multi_setopt(asker->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
	error = asker->multi ? pthread_create(&asker->thread, NULL, run, asker) : ENOMEM;
	asker->running = !error;
	if (error) {
		asker_destroy(asker);
		return -error;
	}
	pthread_setname_np(asker->thread, "forward-auth");
	*out = asker;
	return 0;
}

void asker_stop(struct asker *asker)
{
	if (!asker || !asker->running)
		return;
	pthread_mutex_lock(&asker->lock);
	asker->stop = true;
	pthread_mutex_unlock(&asker->lock);
	curl_multi_wakeup(asker->multi);
	pthread_join(asker->thread, NULL);
	asker->running = false;
}

void asker_destroy(struct asker *asker)
{
	if (!asker)
		return;
	asker_stop(asker);
	while (asker->spare_count)
		curl_easy_cleanup(asker->spares[--asker->spare_count]);
	curl_multi_cleanup(asker->multi);
	pthread_mutex_destroy(&asker->lock);
	free(asker);
}
