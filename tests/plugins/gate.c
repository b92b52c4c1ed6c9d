/* SPDX-License-Identifier: MIT
 *
 * gate.c - a plugin for the tests: WebSocket chains that wait. What a step does is said by the
 * handshake's query: LABEL=VERDICT:MILLISECONDS, where LABEL is a setting of the instance.
 *   middleware  count, defer (WYE_DEFERS), block (WYE_BLOCKING): see `steps` below for verdicts
 *   handlers    talk    echo; speaks "v2.gate" and "v1.gate"; with ?hello sends which first
 *               choose  handshake() chooses ?pick=, refuses (refuse), or lies (lie)
 *               timed   its context has a deadline of ?ms= and two callbacks
 *   REST        counts  what happened to this instance, as JSON
 *               release what waits in this instance goes on
 *               trace   steps that were entered (+) and closed (-), process-wide
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wye/plugin.h>

enum {
	WORKERS = 4,
	CAUSES = WYE_CANCEL_ENDED + 1,
	VISIT = 0x76697369,
	LOOK = 2,       /* milliseconds */
	BULK = 1 << 24, /* bytes */
};

/* A ticket that a worker is to finish. */
struct item {
	struct item *next;
	struct gate *gate;
	wye_handshake_ticket ticket;
	uint64_t due;
	char verdict[16];
};

struct gate {
	char label[16];
	pthread_mutex_t lock;
	pthread_cond_t change;
	pthread_t workers[WORKERS];
	struct item *items;
	unsigned count, releases;
	bool stop;
	atomic_int entered, left, stray, refused, posted, late, twice, again, runs, nulls,
		eperm, ealready, opens, closes;
	atomic_int handshakes[CAUSES], connections[CAUSES];
};

static pthread_mutex_t trace_lock = PTHREAD_MUTEX_INITIALIZER;
static char trace_text[4096]; /* of the process: it is only one test's */

static void trace(char sign, const char *label)
{
	size_t length;

	pthread_mutex_lock(&trace_lock);
	length = strlen(trace_text);
	snprintf(trace_text + length, sizeof trace_text - length, "%c%s", sign, label);
	pthread_mutex_unlock(&trace_lock);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Waits for a change; the gate is locked. */
static void wait_ms(struct gate *gate, uint64_t milliseconds)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(milliseconds / 1000);
	until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&gate->change, &gate->lock, &until);
}

/* ---- finishing tickets ---- */

static void queue(struct gate *gate, wye_handshake_ticket ticket, const char *verdict,
		  unsigned delay)
{
	struct item *item = calloc(1, sizeof *item);

	if (!item)
		abort();
	item->gate = gate;
	item->ticket = ticket;
	item->due = now_ms() + delay;
	snprintf(item->verdict, sizeof item->verdict, "%s", verdict);
	pthread_mutex_lock(&gate->lock);
	item->next = gate->items;
	gate->items = item;
	gate->count++;
	pthread_cond_signal(&gate->change);
	pthread_mutex_unlock(&gate->lock);
}

static enum wye_verdict say(struct wye_handshake *handshake)
{
	(void)wye_handshake_reply_header(handshake, "X-Gate", (struct wye_text) { "shut", 4 });
	(void)wye_handshake_refuse(handshake, 403, "the gate is shut\n");
	return WYE_ANSWERED;
}

static enum wye_verdict run(struct wye_handshake *handshake, void *argument)
{
	struct item *item = argument;
	enum wye_verdict verdict = WYE_NEXT;
	wye_handshake_ticket ticket;

	atomic_fetch_add(handshake ? &item->gate->runs : &item->gate->nulls, 1);
	if (handshake && !strcmp(item->verdict, "runrefuse")) {
		verdict = say(handshake);
	} else if (handshake && !strcmp(item->verdict, "runlie")) {
		verdict = WYE_ANSWERED;
	} else if (handshake && !strcmp(item->verdict, "runodd")) {
		verdict = (enum wye_verdict)7;
	} else if (handshake && !strcmp(item->verdict, "runempty")) {
		verdict = WYE_DEFERRED;
	} else if (handshake && !strcmp(item->verdict, "again")) {
		if (wye_handshake_ticket_take(handshake, &ticket))
			abort();
		queue(item->gate, ticket, "run", 5);
		verdict = WYE_DEFERRED;
	}
	free(item);
	return verdict;
}

static void finish(struct gate *gate, struct item *item)
{
	wye_handshake_ticket ticket = item->ticket;
	bool running = false;
	int error;

	if (!strcmp(item->verdict, "latepass")) {
		error = wye_handshake_ticket_pass(ticket);
	} else if (!strcmp(item->verdict, "laterefuse")) {
		error = wye_handshake_ticket_refuse(ticket, 429, "later\n");
	} else {
		error = wye_handshake_ticket_run(ticket, run, item);
		running = !error; /* it has the item now */
	}
	atomic_fetch_add(error ? &gate->late : &gate->posted, 1);
	atomic_fetch_add(
		wye_handshake_ticket_pass(ticket) == -ENOENT ? &gate->twice : &gate->again, 1);
	if (!running)
		free(item);
}

/* Any of those that are due; the gate is locked. */
static struct item *take_due(struct gate *gate, unsigned *seed)
{
	uint64_t now = now_ms();
	struct item **link = &gate->items, **chosen = NULL, *item;
	unsigned due = 0;

	for (; *link; link = &(*link)->next)
		if ((*link)->due <= now && (unsigned)rand_r(seed) % ++due == 0)
			chosen = link;
	if (!chosen)
		return NULL;
	item = *chosen;
	*chosen = item->next;
	gate->count--;
	return item;
}

static void *work(void *argument)
{
	struct gate *gate = argument;
	unsigned seed = (unsigned)now_ms();

	pthread_mutex_lock(&gate->lock);
	while (!gate->stop) {
		struct item *item = take_due(gate, &seed);

		if (!item) {
			wait_ms(gate, gate->items ? LOOK : 1000);
			continue;
		}
		pthread_mutex_unlock(&gate->lock);
		finish(gate, item);
		pthread_mutex_lock(&gate->lock);
	}
	pthread_mutex_unlock(&gate->lock);
	return NULL;
}

/* ---- steps ---- */

/* State of a step: freed by closed(), so that a leak or a second call is seen. */
struct visit {
	uint32_t magic;
	struct gate *gate;
	struct wye_cancel cancel;
};

static void cancelled(void *argument, enum wye_cancel_cause cause)
{
	struct visit *visit = argument;

	atomic_fetch_add(&visit->gate->handshakes[cause], 1);
}

static void enter(struct gate *gate, void **state)
{
	struct visit *visit = calloc(1, sizeof *visit);

	if (!visit)
		abort();
	visit->magic = VISIT;
	visit->gate = gate;
	*state = visit;
	atomic_fetch_add(&gate->entered, 1);
	trace('+', gate->label);
}

static void closed(const struct wye_handshake *handshake, const struct wye_ws_ending *ending,
		   void *instance, void *state)
{
	struct gate *gate = instance;
	struct visit *visit = state;

	(void)ending;
	if (!visit) {
		atomic_fetch_add(&gate->stray, 1);
		return;
	}
	if (visit->magic != VISIT || visit->gate != gate)
		abort();
	if (handshake)
		atomic_fetch_add(&gate->refused, 1);
	atomic_fetch_add(&gate->left, 1);
	trace('-', gate->label);
	wye_cancel_stop(&visit->cancel);
	visit->magic = 0;
	free(visit);
}

/* What the query says of this instance; "pass" without it. */
static unsigned ask(struct wye_handshake *handshake, const struct gate *gate, char verdict[16])
{
	struct wye_text value = wye_handshake_query_value(handshake, gate->label);
	unsigned delay = 0;
	char text[32];

	snprintf(text, sizeof text, "%.*s", (int)value.length, value.data ? value.data : "");
	strcpy(verdict, "pass");
	sscanf(text, "%15[a-z]:%u", verdict, &delay);
	return delay;
}

static int take(struct gate *gate, struct wye_handshake *handshake,
		wye_handshake_ticket *ticket)
{
	int error = wye_handshake_ticket_take(handshake, ticket);

	if (error == -EPERM)
		atomic_fetch_add(&gate->eperm, 1);
	else if (error == -EALREADY)
		atomic_fetch_add(&gate->ealready, 1);
	return error;
}

/* With a deadline, and more text than the kernel takes. */
static enum wye_verdict refuse_at_length(struct wye_handshake *handshake, unsigned delay)
{
	char *text = malloc(BULK + 1);

	if (!text || wye_context_set_deadline(wye_handshake_context(handshake), delay))
		abort();
	memset(text, '.', BULK);
	text[BULK] = '\0';
	(void)wye_handshake_refuse(handshake, 403, text);
	free(text);
	return WYE_ANSWERED;
}

static enum wye_verdict decide(struct gate *gate, struct wye_handshake *handshake,
			       const char *verdict, unsigned delay)
{
	wye_handshake_ticket ticket, other;

	if (!strcmp(verdict, "pass"))
		return WYE_NEXT;
	if (!strcmp(verdict, "refuse"))
		return say(handshake);
	if (!strcmp(verdict, "lie"))
		return WYE_ANSWERED;
	if (!strcmp(verdict, "odd"))
		return (enum wye_verdict)7;
	if (!strcmp(verdict, "empty"))
		return WYE_DEFERRED;
	if (!strcmp(verdict, "hurry"))
		return wye_context_set_deadline(wye_handshake_context(handshake), delay)
			       ? WYE_ANSWERED
			       : WYE_NEXT;
	if (!strcmp(verdict, "bulk"))
		return refuse_at_length(handshake, delay);
	if (take(gate, handshake, &ticket))
		return WYE_NEXT;
	if (take(gate, handshake, &other) != -EALREADY)
		abort();
	if (!strcmp(verdict, "never"))
		return WYE_DEFERRED;
	queue(gate, ticket, verdict, delay);
	return strcmp(verdict, "ignored") ? WYE_DEFERRED : WYE_NEXT;
}

static enum wye_verdict step(struct wye_handshake *handshake, void *instance, void **state)
{
	struct gate *gate = instance;
	char verdict[16];
	unsigned delay = ask(handshake, gate, verdict);

	enter(gate, state);
	wye_context_on_cancel(wye_handshake_context(handshake),
			      &((struct visit *)*state)->cancel, cancelled, *state);
	return decide(gate, handshake, verdict, delay);
}

/* On the pool: the context is not its to register with. */
static enum wye_verdict block(struct wye_handshake *handshake, void *instance, void **state)
{
	struct gate *gate = instance;
	char verdict[16];
	unsigned delay = ask(handshake, gate, verdict), releases;
	uint64_t end = now_ms() + delay;

	enter(gate, state);
	pthread_mutex_lock(&gate->lock);
	releases = gate->releases;
	while (gate->releases == releases && now_ms() < end)
		wait_ms(gate, end - now_ms());
	pthread_mutex_unlock(&gate->lock);
	(void)wye_handshake_reply_header(handshake, "X-Block", (struct wye_text) { "1", 1 });
	return decide(gate, handshake, verdict, delay);
}

static const struct wye_ws_middleware count_step = {
	.size = sizeof count_step, .name = "count", .handshake = step, .closed = closed
};
static const struct wye_ws_middleware defer_step = { .size = sizeof defer_step,
						     .name = "defer",
						     .flags = WYE_DEFERS,
						     .handshake = step,
						     .closed = closed };
static const struct wye_ws_middleware block_step = { .size = sizeof block_step,
						     .name = "block",
						     .flags = WYE_BLOCKING,
						     .handshake = block,
						     .closed = closed };
static const struct wye_ws_middleware *const steps[] = { &count_step, &defer_step, &block_step,
							 NULL };

/* ---- WebSocket handlers ---- */

static int echo(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		const void *data, size_t length)
{
	(void)mount;
	return wye_ws_send(wye_ws_identity(ws), kind, data, length);
}

static int hello(struct wye_ws *ws, const struct wye_mount *mount,
		 const struct wye_handshake *handshake)
{
	struct wye_text chosen = wye_ws_subprotocol(ws);
	struct gate *gate = mount->instance;

	atomic_fetch_add(&gate->opens, 1);
	if (!wye_handshake_query_value(handshake, "hello").data)
		return 0;
	if (!chosen.data)
		chosen = (struct wye_text) { "-", 1 };
	return wye_ws_send(wye_ws_identity(ws), WYE_WS_TEXT, chosen.data, chosen.length);
}

static void bye(struct wye_ws *ws, const struct wye_mount *mount,
		const struct wye_ws_ending *ending)
{
	struct gate *gate = mount->instance;

	(void)ws;
	(void)ending;
	atomic_fetch_add(&gate->closes, 1);
}

static const char *const protocols[] = { "v2.gate", "v1.gate", NULL };

static enum wye_verdict choose(struct wye_handshake *handshake, const struct wye_mount *mount)
{
	struct wye_text value = wye_handshake_query_value(handshake, "pick");
	wye_handshake_ticket ticket;
	char pick[32], result[32];
	int error;

	snprintf(pick, sizeof pick, "%.*s", (int)value.length, value.data ? value.data : "");
	take(mount->instance, handshake, &ticket);
	if (!strcmp(pick, "refuse")) {
		(void)wye_handshake_refuse(handshake, 401, "who are you\n");
		return WYE_ANSWERED;
	}
	if (!strcmp(pick, "lie"))
		return WYE_ANSWERED;
	error = wye_handshake_choose(handshake, pick);
	if (!error && wye_handshake_choose(handshake, pick) != -EALREADY)
		abort();
	error = snprintf(result, sizeof result, "%d", error);
	(void)wye_handshake_reply_header(handshake, "X-Choose",
					 (struct wye_text) { result, (size_t)error });
	return WYE_NEXT;
}

struct timed {
	struct gate *gate;
	struct wye_cancel cancels[3];
};

static void time_is_up(void *argument, enum wye_cancel_cause cause)
{
	struct timed *timed = argument;

	atomic_fetch_add(&timed->gate->connections[cause], 1);
}

static int start_clock(struct wye_ws *ws, const struct wye_mount *mount,
		       const struct wye_handshake *handshake)
{
	struct wye_text value = wye_handshake_query_value(handshake, "ms");
	struct wye_context *context = wye_ws_context(ws);
	struct timed *timed = calloc(1, sizeof *timed);
	unsigned delay = 0;
	char text[16];

	if (!timed)
		return -ENOMEM;
	timed->gate = mount->instance;
	wye_ws_set_data(ws, timed);
	for (int i = 0; i < 3; i++)
		wye_context_on_cancel(context, &timed->cancels[i], time_is_up, timed);
	wye_cancel_stop(&timed->cancels[1]);
	snprintf(text, sizeof text, "%.*s", (int)value.length, value.data ? value.data : "");
	if (sscanf(text, "%u", &delay) == 1)
		return wye_context_set_deadline(context, delay);
	return 0;
}

static void stop_clock(struct wye_ws *ws, const struct wye_mount *mount,
		       const struct wye_ws_ending *ending)
{
	struct timed *timed = wye_ws_data(ws);

	(void)mount;
	(void)ending;
	for (int i = 0; i < 3; i++)
		wye_cancel_stop(&timed->cancels[i]);
	if (wye_context_set_deadline(wye_ws_context(ws), 10)) /* too late for anything */
		abort();
	free(timed);
}

static const struct wye_ws_handler talk_handler = { .size = sizeof talk_handler,
						    .name = "talk",
						    .open = hello,
						    .message = echo,
						    .close = bye,
						    .subprotocols = protocols };
static const struct wye_ws_handler choose_handler = { .size = sizeof choose_handler,
						      .name = "choose",
						      .open = hello,
						      .message = echo,
						      .close = bye,
						      .subprotocols = protocols,
						      .handshake = choose };
static const struct wye_ws_handler timed_handler = { .size = sizeof timed_handler,
						     .name = "timed",
						     .open = start_clock,
						     .message = echo,
						     .close = stop_clock };
static const struct wye_ws_handler *const ws_handlers[] = { &talk_handler, &choose_handler,
							    &timed_handler, NULL };

/* ---- REST ---- */

static int put_causes(char *at, size_t size, const char *name, const atomic_int *causes)
{
	return snprintf(at, size, ", \"%s\": [%d, %d, %d, %d, %d]", name, causes[0], causes[1],
			causes[2], causes[3], causes[4]);
}

static enum wye_verdict counts(struct wye_request *request, const struct wye_mount *mount)
{
	struct gate *gate = mount->instance;
	char text[1024];
	int length;

	pthread_mutex_lock(&gate->lock);
	length = snprintf(
		text, sizeof text,
		"{ \"queued\": %u, \"entered\": %d, \"left\": %d, \"stray\": %d, "
		"\"refused\": %d, \"posted\": %d, \"late\": %d, \"twice\": %d, \"again\": %d, "
		"\"runs\": %d, \"nulls\": %d, \"eperm\": %d, \"ealready\": %d, "
		"\"opens\": %d, \"closes\": %d",
		gate->count, gate->entered, gate->left, gate->stray, gate->refused,
		gate->posted, gate->late, gate->twice, gate->again, gate->runs, gate->nulls,
		gate->eperm, gate->ealready, gate->opens, gate->closes);
	pthread_mutex_unlock(&gate->lock);
	length += put_causes(text + length, sizeof text - (size_t)length, "handshakes",
			     gate->handshakes);
	length += put_causes(text + length, sizeof text - (size_t)length, "connections",
			     gate->connections);
	length += snprintf(text + length, sizeof text - (size_t)length, " }\n");
	wye_reply(request, 200, "application/json", text, (size_t)length);
	return WYE_ANSWERED;
}

static enum wye_verdict release(struct wye_request *request, const struct wye_mount *mount)
{
	struct gate *gate = mount->instance;

	pthread_mutex_lock(&gate->lock);
	gate->releases++;
	for (struct item *item = gate->items; item; item = item->next)
		item->due = 0;
	pthread_cond_broadcast(&gate->change);
	pthread_mutex_unlock(&gate->lock);
	wye_reply(request, 200, "text/plain", "go\n", 3);
	return WYE_ANSWERED;
}

static enum wye_verdict show_trace(struct wye_request *request, const struct wye_mount *mount)
{
	(void)mount;
	pthread_mutex_lock(&trace_lock);
	wye_reply(request, 200, "text/plain", trace_text, strlen(trace_text));
	trace_text[0] = '\0';
	pthread_mutex_unlock(&trace_lock);
	return WYE_ANSWERED;
}

static const struct wye_rest_handler counts_handler = { .size = sizeof counts_handler,
							.name = "counts",
							.handle = counts };
static const struct wye_rest_handler release_handler = { .size = sizeof release_handler,
							 .name = "release",
							 .handle = release };
static const struct wye_rest_handler trace_handler = { .size = sizeof trace_handler,
						       .name = "trace",
						       .handle = show_trace };
static const struct wye_rest_handler *const rest_handlers[] = { &counts_handler,
								&release_handler,
								&trace_handler, NULL };

/* ---- the instance ---- */

static int open_gate(const struct wye_settings *settings, void **instance,
		     struct wye_error *why)
{
	struct gate *gate = calloc(1, sizeof *gate);
	pthread_condattr_t clock;

	(void)why;
	if (!gate)
		return -ENOMEM;
	snprintf(gate->label, sizeof gate->label, "%s", wye_setting_string(settings, "label"));
	pthread_mutex_init(&gate->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&gate->change, &clock);
	pthread_condattr_destroy(&clock);
	*instance = gate;
	return 0;
}

static int start_gate(void *instance, struct wye_error *why)
{
	struct gate *gate = instance;

	(void)why;
	for (int i = 0; i < WORKERS; i++)
		if (pthread_create(&gate->workers[i], NULL, work, gate))
			abort();
	return 0;
}

static void stop_gate(void *instance)
{
	struct gate *gate = instance;

	pthread_mutex_lock(&gate->lock);
	gate->stop = true;
	pthread_cond_broadcast(&gate->change);
	pthread_mutex_unlock(&gate->lock);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(gate->workers[i], NULL);
}

/* What must be so at the end whatever happened: else the test's exit status is wrong. */
static void close_gate(void *instance)
{
	struct gate *gate = instance;

	if (gate->entered != gate->left || gate->stray || gate->again ||
	    gate->opens != gate->closes) {
		fprintf(stderr, "gate %s: %d entered, %d left, %d stray, %d again\n",
			gate->label, gate->entered, gate->left, gate->stray, gate->again);
		abort();
	}
	fprintf(stderr, "gate %s: connections %d %d %d %d %d\n", gate->label,
		gate->connections[0], gate->connections[1], gate->connections[2],
		gate->connections[3], gate->connections[4]);
	while (gate->items) {
		struct item *item = gate->items;

		gate->items = item->next;
		free(item);
	}
	pthread_mutex_destroy(&gate->lock);
	pthread_cond_destroy(&gate->change);
	free(gate);
}

static const struct wye_setting settings[] = {
	{ .name = "label", .type = WYE_SETTING_STRING, .flags = WYE_SETTING_REQUIRED },
	{ .name = NULL },
};

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "gate",
	.sentence = "for tests",
	.settings = settings,
	.open = open_gate,
	.close = close_gate,
	.start = start_gate,
	.stop = stop_gate,
	.rest_handlers = rest_handlers,
	.ws_handlers = ws_handlers,
	.ws_middleware = steps,
};
