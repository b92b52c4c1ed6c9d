/* SPDX-License-Identifier: MIT
 *
 * hammer.c - a plugin for the tests: eight threads that send to, close, broadcast to and visit
 * connections which come and go. Handlers:
 *   hammer   WebSocket: on routes "/counted..." a connection gets only messages sent to it
 * alone, "s THREAD NUMBER", which count from 0 for each thread; on others all the rest, too go
 * REST: lets the threads loose for "?ms=" settle   REST: counts; "unsettled" are open
 * connections that did not get all that was accepted What was accepted for a connection has
 * been written or dropped, or ended with it: checked at each close, and exactly for those that
 * are open when all is quiet.
 */
#include <errno.h>
#include <time.h>

#include "orders.h"

enum { THREADS = 8, CONNECTIONS = 32768, GROUPS = 10 };

struct connection {
	wye_ws_id id;
	atomic_int holders;
	bool counted;
	int place;            /* in the list */
	int next[THREADS];    /* number of the next message; each thread's own */
	atomic_long accepted; /* counted before each send, and taken back if it was refused */
};

struct hammer {
	pthread_mutex_t lock;
	int count;
	struct connection *list[CONNECTIONS];
	atomic_int running, opens, closes, posts, rooms, visits, tours;
	atomic_long accepted, written, dropped, lost, refused, published;
	atomic_int overdrawn;
};

struct nail {
	struct hammer *hammer;
	int number;
	unsigned seed;
	long published;
	long end;    /* milliseconds */
	long breath; /* microseconds between blows */
};

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void let_go(struct connection *connection)
{
	if (atomic_fetch_sub(&connection->holders, 1) == 1)
		free(connection);
}

static struct connection *pick(struct hammer *hammer, unsigned *seed)
{
	struct connection *connection = NULL;

	pthread_mutex_lock(&hammer->lock);
	if (hammer->count) {
		connection =
			hammer->list[(int)((unsigned)rand_r(seed) % (unsigned)hammer->count)];
		atomic_fetch_add(&connection->holders, 1);
	}
	pthread_mutex_unlock(&hammer->lock);
	return connection;
}

/* ---- blows ---- */

static void send_to(struct nail *nail, struct connection *connection)
{
	char text[3000];
	int length = snprintf(text, sizeof text, "s %d %d ", nail->number,
			      connection->next[nail->number]),
	    size = rand_r(&nail->seed) % 8 ? 60 : (int)sizeof text, verdict;

	memset(text + length, '.', sizeof text - (size_t)length);
	atomic_fetch_add(&connection->accepted, 1);
	if (nail->number % 2)
		verdict = wye_ws_send(connection->id, WYE_WS_TEXT, text, (size_t)size);
	else
		verdict = wye_ws_send_keyed(connection->id, (uint64_t)nail->number, WYE_WS_TEXT,
					    text, (size_t)size);
	if (verdict >= 0) {
		connection->next[nail->number]++;
		return;
	}
	atomic_fetch_sub(&connection->accepted, 1);
	atomic_fetch_add(&nail->hammer->refused, 1);
}

static void publish(struct nail *nail, const char *kind)
{
	struct wye_text all = { "/group", 6 };
	char text[64], name[16];
	int length =
		snprintf(text, sizeof text, "%s %d %ld", kind, nail->number, nail->published++);

	atomic_fetch_add(&nail->hammer->published, 1);
	snprintf(name, sizeof name, "g%d", rand_r(&nail->seed) % GROUPS);
	if (kind[0] == 'p')
		(void)!wye_group_publish((struct wye_text) { name, strlen(name) }, WYE_WS_TEXT,
					 text, (size_t)length);
	else if (kind[0] == 'a')
		(void)!wye_ws_send_all(all, WYE_WS_TEXT, text, (size_t)length);
	else
		(void)!wye_ws_send_user((struct wye_text) { name, strlen(name) }, WYE_WS_TEXT,
					text, (size_t)length);
}

static void change_group(struct nail *nail, struct connection *connection)
{
	char name[16];

	snprintf(name, sizeof name, "g%d", rand_r(&nail->seed) % GROUPS);
	if (rand_r(&nail->seed) % 3)
		(void)!wye_group_join(connection->id, (struct wye_text) { name, strlen(name) });
	else
		(void)wye_group_leave(connection->id, (struct wye_text) { name, strlen(name) });
}

static void posted(struct wye_ws *ws, void *argument)
{
	struct hammer *hammer = argument;

	atomic_fetch_sub(&hammer->posts, 1);
	if (ws && wye_ws_room(ws) > wye_ws_capacity(ws))
		abort();
}

static void has_room(void *argument, int status)
{
	struct hammer *hammer = argument;

	(void)status;
	atomic_fetch_sub(&hammer->rooms, 1);
}

static void visit(struct wye_ws *ws, void *argument)
{
	struct hammer *hammer = argument;

	(void)ws;
	atomic_fetch_add(&hammer->visits, 1);
}

static void toured(void *argument)
{
	struct hammer *hammer = argument;

	if (!wye_loop_current())
		abort();
	atomic_fetch_sub(&hammer->tours, 1);
}

/* What is given is counted first, as it may be called before the call returns. */
static void give(atomic_int *count, int error)
{
	if (error)
		atomic_fetch_sub(count, 1);
}

static void ask(struct hammer *hammer, struct connection *connection, int what)
{
	if (what < 8) {
		atomic_fetch_add(&hammer->posts, 1);
		give(&hammer->posts, wye_ws_post(connection->id, posted, hammer));
	} else if (what < 11) {
		atomic_fetch_add(&hammer->rooms, 1);
		give(&hammer->rooms, wye_ws_when_room(connection->id, has_room, hammer));
	} else if (what < 12) {
		atomic_fetch_add(&hammer->tours, 1);
		give(&hammer->tours,
		     wye_group_each((struct wye_text) { "g0", 2 }, visit, toured, hammer));
	}
}

static void strike(struct nail *nail, struct connection *connection)
{
	int what = rand_r(&nail->seed) % 100;

	if (what < 12)
		ask(nail->hammer, connection, what);
	else if (what == 12 && rand_r(&nail->seed) % 10 == 0)
		(void)wye_ws_close(connection->id, 4000, "struck");
	else if (connection->counted || what < 65)
		send_to(nail, connection);
	else if (what < 93)
		change_group(nail, connection);
	else
		publish(nail, what < 97 ? "p" : what < 99 ? "u" : "a");
}

static void *hit(void *argument)
{
	struct nail *nail = argument;
	const struct timespec breath = { 0, nail->breath * 1000 };

	while (now_ms() < nail->end) {
		struct connection *connection = pick(nail->hammer, &nail->seed);

		for (int i = rand_r(&nail->seed) % 20; connection && i >= 0; i--)
			strike(nail, connection);
		if (connection)
			let_go(connection);
		nanosleep(&breath, NULL);
	}
	atomic_fetch_sub(&nail->hammer->running, 1);
	free(nail);
	return NULL;
}

/* ---- REST ---- */

static enum wye_verdict go(struct wye_request *request, const struct wye_mount *mount)
{
	struct hammer *hammer = mount->instance;
	struct wye_text body = wye_request_body(request);
	struct order order;

	order_read(&order, body.data, body.length);
	for (int i = 0; i < THREADS; i++) {
		struct nail *nail = calloc(1, sizeof *nail);
		pthread_t thread;

		if (!nail)
			abort();
		*nail = (struct nail) { .hammer = hammer,
					.number = i,
					.seed = (unsigned)i + 1,
					.end = now_ms() + order_number(&order, "ms", 0),
					.breath = order_number(&order, "breath", 200) };
		atomic_fetch_add(&hammer->running, 1);
		if (pthread_create(&thread, NULL, hit, nail))
			abort();
		pthread_detach(thread);
	}
	wye_reply(request, 200, "text/plain", "go\n", 3);
	return WYE_ANSWERED;
}

struct settling {
	struct latch latch;
	atomic_int unsettled;
};

static void look(struct wye_ws *ws, void *argument)
{
	const struct connection *connection = wye_ws_data(ws);
	struct wye_ws_info info = { .size = sizeof info };
	struct settling *settling = argument;

	if (!connection || !connection->counted)
		return;
	wye_ws_describe(ws, &info);
	if ((long)(info.messages_out + info.messages_dropped) != connection->accepted)
		atomic_fetch_add(&settling->unsettled, 1);
}

static void looked(void *argument)
{
	latch_open(&((struct settling *)argument)->latch);
}

static enum wye_verdict settle(struct wye_request *request, const struct wye_mount *mount)
{
	struct hammer *hammer = mount->instance;
	struct settling settling = { .unsettled = 0 };
	char text[512];
	int size;

	latch_init(&settling.latch);
	if (wye_ws_each(look, looked, &settling))
		abort();
	latch_wait(&settling.latch);
	size = snprintf(text, sizeof text,
			"{\"running\": %d, \"unsettled\": %d, \"opens\": %d, \"closes\": %d, "
			"\"posts\": %d, \"rooms\": %d, \"tours\": %d, \"visits\": %d, "
			"\"accepted\": %ld, \"written\": %ld, \"dropped\": %ld, \"lost\": %ld, "
			"\"refused\": %ld, \"published\": %ld, \"overdrawn\": %d}",
			hammer->running, settling.unsettled, hammer->opens, hammer->closes,
			hammer->posts, hammer->rooms, hammer->tours, hammer->visits,
			hammer->accepted, hammer->written, hammer->dropped, hammer->lost,
			hammer->refused, hammer->published, hammer->overdrawn);
	wye_reply(request, 200, "application/json", text, (size_t)size);
	return WYE_ANSWERED;
}

/* ---- connections ---- */

static int open_connection(struct wye_ws *ws, const struct wye_mount *mount,
			   const struct wye_handshake *handshake)
{
	struct hammer *hammer = mount->instance;
	struct connection *connection = calloc(1, sizeof *connection);
	struct wye_text route = wye_ws_route(ws);

	(void)handshake;
	if (!connection)
		return -ENOMEM;
	connection->id = wye_ws_identity(ws);
	connection->counted = route.length > 8 && !memcmp(route.data, "/counted", 8);
	atomic_init(&connection->holders, 1);
	wye_ws_set_data(ws, connection);
	atomic_fetch_add(&hammer->opens, 1);
	pthread_mutex_lock(&hammer->lock);
	if (hammer->count == CONNECTIONS)
		abort();
	connection->place = hammer->count;
	hammer->list[hammer->count++] = connection;
	pthread_mutex_unlock(&hammer->lock);
	return 0;
}

static int message(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		   const void *data, size_t length)
{
	(void)ws;
	(void)mount;
	(void)kind;
	(void)data;
	(void)length;
	return 0;
}

static void close_connection(struct wye_ws *ws, const struct wye_mount *mount,
			     const struct wye_ws_ending *ending)
{
	struct hammer *hammer = mount->instance;
	struct connection *connection = wye_ws_data(ws);
	struct wye_ws_info info = { .size = sizeof info };
	long accepted, lost;

	pthread_mutex_lock(&hammer->lock);
	hammer->list[connection->place] = hammer->list[--hammer->count];
	hammer->list[connection->place]->place = connection->place;
	pthread_mutex_unlock(&hammer->lock);
	wye_ws_describe(ws, &info);
	accepted = connection->accepted; /* once: a sender may be about to take one back */
	lost = accepted - (long)ending->messages_out - (long)info.messages_dropped;
	if (connection->counted) {
		atomic_fetch_add(&hammer->accepted, accepted);
		atomic_fetch_add(&hammer->written, (long)ending->messages_out);
		atomic_fetch_add(&hammer->dropped, (long)info.messages_dropped);
		atomic_fetch_add(&hammer->lost, lost);
	}
	if (connection->counted && lost < 0)
		atomic_fetch_add(&hammer->overdrawn, 1);
	atomic_fetch_add(&hammer->closes, 1);
	let_go(connection);
}

/* ---- the plugin ---- */

static enum wye_verdict set_user(struct wye_handshake *handshake, void *instance, void **state)
{
	static atomic_int next;
	char name[16];

	(void)instance;
	(void)state;
	snprintf(name, sizeof name, "g%d", atomic_fetch_add(&next, 1) % GROUPS);
	if (wye_handshake_path(handshake).data[1] == 'g' &&
	    wye_handshake_set_user(handshake, (struct wye_text) { name, strlen(name) }))
		abort();
	return WYE_NEXT;
}

static int open_hammer(const struct wye_settings *settings, void **instance,
		       struct wye_error *why)
{
	struct hammer *hammer = calloc(1, sizeof *hammer);

	(void)settings;
	(void)why;
	if (!hammer)
		return -ENOMEM;
	pthread_mutex_init(&hammer->lock, NULL);
	*instance = hammer;
	return 0;
}

/* What must be so at the end whatever happened: else the test's exit status is wrong. */
static void close_hammer(void *instance)
{
	struct hammer *hammer = instance;

	if (hammer->opens != hammer->closes || hammer->posts || hammer->rooms ||
	    hammer->tours || hammer->overdrawn || hammer->count)
		abort();
	pthread_mutex_destroy(&hammer->lock);
	free(hammer);
}

static const char *const methods[] = { "POST", NULL };
static const struct wye_rest_handler go_handler = {
	.size = sizeof go_handler, .name = "go", .methods = methods, .handle = go
};
static const struct wye_rest_handler settle_handler = {
	.size = sizeof settle_handler, .name = "settle", .flags = WYE_BLOCKING, .handle = settle
};
static const struct wye_rest_handler *const rest_handlers[] = { &go_handler, &settle_handler,
								NULL };
static const struct wye_ws_handler hammer_handler = { .size = sizeof hammer_handler,
						      .name = "hammer",
						      .open = open_connection,
						      .message = message,
						      .close = close_connection };
static const struct wye_ws_handler *const ws_handlers[] = { &hammer_handler, NULL };
static const struct wye_ws_middleware user_step = { .size = sizeof user_step,
						    .name = "user",
						    .handshake = set_user };
static const struct wye_ws_middleware *const steps[] = { &user_step, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "hammer",
	.sentence = "for tests",
	.open = open_hammer,
	.close = close_hammer,
	.rest_handlers = rest_handlers,
	.ws_handlers = ws_handlers,
	.ws_middleware = steps,
};
