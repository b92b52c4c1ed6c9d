/* SPDX-License-Identifier: MIT
 *
 * forward-auth.c - asks another HTTP service about each request or handshake, as Traefik's
 * ForwardAuth and nginx's auth_request do: 2xx lets it pass, 401, 403 and redirects are given
 * to the client, all else is 503. It waits with a ticket meanwhile.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wye/plugin.h>

#include "asker.h"
#include "forward-auth-fields.h"
#include "lines.h"

static const struct wye_setting settings[] = {
	{ .name = "url",
	  .type = WYE_SETTING_STRING,
	  .flags = WYE_SETTING_REQUIRED,
	  .sentence = "that is asked by GET: http or https" },
	{ .name = "request_headers",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "that are sent along; default: Authorization and Cookie" },
	{ .name = "response_headers",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "of a 2xx that the handler gets, as fields and as attributes" },
	{ .name = "user_header",
	  .type = WYE_SETTING_STRING,
	  .sentence = "of a 2xx that names the user" },
	{ .name = "timeout",
	  .type = WYE_SETTING_NUMBER,
	  .fallback = "5",
	  .minimum = 0.01,
	  .maximum = 300,
	  .unit = "seconds",
	  .sentence = "for an answer; then 503" },
	{ .name = "max_waiting",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "256",
	  .minimum = 1,
	  .maximum = 10000,
	  .unit = "questions",
	  .sentence = "at once, each with a connection to the service; beyond it 503" },
	{ .name = "max_answer",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "65536",
	  .minimum = 256,
	  .maximum = 16777216,
	  .unit = "bytes",
	  .sentence = "of an answer's fields and body; a larger one is 503" },
	{ .name = "ca_file",
	  .type = WYE_SETTING_STRING,
	  .sentence = "with the authorities of an https service; default: the system's" },
	{ .name = NULL },
};

static const char FAILURE[] = "access can't be checked now\n";
static const char REFUSAL[] = "access denied\n";

struct guard {
	const struct wye_settings *settings;
	const char *url, *user_header; /* the latter may be NULL */
	struct forwarding forwarding;
	struct asker *asker;
	bool failing; /* the asker's thread's: the log tells of changes only */
	wye_metric asked, passed, refused, failed, busy, time, waiting;
};

enum outcome {
	FAILED,
	PASSED,
	REFUSED,
};

/* A request or a handshake that waits. */
struct visit {
	struct question question; /* first */
	struct guard *guard;
	enum outcome outcome;
	wye_ticket request;             /* 0: it is a handshake */
	wye_handshake_ticket handshake; /* or this one */
};

static void free_visit(struct visit *visit)
{
	question_fini(&visit->question);
	free(visit);
}

static struct wye_text text_of(const char *string)
{
	return (struct wye_text) { string, strlen(string) };
}

/* ---- the answer, on the asker's thread ---- */

static enum outcome judge(const struct question *question)
{
	switch (question->status) {
	case 200 ... 299:
		return PASSED;
	case 401:
	case 403:
		return REFUSED;
	case 301 ... 303:
	case 307:
	case 308:
		return question_find(question, "Location") ? REFUSED : FAILED;
	default:
		return FAILED;
	}
}

static void tell_of_failure(struct guard *guard, const struct question *question)
{
	if (guard->failing)
		return;
	guard->failing = true;
	if (question->failure)
		wye_log(WYE_LOG_ERROR, "forward-auth can't ask %s: %s", guard->url,
			question->failure);
	else
		wye_log(WYE_LOG_ERROR, "forward-auth: %s has answered with %u", guard->url,
			question->status);
}

static void count(struct guard *guard, const struct visit *visit)
{
	const wye_metric metrics[] = {
		[FAILED] = guard->failed, [PASSED] = guard->passed, [REFUSED] = guard->refused
	};

	wye_metric_add(metrics[visit->outcome], 1);
	wye_metric_add(guard->time, (int64_t)visit->question.microseconds);
	if (visit->outcome == FAILED) {
		tell_of_failure(guard, &visit->question);
	} else if (guard->failing) {
		guard->failing = false;
		wye_log(WYE_LOG_NOTICE, "forward-auth: %s answers again", guard->url);
	}
}

static enum wye_verdict conclude_request(struct wye_request *request, void *argument);
static enum wye_verdict conclude_handshake(struct wye_handshake *handshake, void *argument);

static void answered(struct question *question)
{
	struct visit *visit = (struct visit *)question;
	int error;

	wye_metric_add(visit->guard->waiting, -1);
	visit->outcome = judge(question);
	if (question->status || question->failure)
		count(visit->guard, visit);
	error = visit->request.value
			? wye_ticket_run(visit->request, conclude_request, visit)
			: wye_handshake_ticket_run(visit->handshake, conclude_handshake, visit);
	if (error)
		free_visit(visit);
}

static bool is_wanted(struct question *question)
{
	const struct visit *visit = (const struct visit *)question;

	if (visit->request.value && !wye_ticket_open(visit->request))
		return false;
	wye_metric_add(visit->guard->asked, 1);
	return true;
}

static struct visit *make_visit(struct guard *guard)
{
	struct visit *visit = calloc(1, sizeof *visit);

	if (!visit)
		return NULL;
	visit->guard = guard;
	visit->question.done = answered;
	visit->question.wanted = is_wanted;
	return visit;
}

/* Returns false if it can't be asked: too many are. */
static bool put(struct visit *visit)
{
	struct guard *guard = visit->guard;

	wye_metric_add(guard->waiting, 1);
	if (!asker_put(guard->asker, &visit->question))
		return true;
	wye_metric_add(guard->waiting, -1);
	wye_metric_add(guard->busy, 1);
	return false;
}

/* ---- requests ---- */

static enum wye_verdict fail_request(struct wye_request *request)
{
	wye_reply_header(request, "Retry-After", (struct wye_text) { "1", 1 });
	wye_reply_static(request, 503, "text/plain", FAILURE, sizeof FAILURE - 1);
	return WYE_ANSWERED;
}

static enum wye_verdict pass_request(struct wye_request *request, const struct visit *visit)
{
	const struct guard *guard = visit->guard;
	const char *user =
		guard->user_header ? question_find(&visit->question, guard->user_header) : NULL;

	if (forwarding_hand_request(&guard->forwarding, &visit->question, request) ||
	    (user && *user && wye_request_set_user(request, text_of(user))))
		return fail_request(request);
	return WYE_NEXT;
}

static bool is_told_to_clients(const char *name)
{
	return !strcasecmp(name, "WWW-Authenticate") || !strcasecmp(name, "Set-Cookie");
}

static enum wye_verdict refuse_request(struct wye_request *request, const struct visit *visit)
{
	const struct question *question = &visit->question;
	const char *location =
		question->status < 400 ? question_find(question, "Location") : NULL;

	for (const struct asker_field *one = question->answer; one; one = one->next)
		if (is_told_to_clients(one->name))
			wye_reply_header(request, one->name, text_of(one->value));
	if (location)
		wye_reply_header(request, "Location", text_of(location));
	if (wye_reply(request, question->status, question_find(question, "Content-Type"),
		      question->body, question->body_length))
		return fail_request(request);
	return WYE_ANSWERED;
}

static enum wye_verdict conclude_request(struct wye_request *request, void *argument)
{
	struct visit *visit = argument;
	enum wye_verdict verdict = WYE_ANSWERED;

	if (request && visit->outcome == PASSED)
		verdict = pass_request(request, visit);
	else if (request && visit->outcome == REFUSED)
		verdict = refuse_request(request, visit);
	else if (request)
		verdict = fail_request(request);
	free_visit(visit);
	return verdict;
}

static enum wye_verdict on_request(struct wye_request *request, void *instance, void **state)
{
	struct guard *guard = instance;
	struct visit *visit = make_visit(guard);

	(void)state;
	if (!visit)
		return fail_request(request);
	if (forwarding_ask_request(&guard->forwarding, &visit->question, request) ||
	    wye_ticket_take(request, &visit->request)) {
		free_visit(visit);
		return fail_request(request);
	}
	if (!put(visit) && wye_ticket_run(visit->request, conclude_request, visit))
		free_visit(visit);
	return WYE_DEFERRED;
}

/* ---- handshakes ---- */

static enum wye_verdict fail_handshake(struct wye_handshake *handshake)
{
	wye_handshake_reply_header(handshake, "Retry-After", (struct wye_text) { "1", 1 });
	wye_handshake_refuse(handshake, 503, FAILURE);
	return WYE_ANSWERED;
}

static enum wye_verdict pass_handshake(struct wye_handshake *handshake,
				       const struct visit *visit)
{
	const struct guard *guard = visit->guard;
	const char *user =
		guard->user_header ? question_find(&visit->question, guard->user_header) : NULL;

	if (forwarding_hand_handshake(&guard->forwarding, &visit->question, handshake) ||
	    (user && *user && wye_handshake_set_user(handshake, text_of(user))))
		return fail_handshake(handshake);
	return WYE_NEXT;
}

/* No WebSocket client follows a redirect: it is a 401 without its Location. */
static enum wye_verdict refuse_handshake(struct wye_handshake *handshake,
					 const struct visit *visit)
{
	const struct question *question = &visit->question;

	for (const struct asker_field *one = question->answer; one; one = one->next)
		if (is_told_to_clients(one->name))
			wye_handshake_reply_header(handshake, one->name, text_of(one->value));
	wye_handshake_refuse(handshake, question->status < 400 ? 401 : question->status,
			     REFUSAL);
	return WYE_ANSWERED;
}

static enum wye_verdict conclude_handshake(struct wye_handshake *handshake, void *argument)
{
	struct visit *visit = argument;
	enum wye_verdict verdict = WYE_ANSWERED;

	if (handshake && visit->outcome == PASSED)
		verdict = pass_handshake(handshake, visit);
	else if (handshake && visit->outcome == REFUSED)
		verdict = refuse_handshake(handshake, visit);
	else if (handshake)
		verdict = fail_handshake(handshake);
	free_visit(visit);
	return verdict;
}

static enum wye_verdict on_handshake(struct wye_handshake *handshake, void *instance,
				     void **state)
{
	struct guard *guard = instance;
	struct visit *visit = make_visit(guard);

	(void)state;
	if (!visit)
		return fail_handshake(handshake);
	if (forwarding_ask_handshake(&guard->forwarding, &visit->question, handshake) ||
	    wye_handshake_ticket_take(handshake, &visit->handshake)) {
		free_visit(visit);
		return fail_handshake(handshake);
	}
	if (!put(visit) &&
	    wye_handshake_ticket_run(visit->handshake, conclude_handshake, visit))
		free_visit(visit);
	return WYE_DEFERRED;
}

/* ---- an instance ---- */

static void close_guard(void *instance)
{
	struct guard *guard = instance;

	asker_destroy(guard->asker);
	forwarding_fini(&guard->forwarding);
	curl_global_cleanup();
	free(guard);
}

static int find_certificate(void *found, const char *line, struct wye_error *why)
{
	(void)why;
	*(bool *)found |= strstr(line, "-----BEGIN ") && strstr(line, "CERTIFICATE-----");
	return 0;
}

/* What is wrong with it libcurl would say at each request. */
static int check_ca(const struct wye_settings *values, struct wye_error *why)
{
	const char *path = wye_setting_string(values, "ca_file");
	struct wye_error reason;
	bool found = false;

	if (!path)
		return 0;
	if (lines_read(path, find_certificate, &found, &reason)) {
		wye_setting_error(values, "ca_file", why, "%s", reason.text);
		return -EINVAL;
	}
	if (found)
		return 0;
	wye_setting_error(values, "ca_file", why, "\"%s\" has no certificate in it", path);
	return -EINVAL;
}

static int fill(struct guard *guard, struct wye_error *why)
{
	struct wye_error reason;
	int error = forwarding_init(&guard->forwarding, guard->settings, why);

	guard->url = wye_setting_string(guard->settings, "url");
	guard->user_header = wye_setting_string(guard->settings, "user_header");
	if (!error && asker_check_url(guard->url, &reason)) {
		wye_setting_error(guard->settings, "url", why, "%s", reason.text);
		error = -EINVAL;
	}
	return error ? error : check_ca(guard->settings, why);
}

static void register_metrics(struct guard *guard)
{
	guard->asked = wye_metric_register("forward_auth_asked_total", WYE_COUNTER);
	guard->passed = wye_metric_register("forward_auth_passed_total", WYE_COUNTER);
	guard->refused = wye_metric_register("forward_auth_refused_total", WYE_COUNTER);
	guard->failed = wye_metric_register("forward_auth_failed_total", WYE_COUNTER);
	guard->busy = wye_metric_register("forward_auth_busy_total", WYE_COUNTER);
	guard->time = wye_metric_register("forward_auth_microseconds_total", WYE_COUNTER);
	guard->waiting = wye_metric_register("forward_auth_waiting", WYE_GAUGE);
}

static int open_guard(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	struct guard *guard = calloc(1, sizeof *guard);
	int error;

	if (!guard || curl_global_init(CURL_GLOBAL_DEFAULT)) {
		free(guard);
		return -ENOMEM;
	}
	guard->settings = values;
	register_metrics(guard);
	error = fill(guard, why);
	if (error)
		close_guard(guard);
	else
		*instance = guard;
	return error;
}

static int start_guard(void *instance, struct wye_error *why)
{
	struct guard *guard = instance;
	const struct asker_options options = {
		.url = guard->url,
		.ca_file = wye_setting_string(guard->settings, "ca_file"),
		.timeout = (long)(wye_setting_number(guard->settings, "timeout") * 1000),
		.max_waiting = (unsigned)wye_setting_integer(guard->settings, "max_waiting"),
		.max_answer = (size_t)wye_setting_integer(guard->settings, "max_answer"),
	};
	int error = asker_create(&guard->asker, &options);

	if (error)
		wye_error_set(why, "forward-auth can't start: %s", strerror(-error));
	return error;
}

static void stop_guard(void *instance)
{
	asker_stop(((struct guard *)instance)->asker); /* loops still put into it */
}

static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "forward-auth",
						 .request = on_request };
static const struct wye_ws_middleware ws = { .size = sizeof ws,
					     .name = "forward-auth",
					     .flags = WYE_DEFERS,
					     .handshake = on_handshake };
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };
static const struct wye_ws_middleware *const ws_list[] = { &ws, NULL };

extern const struct wye_plugin wye_builtin_forward_auth;

const struct wye_plugin wye_builtin_forward_auth = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_forward_auth,
	.name = "forward-auth",
	.sentence = "asks another service who may come in",
	.settings = settings,
	.open = open_guard,
	.close = close_guard,
	.rest_middleware = rest_list,
	.ws_middleware = ws_list,
	.start = start_guard,
	.stop = stop_guard,
};
