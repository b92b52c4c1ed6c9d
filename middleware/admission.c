/* SPDX-License-Identifier: MIT
 *
 * admission.c - how many WebSocket connections there may be, in all, per address and per user,
 * and how fast new ones come in, with the meaning of nginx's limit_req (wye/limit.h). A
 * handshake that has to wait its turn waits on its stream loop, with its socket and a timer;
 * one that is too much gets 503, with a Retry-After that is spread at random.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <wye/plugin.h>

#include "limiter.h"

/* ---- settings ---- */

static const struct wye_setting settings[] = {
	{ .name = "connections",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "0",
	  .maximum = 1e7,
	  .unit = "connections",
	  .sentence = "in all, those that wait included; 0: no limit" },
	{ .name = "per_address",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "0",
	  .maximum = 1e7,
	  .unit = "connections",
	  .sentence = "of one client address; 0: no limit" },
	{ .name = "per_user",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "0",
	  .maximum = 1e7,
	  .unit = "connections",
	  .sentence = "of one user, as a step before has named it; 0: no limit" },
	{ .name = "rate",
	  .type = WYE_SETTING_NUMBER,
	  .fallback = "200",
	  .minimum = 0.001,
	  .maximum = 1e6,
	  .unit = "handshakes",
	  .sentence = "that are let in per second, or minute" },
	LIMITER_PER,
	LIMITER_BURST("handshakes", "1000"),
	{ .name = "delay",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "100",
	  .maximum = 1e6,
	  .unit = "handshakes",
	  .sentence = "above the rate that are let in at once; further ones wait their turn" },
	{ .name = "retry_after",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "30",
	  .minimum = 1,
	  .maximum = 86400,
	  .unit = "seconds",
	  .sentence = "over which those refused are told to come back, each at random" },
	LIMITER_PREFIX,
	{ .name = NULL },
};

enum reason {
	RATE,
	CONNECTIONS,
	ADDRESS,
	USER,
	REASONS,
};

static const struct {
	const char *metric, *body;
} reasons[REASONS] = {
	[RATE] = { "admission_refused_rate_total", "too many handshakes\n" },
	[CONNECTIONS] = { "admission_refused_connections_total", "too many connections\n" },
	[ADDRESS] = { "admission_refused_address_total",
		      "too many connections from this address\n" },
	[USER] = { "admission_refused_user_total", "too many connections of this user\n" },
};

struct admission {
	unsigned most; /* UINT_MAX: no limit */
	atomic_uint inside;
	struct wye_places *addresses, *users; /* NULL: no limit */
	unsigned prefix, retry_after;
	struct wye_bucket_limits limits;
	pthread_mutex_t lock; /* of the bucket */
	struct wye_bucket bucket;
	wye_metric passed, delayed, waiting, refused[REASONS];
};

static void close_admission(void *instance)
{
	struct admission *admission = instance;

	wye_places_destroy(admission->addresses);
	wye_places_destroy(admission->users);
	pthread_mutex_destroy(&admission->lock);
	free(admission);
}

static void register_metrics(struct admission *admission)
{
	admission->passed = wye_metric_register("admission_passed_total", WYE_COUNTER);
	admission->delayed = wye_metric_register("admission_delayed_total", WYE_COUNTER);
	admission->waiting = wye_metric_register("admission_waiting", WYE_GAUGE);
	for (unsigned i = 0; i < REASONS; i++)
		admission->refused[i] = wye_metric_register(reasons[i].metric, WYE_COUNTER);
}

static int make_places(struct wye_places **out, int64_t most)
{
	return most ? wye_places_create(out, (unsigned)most) : 0;
}

static int read_settings(struct admission *admission, const struct wye_settings *values,
			 struct wye_error *why)
{
	int64_t most = wye_setting_integer(values, "connections");
	int error = limiter_read(&admission->limits, values, why);

	admission->most = most ? (unsigned)most : UINT_MAX;
	admission->prefix = (unsigned)wye_setting_integer(values, "ipv6_prefix");
	admission->retry_after = (unsigned)wye_setting_integer(values, "retry_after");
	if (!error)
		error = make_places(&admission->addresses,
				    wye_setting_integer(values, "per_address"));
	if (!error)
		error = make_places(&admission->users, wye_setting_integer(values, "per_user"));
	return error;
}

static int open_admission(const struct wye_settings *values, void **instance,
			  struct wye_error *why)
{
	struct admission *admission = calloc(1, sizeof *admission);
	int error;

	if (!admission)
		return -ENOMEM;
	pthread_mutex_init(&admission->lock, NULL);
	register_metrics(admission);
	error = read_settings(admission, values, why);
	if (error)
		close_admission(admission);
	else
		*instance = admission;
	return error;
}

/* ---- guests: handshakes and connections that hold places ---- */

struct guest {
	bool inside;
	struct wye_place *address, *user;
	struct turn *turn; /* NULL: it does not wait */
};

/* Its turn to come. */
struct turn {
	struct wye_timer timer;
	wye_handshake_ticket ticket;
	struct wye_loop *loop;
	const struct admission *admission;
	struct guest *guest;
};

static void end_turn(struct turn *turn)
{
	wye_timer_stop(turn->loop, &turn->timer);
	wye_metric_add(turn->admission->waiting, -1);
	turn->guest->turn = NULL;
	free(turn);
}

static void its_turn(void *argument)
{
	struct turn *turn = argument;
	wye_handshake_ticket ticket = turn->ticket;

	end_turn(turn);
	(void)!wye_handshake_ticket_pass(ticket); /* else it has ended */
}

static bool begin_turn(const struct admission *admission, struct guest *guest,
		       struct wye_handshake *handshake, uint64_t wait)
{
	struct turn *turn = calloc(1, sizeof *turn);

	if (!turn)
		return false;
	if (wye_handshake_ticket_take(handshake, &turn->ticket)) {
		free(turn);
		return false;
	}
	turn->loop = wye_loop_current();
	turn->admission = admission;
	turn->guest = guest;
	guest->turn = turn;
	wye_timer_init(&turn->timer, its_turn, turn);
	wye_timer_start(turn->loop, &turn->timer, wait);
	wye_metric_add(admission->waiting, 1);
	return true;
}

static bool enter_places(struct wye_places *places, struct wye_text key, struct wye_place **out)
{
	return !places || !key.length || !wye_places_enter(places, key, out);
}

/* Returns what it was refused for; REASONS: nothing. */
static enum reason enter(struct admission *admission, struct guest *guest,
			 const struct wye_handshake *handshake)
{
	uint8_t room[LIMITER_KEY];
	struct wye_text address =
		limiter_address(wye_handshake_client(handshake), admission->prefix, room);

	guest->inside = true;
	if (atomic_fetch_add(&admission->inside, 1) >= admission->most)
		return CONNECTIONS;
	if (!enter_places(admission->addresses, address, &guest->address))
		return ADDRESS;
	if (!enter_places(admission->users, wye_handshake_user(handshake), &guest->user))
		return USER;
	return REASONS;
}

static void leave(struct admission *admission, struct guest *guest)
{
	if (guest->turn)
		end_turn(guest->turn);
	if (guest->user)
		wye_places_leave(admission->users, guest->user);
	if (guest->address)
		wye_places_leave(admission->addresses, guest->address);
	if (guest->inside)
		atomic_fetch_sub(&admission->inside, 1);
	*guest = (struct guest) { .inside = false };
}

/* ---- steps ---- */

static struct wye_bucket_answer take(struct admission *admission)
{
	uint64_t now = wye_loop_now(wye_loop_current());
	struct wye_bucket_answer answer;

	pthread_mutex_lock(&admission->lock);
	answer = wye_bucket_take(&admission->limits, &admission->bucket, now);
	pthread_mutex_unlock(&admission->lock);
	return answer;
}

/* Its places are free at once: others need not wait until the answer has left. */
static enum wye_verdict refuse(struct admission *admission, struct guest *guest,
			       struct wye_handshake *handshake, enum reason reason)
{
	char seconds[16];
	int length = snprintf(seconds, sizeof seconds, "%u",
			      1 + arc4random_uniform(admission->retry_after));

	leave(admission, guest);
	(void)wye_handshake_reply_header(handshake, "Retry-After",
					 (struct wye_text) { seconds, (size_t)length });
	wye_handshake_refuse(handshake, 503, reasons[reason].body);
	wye_metric_add(admission->refused[reason], 1);
	return WYE_ANSWERED;
}

static enum wye_verdict admit(struct admission *admission, struct guest *guest,
			      struct wye_handshake *handshake)
{
	enum reason reason = enter(admission, guest, handshake);
	struct wye_bucket_answer answer;

	if (reason != REASONS)
		return refuse(admission, guest, handshake, reason);
	answer = take(admission);
	if (answer.verdict == WYE_BUCKET_PASSES) {
		wye_metric_add(admission->passed, 1);
		return WYE_NEXT;
	}
	if (answer.verdict == WYE_BUCKET_REFUSES ||
	    !begin_turn(admission, guest, handshake, answer.wait))
		return refuse(admission, guest, handshake, RATE);
	wye_metric_add(admission->delayed, 1);
	return WYE_DEFERRED;
}

static enum wye_verdict on_handshake(struct wye_handshake *handshake, void *instance,
				     void **state)
{
	*state = calloc(1, sizeof(struct guest));
	if (*state)
		return admit(instance, *state, handshake);
	wye_handshake_refuse(handshake, 503, "out of memory\n");
	return WYE_ANSWERED;
}

static void on_closed(const struct wye_handshake *handshake, const struct wye_ws_ending *ending,
		      void *instance, void *state)
{
	(void)handshake;
	(void)ending;
	if (state)
		leave(instance, state);
	free(state);
}

static const struct wye_ws_middleware ws = { .size = sizeof ws,
					     .name = "admission",
					     .flags = WYE_DEFERS,
					     .handshake = on_handshake,
					     .closed = on_closed };
static const struct wye_ws_middleware *const ws_list[] = { &ws, NULL };

extern const struct wye_plugin wye_builtin_admission;

const struct wye_plugin wye_builtin_admission = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_admission,
	.name = "admission",
	.sentence = "limits WebSocket connections, and how fast new ones come in",
	.settings = settings,
	.open = open_admission,
	.close = close_admission,
	.ws_middleware = ws_list,
};
