/* SPDX-License-Identifier: MIT
 *
 * basic.c - user and password (RFC 7617) against a password file. The slow hash runs on threads
 * of its own, while the request waits with a ticket; what was right is remembered for a short
 * time, so that the next request passes at once.
 */
#include <crypt.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <openssl/crypto.h>

#include <wye/plugin.h>

#include "challenge.h"
#include "credentials.h"
#include "passwords.h"
#include "remembered.h"
#include "work-queue.h"

static const struct wye_setting settings[] = {
	{ .name = "file",
	  .type = WYE_SETTING_STRING,
	  .flags = WYE_SETTING_REQUIRED,
	  .sentence =
		  "with \"USER:HASH\" lines (bcrypt, SHA-512, yescrypt); read again when it "
		  "changes" },
	{ .name = "realm",
	  .type = WYE_SETTING_STRING,
	  .fallback = "restricted",
	  .sentence = "that a browser shows when it asks" },
	{ .name = "remember",
	  .type = WYE_SETTING_NUMBER,
	  .fallback = "60",
	  .maximum = 3600,
	  .unit = "seconds",
	  .sentence = "in which a pair that was right is not hashed again; 0: never" },
	{ .name = "max_remembered",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "4096",
	  .minimum = 1,
	  .maximum = 1000000,
	  .unit = "pairs",
	  .sentence = "beyond it those go that would end first" },
	{ .name = "hash_threads",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "2",
	  .minimum = 1,
	  .maximum = 64,
	  .sentence = "that hash at the same time" },
	{ .name = "max_waiting",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "64",
	  .minimum = 1,
	  .maximum = 100000,
	  .unit = "requests",
	  .sentence = "that wait for one of them; beyond it 503" },
	{ .name = NULL },
};

static const char REFUSAL[] = "user and password are needed\n";
static const char BUSY[] = "too many passwords to check\n";

enum {
	KEY_SIZE = 32,
};

struct guard {
	const struct wye_settings *settings;
	const char *file;
	char *challenge;
	uint8_t key[KEY_SIZE]; /* of the digests of pairs; drawn at the start */
	uint64_t remember;     /* milliseconds */
	struct remembered *remembered;
	struct work_queue *queue;
	struct wye_file_watch watch;
	pthread_mutex_t lock; /* of the table, on threads that are no loops */
	struct passwords *passwords;
	atomic_uint generation; /* of the table */
	wye_metric hashes, refused, busy, waiting, reloads;
};

enum outcome {
	WRONG,
	RIGHT,
	TOO_MANY,
};

/* A request that waits. */
struct check {
	struct work work; /* first */
	struct guard *guard;
	wye_ticket ticket;
	enum outcome outcome;
	uint8_t digest[DIGEST_SIZE];
	struct credentials credentials;
};

/* ---- verdicts, on the request's thread ---- */

static enum wye_verdict refuse(struct wye_request *request, const struct guard *guard)
{
	struct wye_text challenge = { guard->challenge, strlen(guard->challenge) };

	wye_metric_add(guard->refused, 1);
	wye_reply_header(request, "WWW-Authenticate", challenge);
	wye_reply_static(request, 401, "text/plain", REFUSAL, sizeof REFUSAL - 1);
	return WYE_ANSWERED;
}

static enum wye_verdict come_later(struct wye_request *request, const struct guard *guard)
{
	wye_metric_add(guard->busy, 1);
	wye_reply_header(request, "Retry-After", (struct wye_text) { "1", 1 });
	wye_reply_static(request, 503, "text/plain", BUSY, sizeof BUSY - 1);
	return WYE_ANSWERED;
}

static enum wye_verdict pass(struct wye_request *request, const struct credentials *credentials)
{
	struct wye_text user = { credentials_user(credentials), credentials->user_length };

	if (!wye_request_set_user(request, user))
		return WYE_NEXT;
	wye_reply(request, 500, NULL, NULL, 0);
	return WYE_ANSWERED;
}

static void free_check(struct check *check)
{
	OPENSSL_cleanse(&check->credentials, sizeof check->credentials);
	free(check);
}

static enum wye_verdict conclude(struct wye_request *request, void *argument)
{
	struct check *check = argument;
	enum wye_verdict verdict = WYE_ANSWERED;

	if (request && check->outcome == RIGHT)
		verdict = pass(request, &check->credentials);
	else if (request && check->outcome == WRONG)
		verdict = refuse(request, check->guard);
	else if (request)
		verdict = come_later(request, check->guard);
	free_check(check);
	return verdict;
}

static void finish(struct check *check)
{
	if (wye_ticket_run(check->ticket, conclude, check))
		free_check(check);
}

/* ---- hashing, on threads of its own ---- */

static uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool same_hash(const char *a, const char *b)
{
	size_t length = strlen(b);

	return a && strlen(a) == length && !CRYPTO_memcmp(a, b, length);
}

static bool matches(const char *password, const char *hash)
{
	struct crypt_data *data = calloc(1, sizeof *data);
	bool same = data && same_hash(crypt_r(password, hash, data), hash);

	if (data)
		OPENSSL_cleanse(data, sizeof *data);
	free(data);
	return same;
}

/* Copies the hash, so that the table may change meanwhile. */
static bool look_up(struct guard *guard, const char *user, char hash[PASSWORDS_HASH_MAX + 1],
		    unsigned *generation)
{
	bool known;

	pthread_mutex_lock(&guard->lock);
	strcpy(hash, passwords_find(guard->passwords, user, &known));
	*generation = atomic_load(&guard->generation);
	pthread_mutex_unlock(&guard->lock);
	return known;
}

static enum outcome hash(struct check *check)
{
	struct guard *guard = check->guard;
	char expected[PASSWORDS_HASH_MAX + 1];
	unsigned generation;
	bool known =
		look_up(guard, credentials_user(&check->credentials), expected, &generation);

	if (remembered_holds(guard->remembered, check->digest, milliseconds(), generation))
		return RIGHT; /* the same pair was before it in the queue */
	wye_metric_add(guard->hashes, 1);
	if (!matches(credentials_password(&check->credentials), expected) || !known)
		return WRONG;
	remembered_add(guard->remembered, check->digest, milliseconds() + guard->remember,
		       generation);
	return RIGHT;
}

static void run_check(struct work *work)
{
	struct check *check = (struct check *)work;

	wye_metric_add(check->guard->waiting, -1);
	if (wye_ticket_open(check->ticket)) /* else the client has gone */
		check->outcome = hash(check);
	finish(check);
}

/* The program ends: so does the request, by itself. */
static void drop_check(struct work *work)
{
	struct check *check = (struct check *)work;

	wye_metric_add(check->guard->waiting, -1);
	free_check(check);
}

/* ---- a request ---- */

static enum wye_verdict wait_for_hash(struct wye_request *request, struct guard *guard,
				      const struct credentials *credentials,
				      const uint8_t digest[DIGEST_SIZE])
{
	struct check *check = malloc(sizeof *check);

	if (!check)
		return come_later(request, guard);
	*check = (struct check) { .guard = guard, .credentials = *credentials };
	memcpy(check->digest, digest, DIGEST_SIZE);
	if (wye_ticket_take(request, &check->ticket)) {
		free_check(check);
		return come_later(request, guard);
	}
	wye_metric_add(guard->waiting, 1);
	if (work_queue_put(guard->queue, &check->work)) {
		wye_metric_add(guard->waiting, -1);
		check->outcome = TOO_MANY;
		finish(check);
	}
	return WYE_DEFERRED;
}

static enum wye_verdict check_pair(struct wye_request *request, struct guard *guard,
				   const struct credentials *credentials)
{
	const struct wye_text pieces[] = { { (const char *)guard->key, KEY_SIZE },
					   { credentials->bytes, credentials->length } };
	uint8_t digest[DIGEST_SIZE];

	if (!digest_of(pieces, 2, digest))
		return come_later(request, guard);
	if (remembered_holds(guard->remembered, digest, wye_loop_now(wye_loop_current()),
			     atomic_load_explicit(&guard->generation, memory_order_acquire)))
		return pass(request, credentials);
	return wait_for_hash(request, guard, credentials, digest);
}

static enum wye_verdict on_request(struct wye_request *request, void *instance, void **state)
{
	struct wye_text field = wye_request_header(request, "Authorization");
	struct credentials credentials;
	enum wye_verdict verdict;

	(void)state;
	if (!field.data || !credentials_read(field, &credentials))
		return refuse(request, instance);
	verdict = check_pair(request, instance, &credentials);
	OPENSSL_cleanse(&credentials, credentials.length);
	return verdict;
}

/* ---- an instance ---- */

/* On the watch's thread. A file that is wrong leaves all as it is. */
static void reload(void *argument)
{
	struct guard *guard = argument;
	struct wye_error why = { "out of memory" };
	struct passwords *passwords, *former;

	if (passwords_read(&passwords, guard->file, &why)) {
		wye_log(WYE_LOG_ERROR, "basic keeps the passwords it has: %s", why.text);
		return;
	}
	wye_log(WYE_LOG_NOTICE, "basic has read %s: %zu users", guard->file,
		passwords_count(passwords));
	pthread_mutex_lock(&guard->lock);
	former = guard->passwords;
	guard->passwords = passwords;
	atomic_fetch_add(&guard->generation, 1);
	pthread_mutex_unlock(&guard->lock);
	passwords_destroy(former);
	wye_metric_add(guard->reloads, 1);
}

static void close_guard(void *instance)
{
	struct guard *guard = instance;

	work_queue_destroy(guard->queue);
	passwords_destroy(guard->passwords);
	remembered_destroy(guard->remembered);
	pthread_mutex_destroy(&guard->lock);
	free(guard->challenge);
	OPENSSL_cleanse(guard->key, sizeof guard->key);
	free(guard);
}

static int read_table(struct guard *guard, struct wye_error *why)
{
	struct wye_error reason;
	int error;

	wye_file_watch_init(&guard->watch, guard->file);
	error = passwords_read(&guard->passwords, guard->file, &reason);
	if (error && error != -ENOMEM)
		wye_setting_error(guard->settings, "file", why, "%s", reason.text);
	return error;
}

static int fill(struct guard *guard, struct wye_error *why)
{
	size_t limit = (size_t)wye_setting_integer(guard->settings, "max_remembered");
	int error = read_table(guard, why);

	if (!error)
		error = challenge_make(&guard->challenge, "Basic", ", charset=\"UTF-8\"",
				       guard->settings, why);
	if (!error && getrandom(guard->key, sizeof guard->key, 0) != sizeof guard->key)
		error = -EIO;
	guard->remembered = remembered_create(guard->remember ? limit : 0);
	return error || guard->remembered ? error : -ENOMEM;
}

static void register_metrics(struct guard *guard)
{
	guard->hashes = wye_metric_register("basic_hashes_total", WYE_COUNTER);
	guard->refused = wye_metric_register("basic_refused_total", WYE_COUNTER);
	guard->busy = wye_metric_register("basic_busy_total", WYE_COUNTER);
	guard->waiting = wye_metric_register("basic_waiting", WYE_GAUGE);
	guard->reloads = wye_metric_register("basic_reloads_total", WYE_COUNTER);
}

static int open_guard(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	struct guard *guard = calloc(1, sizeof *guard);
	int error;

	if (!guard)
		return -ENOMEM;
	guard->settings = values;
	guard->file = wye_setting_string(values, "file");
	guard->remember = (uint64_t)(wye_setting_number(values, "remember") * 1000);
	pthread_mutex_init(&guard->lock, NULL);
	register_metrics(guard);
	error = fill(guard, why);
	if (error)
		close_guard(guard);
	else
		*instance = guard;
	return error;
}

static void stop_guard(void *instance)
{
	struct guard *guard = instance;

	wye_file_watch_stop(&guard->watch);
	work_queue_stop(guard->queue); /* loops still put into it */
}

static int start_guard(void *instance, struct wye_error *why)
{
	struct guard *guard = instance;
	unsigned threads = (unsigned)wye_setting_integer(guard->settings, "hash_threads");
	unsigned limit = (unsigned)wye_setting_integer(guard->settings, "max_waiting");
	int error = work_queue_create(&guard->queue, threads, limit, "basic-hash", run_check,
				      drop_check);

	if (!error)
		error = wye_file_watch_start(&guard->watch, reload, guard);
	if (error) {
		wye_error_set(why, "can't start a thread: %s", strerror(-error));
		stop_guard(guard);
	}
	return error;
}

static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "basic",
						 .request = on_request };
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };

extern const struct wye_plugin wye_builtin_basic;

const struct wye_plugin wye_builtin_basic = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_basic,
	.name = "basic",
	.sentence = "asks for user and password",
	.settings = settings,
	.open = open_guard,
	.close = close_guard,
	.rest_middleware = rest_list,
	.start = start_guard,
	.stop = stop_guard,
};
