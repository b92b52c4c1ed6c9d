/* SPDX-License-Identifier: MIT
 *
 * fuzz_hello.c - a server's session of TLS against anything: raw bytes, or OpenSSL's own client
 * whose bytes are changed on their way. Plain bytes that come out are the first ones that the
 * client put in; a broken session stays broken, with OpenSSL's list of errors empty; what waits
 * for the socket is bounded. All randomness is a counter that begins anew with each input, so
 * that an input does the same each time.
 *
 * Input: a byte chooses (see enum choice), one the cuts. Then the raw bytes; or a byte for how
 * many changes there are, each as two bytes for the place among all that the client sends and
 * one to be xored with what stands there, and the plain bytes that the client sends.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/session.h"

#include "hello_context.h"

enum {
	CHANGES = 8,
	MOST_WAITING = 65536,
	TURNS = 64,
	PIECE = 16384,
	COUNTERS = 4096,
};

enum choice {
	WITH_CLIENT = 1,
	OLD_VERSION = 2, /* TLS 1.2 */
	OTHER_PROTOCOL = 4,
	UPDATE_KEYS = 8,
	SAY_GOODBYE = 16,
	NAME_HOST = 32,
	PUT_BACK = 64,      /* what was read is read once more */
	SMALL_SOCKET = 128, /* that does not take all */
};

/* ---- what all inputs share ---- */

static struct wye_tls_context *server_context;
static SSL_CTX *client_context;

/* libFuzzer takes these for lines that were reached, as OpenSSL is not instrumented: which
 * kinds of records, messages and alerts the server answers with, and why a session failed. */
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t reached[COUNTERS];

static void note_answer(const uint8_t *bytes, size_t length)
{
	unsigned key = bytes[0];

	if (length > 6)
		key = key * 31 * 31 + bytes[5] * 31u + bytes[6];
	reached[(key + length / 64 * 7) % COUNTERS] = 1;
}

static void set_up(void)
{
	must(RAND_set_rand_method(&counted), "randomness");
	wye_tls_metrics_register();
	server_context = make_context();
	client_context = SSL_CTX_new(TLS_client_method());
	must(client_context, "a client");
}

/* ---- the server ---- */

struct talk {
	struct wye_tls *server;
	SSL *client; /* NULL: there are raw bytes only */
	int ends[2];
	size_t cut;
	uint32_t seed;
	uint64_t sent; /* by the client so far */
	const uint8_t *changes;
	size_t change_count;
	const uint8_t *plain; /* what the client sends */
	size_t plain_length, got;
	bool broken, over, puts_back;
};

static size_t next_piece(struct talk *talk, size_t left)
{
	size_t size = talk->cut + 1;

	talk->seed = talk->seed * 1664525 + 1013904223;
	if (talk->cut > 3)
		size = 1 + (talk->seed >> 16) % (talk->cut * talk->cut);
	return size < left ? size : left;
}

static void check_plain(struct talk *talk, const uint8_t *data, size_t length)
{
	must(talk->client, "plain bytes without a key");
	must(wye_tls_is_ready(talk->server), "plain bytes before the handshake's end");
	if (talk->puts_back) {
		must(!wye_tls_put_back(talk->server, data, length) &&
			     wye_tls_has_news(talk->server),
		     "put back");
		talk->puts_back = false;
		return;
	}
	must(length <= talk->plain_length - talk->got &&
		     !memcmp(data, talk->plain + talk->got, length),
	     "other bytes than the client's");
	talk->got += length;
}

static void read_all(struct talk *talk)
{
	static uint8_t out[PIECE];
	ssize_t got = 1;

	while (got > 0) {
		got = wye_tls_read(talk->server, out, 1 + talk->seed % sizeof out);
		must(!ERR_peek_error(), "errors are left");
		must(got <= 0 || !talk->broken, "a broken session reads");
		if (got > 0)
			check_plain(talk, out, (size_t)got);
	}
	must(got == 0 || got == -EPIPE || got == -EPROTO, "another error");
	talk->over = talk->over || got == -EPIPE;
	must(!talk->broken || got == -EPROTO || got == -EPIPE, "mended");
	talk->broken = got == -EPROTO;
	if (talk->broken) {
		must(wye_tls_failure(talk->server) < WYE_TLS_FAILURES, "no such failure");
		must(wye_tls_complaint(talk->server), "no word for it");
		reached[COUNTERS - 1 - wye_tls_failure(talk->server)] = 1;
	}
}

static void server_sends(struct talk *talk)
{
	uint64_t sent = 0;
	int error = wye_tls_send(talk->server, talk->ends[0], &sent);

	must(error == 0 || error == -EAGAIN, "not sent");
	must((error == -EAGAIN) == (wye_tls_waiting(talk->server) > 0), "what waits");
	must(wye_tls_waiting(talk->server) <= MOST_WAITING, "too much waits");
}

/* A piece of memory of its own: a sanitizer sees each step beside it. */
static void feed(struct talk *talk, const uint8_t *data, size_t length)
{
	uint8_t *copy = malloc(length);

	must(copy, "memory");
	memcpy(copy, data, length);
	wye_tls_feed(copy, length);
	read_all(talk);
	wye_tls_feed(NULL, 0);
	free(copy);
	server_sends(talk);
}

/* True if some came. */
static bool drain(struct talk *talk)
{
	static uint8_t bytes[PIECE];
	ssize_t got = recv(talk->ends[1], bytes, sizeof bytes, MSG_DONTWAIT);

	if (got > 0)
		note_answer(bytes, (size_t)got);
	if (got > 0 && talk->client)
		must(BIO_write(SSL_get_rbio(talk->client), bytes, (int)got) == got, "memory");
	return got > 0;
}

static void feed_cut(struct talk *talk, const uint8_t *data, size_t length)
{
	while (length && !talk->broken) {
		size_t size = next_piece(talk, length);

		feed(talk, data, size);
		while (drain(talk))
			;
		data += size;
		length -= size;
	}
}

/* ---- the client ---- */

static void change(struct talk *talk, uint8_t *data, size_t length)
{
	for (size_t i = 0; i < talk->change_count; i++) {
		const uint8_t *at = talk->changes + 3 * i;
		uint64_t place = at[0] * 256u + at[1];

		if (place >= talk->sent && place - talk->sent < length)
			data[place - talk->sent] ^= at[2];
	}
	talk->sent += length;
}

static bool client_sends(struct talk *talk)
{
	static uint8_t bytes[4 * PIECE];
	int got = BIO_read(SSL_get_wbio(talk->client), bytes, sizeof bytes);

	if (got <= 0)
		return false;
	change(talk, bytes, (size_t)got);
	feed_cut(talk, bytes, (size_t)got);
	return true;
}

static void carry(struct talk *talk)
{
	for (int turn = 0; turn < TURNS && !talk->broken; turn++) {
		uint8_t answer[64];

		if (SSL_is_init_finished(talk->client))
			(void)SSL_read(talk->client, answer, sizeof answer);
		else
			(void)SSL_do_handshake(talk->client);
		ERR_clear_error();
		if (!client_sends(talk))
			break;
	}
}

static void set_up_client(struct talk *talk, unsigned choice)
{
	static const unsigned char protocols[] = "\x02h2\x08http/1.1";

	talk->client = SSL_new(client_context);
	must(talk->client, "a client");
	SSL_set_bio(talk->client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(talk->client);
	if (choice & OLD_VERSION)
		SSL_set_max_proto_version(talk->client, TLS1_2_VERSION);
	if (choice & OTHER_PROTOCOL)
		SSL_set_alpn_protos(talk->client, protocols, sizeof protocols - 1);
	if (choice & NAME_HOST)
		SSL_set_tlsext_host_name(talk->client, "a.example");
}

static void client_talks(struct talk *talk, unsigned choice)
{
	carry(talk);
	if (!SSL_is_init_finished(talk->client))
		return;
	if (choice & UPDATE_KEYS)
		(void)SSL_key_update(talk->client, SSL_KEY_UPDATE_REQUESTED);
	(void)SSL_write(talk->client, talk->plain, (int)talk->plain_length);
	carry(talk);
	if (choice & SAY_GOODBYE)
		(void)SSL_shutdown(talk->client);
	ERR_clear_error();
	carry(talk);
	if (!talk->change_count)
		must(talk->got == talk->plain_length && !talk->broken, "bytes were lost");
	must(talk->change_count || talk->over == !!(choice & SAY_GOODBYE), "the goodbye");
}

static void run_client(struct talk *talk, unsigned choice, const uint8_t *data, size_t length)
{
	size_t count = length ? data[0] % (CHANGES + 1) : 0;

	if (length < 1 + 3 * count || length > PIECE)
		return;
	talk->changes = data + 1;
	talk->change_count = count;
	talk->plain = data + 1 + 3 * count;
	talk->plain_length = length - 1 - 3 * count;
	set_up_client(talk, choice);
	client_talks(talk, choice);
}

/* ---- */

static void answer(struct talk *talk)
{
	static const char text[PIECE];

	if (talk->broken || !wye_tls_is_ready(talk->server))
		return;
	must(wye_tls_peer(talk->server), "nobody");
	for (int i = 0; i < 3; i++)
		must(!wye_tls_write(talk->server, text, sizeof text), "written");
	wye_tls_shut(talk->server);
	must(!ERR_peek_error(), "errors are left");
	server_sends(talk);
	while (wye_tls_waiting(talk->server)) {
		must(drain(talk), "nothing goes on");
		server_sends(talk);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	static const int small = 4096;
	struct talk talk = { .server = NULL };

	if (length < 2)
		return 0;
	if (!server_context)
		set_up();
	counter = 1;
	talk.cut = data[1];
	talk.seed = data[1];
	must(!wye_tls_create(&talk.server, server_context), "a session");
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, talk.ends), "sockets");
	talk.puts_back = data[0] & PUT_BACK;
	if (data[0] & SMALL_SOCKET)
		setsockopt(talk.ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	if (data[0] & WITH_CLIENT)
		run_client(&talk, data[0], data + 2, length - 2);
	else
		feed_cut(&talk, data + 2, length - 2);
	answer(&talk);
	wye_tls_destroy(talk.server);
	wye_tls_thread_end();
	SSL_free(talk.client);
	close(talk.ends[0]);
	close(talk.ends[1]);
	return 0;
}
