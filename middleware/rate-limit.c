/* SPDX-License-Identifier: MIT
 *
 * rate-limit.c - so many requests per second of each key, with the meaning of nginx's
 * limit_req (wye/limit.h). One that has to wait its turn holds a ticket and a timer on its http
 * thread; what is too much gets 429.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/plugin.h>

#include "limiter.h"
#include "rate-limit-fields.h"

/* ---- settings ---- */

/* Each kind of key has names of its own in the table: an address is no user. */
enum kind {
	ADDRESS,
	USER,
	ATTRIBUTE,
	HEADER,
	QUERY,
};

/* In the order of enum kind; a colon asks for a name behind it. */
static const char *const kinds[] = { "address", "user", "attribute:", "header:", "query:" };

static const char *const without_choices[] = { "address", "pass", NULL };
static const char *const fields_choices[] = { "separate", "combined", NULL };
static const char *const tell_choices[] = { "refused", "always", "never", NULL };

static const struct wye_setting settings[] = {
	{ .name = "rate",
	  .type = WYE_SETTING_NUMBER,
	  .flags = WYE_SETTING_REQUIRED,
	  .minimum = 0.001,
	  .maximum = 1e6,
	  .unit = "requests",
	  .sentence = "that each key may send per second, or minute" },
	LIMITER_PER,
	LIMITER_BURST("requests", "10"),
	{ .name = "delay",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "5",
	  .maximum = 1e6,
	  .unit = "requests",
	  .sentence = "above the rate that pass at once; further ones wait their turn" },
	{ .name = "key",
	  .type = WYE_SETTING_STRING,
	  .fallback = "address",
	  .sentence = "whose requests are counted together: \"address\", \"user\", "
		      "\"attribute:NAME\", \"header:NAME\", \"query:NAME\"" },
	{ .name = "without_key",
	  .type = WYE_SETTING_STRING,
	  .fallback = "address",
	  .choices = without_choices,
	  .sentence = "who has no such key is counted by address, or passes" },
	LIMITER_PREFIX,
	{ .name = "keys",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "65536",
	  .minimum = 1,
	  .maximum = 1 << 24,
	  .unit = "keys",
	  .sentence = "that are kept, 48 bytes each; beyond, the oldest is forgotten" },
	{ .name = "max_waiting",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "500",
	  .maximum = 1e6,
	  .unit = "requests",
	  .sentence = "of one http thread that wait their turn; beyond: 429" },
	{ .name = "tell",
	  .type = WYE_SETTING_STRING,
	  .fallback = "refused",
	  .choices = tell_choices,
	  .sentence = "which answers say in their fields what is left" },
	{ .name = "fields",
	  .type = WYE_SETTING_STRING,
	  .fallback = "separate",
	  .choices = fields_choices,
	  .sentence = "RateLimit-Limit, -Remaining and -Reset; or RateLimit and "
		      "RateLimit-Policy" },
	{ .name = NULL },
};

struct thread {
	struct wye_loop *loop;
	unsigned waiting; /* on its loop only */
};

struct metrics {
	wye_metric passed, delayed, refused, waiting;
};

struct rate_limit {
	struct wye_bucket_limits limits;
	struct wye_buckets *buckets;
	enum kind kind;
	const char *name; /* of the attribute, header or parameter */
	bool absent_passes, combined, tells_refused, tells_always;
	unsigned prefix, max_waiting;
	struct metrics metrics;
	unsigned threads;
	struct thread *thread; /* `threads` of them, from start() on */
};

static int read_key(struct rate_limit *limit, const struct wye_settings *values,
		    struct wye_error *why)
{
	const char *key = wye_setting_string(values, "key");

	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t length = strlen(kinds[i]);
		bool named = kinds[i][length - 1] == ':';

		if (strncmp(key, kinds[i], length) || named != (key[length] != '\0'))
			continue;
		limit->kind = (enum kind)i;
		limit->name = key + length;
		return 0;
	}
	wye_setting_error(values, "key", why,
			  "\"%s\" is none of \"address\", \"user\", \"attribute:NAME\", "
			  "\"header:NAME\", \"query:NAME\"",
			  key);
	return -EINVAL;
}

static bool is_set_to(const struct wye_settings *values, const char *name, const char *value)
{
	return !strcmp(wye_setting_string(values, name), value);
}

static void read_rest(struct rate_limit *limit, const struct wye_settings *values)
{
	limit->absent_passes = is_set_to(values, "without_key", "pass");
	limit->combined = is_set_to(values, "fields", "combined");
	limit->tells_refused = !is_set_to(values, "tell", "never");
	limit->tells_always = is_set_to(values, "tell", "always");
	limit->prefix = (unsigned)wye_setting_integer(values, "ipv6_prefix");
	limit->max_waiting = (unsigned)wye_setting_integer(values, "max_waiting");
	limit->metrics = (struct metrics) {
		.passed = wye_metric_register("rate_limit_passed_total", WYE_COUNTER),
		.delayed = wye_metric_register("rate_limit_delayed_total", WYE_COUNTER),
		.refused = wye_metric_register("rate_limit_refused_total", WYE_COUNTER),
		.waiting = wye_metric_register("rate_limit_waiting", WYE_GAUGE),
	};
}

static void close_limit(void *instance)
{
	struct rate_limit *limit = instance;

	wye_buckets_destroy(limit->buckets);
	free(limit->thread);
	free(limit);
}

static int open_limit(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	struct rate_limit *limit = calloc(1, sizeof *limit);
	int error;

	if (!limit)
		return -ENOMEM;
	read_rest(limit, values);
	error = read_key(limit, values, why);
	if (!error)
		error = limiter_read(&limit->limits, values, why);
	if (!error)
		error = wye_buckets_create(&limit->buckets, "rate_limit", &limit->limits,
					   (size_t)wye_setting_integer(values, "keys"));
	if (error == -ENOMEM)
		wye_setting_error(values, "keys", why, "there is no memory for so many");
	if (error)
		close_limit(limit);
	else
		*instance = limit;
	return error;
}

static int start(void *instance, struct wye_error *why)
{
	struct rate_limit *limit = instance;

	limit->threads = wye_loop_count();
	limit->thread = calloc(limit->threads, sizeof *limit->thread);
	if (!limit->thread) {
		wye_error_set(why, "out of memory");
		return -ENOMEM;
	}
	for (unsigned i = 0; i < limit->threads; i++)
		limit->thread[i].loop = wye_loop_at(i);
	return 0;
}

/* ---- whose request it is ---- */

static struct wye_text named_key(const struct rate_limit *limit,
				 const struct wye_request *request)
{
	switch (limit->kind) {
	case USER:
		return wye_request_user(request);
	case ATTRIBUTE:
		return wye_request_attribute(request, limit->name);
	case HEADER:
		return wye_request_header(request, limit->name);
	case QUERY:
		return wye_request_query_value(request, limit->name);
	case ADDRESS:
		break;
	}
	return (struct wye_text) { NULL, 0 };
}

/* False if it is nobody's. */
static bool take(const struct rate_limit *limit, const struct wye_request *request,
		 struct wye_bucket_answer *out)
{
	uint64_t now = wye_loop_now(wye_loop_current());
	struct wye_text key = named_key(limit, request);
	uint8_t room[LIMITER_KEY];
	enum kind kind = limit->kind;

	if (!key.length) {
		if (kind != ADDRESS && limit->absent_passes)
			return false;
		kind = ADDRESS;
		key = limiter_address(wye_request_client(request), limit->prefix, room);
	}
	*out = wye_buckets_take(limit->buckets, (uint8_t)kind, key, now);
	return true;
}

/* ---- what the client is told ---- */

static void tell(const struct rate_limit *limit, struct wye_request *request,
		 const struct rate_limit_state *state)
{
	struct rate_limit_field fields[RATE_LIMIT_FIELDS];
	unsigned count = rate_limit_fields(fields, &limit->limits, state, limit->combined);

	for (unsigned i = 0; i < count; i++)
		wye_reply_header(request, fields[i].name,
				 (struct wye_text) { fields[i].value, fields[i].length });
}

/* Also of one that would have to wait, and can't. */
static enum wye_verdict refuse(const struct rate_limit *limit, struct wye_request *request,
			       struct wye_bucket_answer answer)
{
	static const char body[] = "too many requests\n";
	struct rate_limit_state state;
	char seconds[24];
	int length;

	answer.verdict = WYE_BUCKET_REFUSES;
	state = rate_limit_state(&limit->limits, &answer);
	length = snprintf(seconds, sizeof seconds, "%llu", (unsigned long long)state.reset);
	wye_reply_header(request, "Retry-After", (struct wye_text) { seconds, (size_t)length });
	if (limit->tells_refused)
		tell(limit, request, &state);
	wye_reply_static(request, 429, "text/plain", body, sizeof body - 1);
	wye_metric_add(limit->metrics.refused, 1);
	return WYE_ANSWERED;
}

/* ---- waiting ---- */

/* In the request's memory. */
struct turn {
	struct wye_timer timer;
	wye_ticket ticket;
	const struct rate_limit *limit;
	struct thread *thread; /* NULL: it does not wait any more */
};

static void stop_waiting(struct turn *turn)
{
	turn->thread->waiting--;
	turn->thread = NULL;
	wye_metric_add(turn->limit->metrics.waiting, -1);
}

static void its_turn(void *argument)
{
	struct turn *turn = argument;

	stop_waiting(turn);
	(void)!wye_ticket_finish(turn->ticket, WYE_NEXT); /* else it has ended */
}

static struct thread *this_thread(const struct rate_limit *limit)
{
	const struct wye_loop *loop = wye_loop_current();
	unsigned i = 0;

	while (limit->thread[i].loop != loop)
		i++;
	return &limit->thread[i];
}

/* NULL: it can't wait, as too many do, or as its time would be over before. */
static struct turn *begin_turn(const struct rate_limit *limit, struct wye_request *request,
			       uint64_t wait)
{
	struct thread *thread = this_thread(limit);
	struct turn *turn;

	if (thread->waiting >= limit->max_waiting ||
	    wye_context_time_left(wye_request_context(request)) < wait)
		return NULL;
	turn = wye_request_allocate(request, sizeof *turn);
	if (!turn || wye_ticket_take(request, &turn->ticket))
		return NULL;
	turn->limit = limit;
	turn->thread = thread;
	wye_timer_init(&turn->timer, its_turn, turn);
	wye_timer_start(thread->loop, &turn->timer, wait);
	thread->waiting++;
	wye_metric_add(limit->metrics.waiting, 1);
	return turn;
}

/* ---- steps ---- */

static enum wye_verdict on_request(struct wye_request *request, void *instance, void **state)
{
	const struct rate_limit *limit = instance;
	struct wye_bucket_answer answer;

	if (!take(limit, request, &answer))
		return WYE_NEXT;
	if (answer.verdict == WYE_BUCKET_REFUSES)
		return refuse(limit, request, answer);
	if (answer.verdict == WYE_BUCKET_WAITS) {
		*state = begin_turn(limit, request, answer.wait);
		if (!*state)
			return refuse(limit, request, answer);
	}
	if (limit->tells_always) {
		struct rate_limit_state left = rate_limit_state(&limit->limits, &answer);

		tell(limit, request, &left);
	}
	wye_metric_add(*state ? limit->metrics.delayed : limit->metrics.passed, 1);
	return *state ? WYE_DEFERRED : WYE_NEXT;
}

static void on_done(struct wye_request *request, void *instance, void *state)
{
	struct turn *turn = state;

	(void)request;
	(void)instance;
	if (!turn || !turn->thread)
		return;
	wye_timer_stop(turn->thread->loop, &turn->timer);
	stop_waiting(turn);
}

static const struct wye_rest_middleware rest = {
	.size = sizeof rest, .name = "rate-limit", .request = on_request, .done = on_done
};
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };

extern const struct wye_plugin wye_builtin_rate_limit;

const struct wye_plugin wye_builtin_rate_limit = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_rate_limit,
	.name = "rate-limit",
	.sentence = "limits the requests per second of each client",
	.settings = settings,
	.open = open_limit,
	.close = close_limit,
	.start = start,
	.rest_middleware = rest_list,
};
