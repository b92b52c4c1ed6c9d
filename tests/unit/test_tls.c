/* SPDX-License-Identifier: MIT
 *
 * test_tls.c - a session of ours and OpenSSL's own client talk over memory, cut in pieces of
 * every size; what a full socket does not take; what a broken file or client leads to.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "certificate.h"
#include "tls/session.h"
#include "unit.h"

enum { TEXT = 40000 };

static char folder[] = "/tmp/test_tls.XXXXXX", certificate[64], key[64];
static struct wye_tls_context *context;

/* What a test has: both ends, and a pair of sockets on the server's way to the client. */
static struct {
	SSL_CTX *client_context;
	SSL *client;
	struct wye_tls *server;
	int ends[2];
	char text[TEXT], got[TEXT];
	size_t length; /* of what the server got */
	ssize_t last;  /* verdict of its last read */
} talk;

static int set_up_all(void **state)
{
	struct wye_tls_pair pair = { certificate, key };
	struct wye_tls_setup setup = { .pairs = &pair, .count = 1 };
	struct wye_tls_fault fault;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(certificate, sizeof certificate, "%s/site.pem", folder);
	snprintf(key, sizeof key, "%s/site.key", folder);
	wye_tls_metrics_register();
	return certificate_write(certificate, key) |
	       wye_tls_context_create(&context, &setup, &fault);
}

static int tear_down_all(void **state)
{
	(void)state;
	wye_tls_context_destroy(context);
	wye_tls_thread_end();
	unlink(certificate);
	unlink(key);
	return rmdir(folder);
}

static int set_up(void **state)
{
	(void)state;
	memset(&talk, 0, sizeof talk);
	for (size_t i = 0; i < TEXT; i++)
		talk.text[i] = (char)(i * 7 + i / 256);
	talk.client_context = SSL_CTX_new(TLS_client_method());
	talk.client = SSL_new(talk.client_context);
	SSL_set_bio(talk.client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(talk.client);
	return wye_tls_create(&talk.server, context) |
	       socketpair(AF_UNIX, SOCK_STREAM, 0, talk.ends);
}

static int tear_down(void **state)
{
	(void)state;
	wye_tls_destroy(talk.server);
	SSL_free(talk.client);
	SSL_CTX_free(talk.client_context);
	close(talk.ends[0]);
	close(talk.ends[1]);
	return 0;
}

/* ---- carrying bytes ---- */

static void server_reads(const void *data, size_t length)
{
	wye_tls_feed(data, length);
	do {
		talk.last =
			wye_tls_read(talk.server, talk.got + talk.length, TEXT - talk.length);
		if (talk.last > 0)
			talk.length += (size_t)talk.last;
	} while (talk.last > 0 && talk.length < TEXT);
}

/* Returns what the call does that sends. */
static int server_sends(void)
{
	uint64_t sent = 0;

	return wye_tls_send(talk.server, talk.ends[0], &sent);
}

static bool to_client(void)
{
	char piece[4096];
	ssize_t got = recv(talk.ends[1], piece, sizeof piece, MSG_DONTWAIT);

	if (got > 0)
		BIO_write(SSL_get_rbio(talk.client), piece, (int)got);
	return got > 0;
}

static bool to_server(size_t piece)
{
	char bytes[TEXT];
	int got = BIO_read(SSL_get_wbio(talk.client), bytes,
			   (int)(piece < sizeof bytes ? piece : sizeof bytes));

	if (got <= 0)
		return false;
	server_reads(bytes, (size_t)got);
	assert_int_equal(server_sends(), 0);
	return true;
}

/* In both directions, until nothing moves. */
static void carry(size_t piece)
{
	bool moved = true;

	while (moved) {
		if (!SSL_is_init_finished(talk.client))
			(void)SSL_do_handshake(talk.client);
		moved = to_server(piece);
		while (to_client())
			moved = true;
	}
	ERR_clear_error();
}

static void shake_hands(size_t piece)
{
	carry(piece);
	assert_true(SSL_is_init_finished(talk.client));
	assert_true(wye_tls_is_ready(talk.server));
	assert_int_equal(talk.last, 0);
}

/* ---- tests ---- */

static void every_segmentation(void **state)
{
	static const size_t pieces[] = { 1, 2, 3, 5, 7, 64, 255, 1000, 16389, TEXT };

	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		shake_hands(pieces[i]);
		assert_int_equal(SSL_write(talk.client, talk.text, TEXT), TEXT);
		carry(pieces[i]);
		assert_int_equal(talk.length, TEXT);
		assert_memory_equal(talk.got, talk.text, TEXT);
		tear_down(state);
		assert_int_equal(set_up(state), 0);
	}
}

static void client_reads_all(void)
{
	char got[TEXT];
	int length = 0, now;

	do {
		(void)server_sends();
		while (to_client())
			;
		now = SSL_read(talk.client, got + length, TEXT - length);
		length += now > 0 ? now : 0;
	} while (length < TEXT);
	assert_memory_equal(got, talk.text, TEXT);
}

static void what_a_full_socket_leaves(void **state)
{
	const int small = 4096;

	(void)state;
	shake_hands(TEXT);
	setsockopt(talk.ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	assert_int_equal(wye_tls_write(talk.server, talk.text, TEXT), 0);
	assert_int_equal(server_sends(), -EAGAIN);
	assert_true(wye_tls_waiting(talk.server) > 0);
	client_reads_all();
	assert_int_equal(wye_tls_waiting(talk.server), 0);
	assert_int_equal(server_sends(), 0);
}

/* What our own code asks for; the size of the largest piece. */
static size_t largest;

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_realloc(void *old, size_t size)
{
	if (size > largest)
		largest = size;
	return __real_realloc(old, size);
}

/* A client that always leaves something waiting. */
static void what_is_sent_is_forgotten(void **state)
{
	const int small = 4096;

	(void)state;
	shake_hands(TEXT);
	setsockopt(talk.ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	assert_int_equal(wye_tls_write(talk.server, talk.text, TEXT), 0);
	assert_int_equal(server_sends(), -EAGAIN);
	largest = 0;
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(wye_tls_write(talk.server, talk.text, 1000), 0);
		while (wye_tls_waiting(talk.server) > TEXT && to_client())
			(void)server_sends();
		(void)server_sends();
		assert_in_range(wye_tls_waiting(talk.server), 1, 2 * TEXT);
	}
	assert_in_range(largest, 0, 8 * TEXT);
}

static void a_socket_that_is_gone(void **state)
{
	(void)state;
	shake_hands(TEXT);
	shutdown(talk.ends[0], SHUT_RDWR);
	assert_int_equal(wye_tls_write(talk.server, talk.text, 10), 0);
	assert_int_equal(server_sends(), -EPIPE);
}

static void put_back_comes_first(void **state)
{
	(void)state;
	shake_hands(TEXT);
	assert_int_equal(wye_tls_put_back(talk.server, "ab", 2), 0);
	assert_int_equal(wye_tls_put_back(talk.server, "c", 1), 0);
	assert_true(wye_tls_has_news(talk.server));
	assert_int_equal(SSL_write(talk.client, "def", 3), 3);
	carry(TEXT);
	assert_int_equal(talk.length, 6);
	assert_memory_equal(talk.got, "abcdef", 6);
	assert_false(wye_tls_has_news(talk.server));
}

static void key_updates(void **state)
{
	(void)state;
	shake_hands(TEXT);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(SSL_key_update(talk.client, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_int_equal(SSL_write(talk.client, "x", 1), 1);
		carry(1 + (size_t)i);
		assert_int_equal(wye_tls_write(talk.server, "y", 1), 0);
		assert_int_equal(server_sends(), 0);
	}
	carry(TEXT);
	assert_int_equal(talk.length, 20);
	assert_int_equal(SSL_read(talk.client, talk.got, TEXT), 1);
}

static void goodbyes(void **state)
{
	char got;

	(void)state;
	shake_hands(TEXT);
	wye_tls_shut(talk.server);
	assert_int_equal(server_sends(), 0);
	carry(TEXT);
	assert_int_equal(SSL_read(talk.client, &got, 1), 0);
	assert_int_equal(SSL_get_error(talk.client, 0), SSL_ERROR_ZERO_RETURN);
	SSL_shutdown(talk.client);
	carry(TEXT);
	assert_int_equal(talk.last, -EPIPE);
	assert_true(wye_tls_has_news(talk.server));
}

/* A handler that uses OpenSSL, too, and does not clear what went wrong there. */
static void errors_of_others(void **state)
{
	char byte;

	(void)state;
	for (int i = 0; i < 40 && !SSL_is_init_finished(talk.client); i++) {
		ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
		(void)SSL_do_handshake(talk.client);
		ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
		while (to_server(100) || to_client())
			ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
	}
	assert_true(wye_tls_is_ready(talk.server));
	ERR_clear_error();
	assert_int_equal(SSL_write(talk.client, "ab", 2), 2);
	ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
	assert_true(to_server(5));
	assert_int_equal(talk.last, 0);
	assert_true(to_server(TEXT));
	assert_int_equal(talk.last, 0);
	assert_int_equal(talk.length, 2);
	ERR_clear_error();
	(void)SSL_read(talk.client, &byte, 1);
}

/* What a broken session has not read is gone with its turn: no other session finds it. */
static void input_of_others(void **state)
{
	struct wye_tls *ready;
	char *page =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(page, MAP_FAILED);
	shake_hands(TEXT);
	ready = talk.server;
	assert_int_equal(wye_tls_create(&talk.server, context), 0);
	memcpy(page, talk.text, 1000);
	server_reads(page, 1000);
	assert_int_equal(talk.last, -EPROTO);
	(void)server_sends();
	munmap(page, 4096);
	wye_tls_destroy(talk.server);
	talk.server = ready;
	wye_tls_shut(ready);
	wye_tls_shut(ready); /* it looks for the client's goodbye */
	assert_int_equal(server_sends(), 0);
	assert_false(wye_tls_has_news(ready));
}

static void expect_failure(enum wye_tls_failure failure)
{
	assert_int_equal(talk.last, -EPROTO);
	assert_int_equal(wye_tls_failure(talk.server), failure);
	assert_int_equal(ERR_peek_error(), 0);
	assert_false(wye_tls_is_ready(talk.server));
}

static void plain_http(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

	(void)state;
	server_reads(request, sizeof request - 1);
	expect_failure(WYE_TLS_FAILED_HTTP);
}

static void garbage(void **state)
{
	(void)state;
	server_reads(talk.text, 1000);
	expect_failure(WYE_TLS_FAILED_PROTOCOL);
}

static void old_version(void **state)
{
	(void)state;
	SSL_set_security_level(talk.client, 0);
	SSL_set_min_proto_version(talk.client, TLS1_VERSION);
	SSL_set_max_proto_version(talk.client, TLS1_1_VERSION);
	SSL_set_cipher_list(talk.client, "ALL:@SECLEVEL=0");
	carry(TEXT);
	expect_failure(WYE_TLS_FAILED_VERSION);
}

static void old_cipher(void **state)
{
	(void)state;
	SSL_set_max_proto_version(talk.client, TLS1_2_VERSION);
	SSL_set_cipher_list(talk.client, "AES128-SHA256");
	carry(TEXT);
	expect_failure(WYE_TLS_FAILED_CIPHER);
}

/* Its alert breaks the handshake off, and does not close a session. */
static void stranger(void **state)
{
	(void)state;
	SSL_set_verify(talk.client, SSL_VERIFY_PEER, NULL);
	(void)SSL_do_handshake(talk.client);
	assert_true(to_server(TEXT));
	assert_true(to_client());
	assert_int_equal(SSL_do_handshake(talk.client), -1);
	ERR_clear_error(); /* the client's own */
	assert_true(to_server(TEXT));
	expect_failure(WYE_TLS_FAILED_ALERT);
}

static void protocols(void **state)
{
	const unsigned char *chosen;
	unsigned length;

	SSL_set_alpn_protos(talk.client, (const unsigned char *)"\x02h2\x08http/1.1", 12);
	shake_hands(TEXT);
	SSL_get0_alpn_selected(talk.client, &chosen, &length);
	assert_int_equal(length, 8);
	assert_memory_equal(chosen, "http/1.1", 8);
	tear_down(state);
	assert_int_equal(set_up(state), 0);
	SSL_set_alpn_protos(talk.client, (const unsigned char *)"\x02h2", 3);
	carry(TEXT);
	expect_failure(WYE_TLS_FAILED_ALPN);
}

static void refuse(const char *certificate_path, const char *key_path,
		   enum wye_tls_setting expected, const char *part)
{
	struct wye_tls_context *none = NULL;
	struct wye_tls_pair pair = { certificate_path, key_path };
	struct wye_tls_setup setup = { .pairs = &pair, .count = 1 };
	struct wye_tls_fault fault;

	assert_true(wye_tls_context_create(&none, &setup, &fault) < 0);
	assert_int_equal(fault.setting, expected);
	assert_non_null(strstr(fault.why.text, part));
	assert_int_equal(ERR_peek_error(), 0);
}

static void bad_files(void **state)
{
	char other_certificate[80], other_key[80];

	(void)state;
	snprintf(other_certificate, sizeof other_certificate, "%s/other.pem", folder);
	snprintf(other_key, sizeof other_key, "%s/other.key", folder);
	assert_int_equal(certificate_write(other_certificate, other_key), 0);
	refuse("/nowhere.pem", key, WYE_TLS_CERTIFICATE, "/nowhere.pem: No such file");
	refuse(certificate, "/nowhere.key", WYE_TLS_KEY, "/nowhere.key: No such file");
	refuse(key, key, WYE_TLS_CERTIFICATE, key);
	refuse(certificate, certificate, WYE_TLS_KEY, certificate);
	refuse(certificate, other_key, WYE_TLS_KEY, "is not the key of");
	unlink(other_certificate);
	unlink(other_key);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_segmentation),
		TEST(what_a_full_socket_leaves),
		TEST(what_is_sent_is_forgotten),
		TEST(a_socket_that_is_gone),
		TEST(put_back_comes_first),
		TEST(key_updates),
		TEST(goodbyes),
		TEST(errors_of_others),
		TEST(input_of_others),
		TEST(plain_http),
		TEST(garbage),
		TEST(old_version),
		TEST(old_cipher),
		TEST(stranger),
		TEST(protocols),
		cmocka_unit_test(bad_files),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
