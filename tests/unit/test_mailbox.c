/* SPDX-License-Identifier: MIT
 *
 * test_mailbox.c - many writers, one reader: nothing is lost, each writer's order is kept.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mailbox.h"
#include "unit.h"

enum { WRITERS = 8, MAILS = 20000 };

struct letter {
	struct wye_mail mail; /* first */
	unsigned writer, number;
};

static struct wye_mailbox box;
static unsigned seen[WRITERS];

static void read_letter(struct wye_mail *mail)
{
	struct letter *letter = (struct letter *)mail;

	assert_int_equal(letter->number, seen[letter->writer]);
	seen[letter->writer]++;
	free(letter);
}

static void *write_letters(void *argument)
{
	for (unsigned i = 0; i < MAILS; i++) {
		struct letter *letter = malloc(sizeof *letter);
		bool was_empty;

		letter->writer = (unsigned)(uintptr_t)argument;
		letter->number = i;
		letter->mail.run = read_letter;
		if (wye_mailbox_put(&box, &letter->mail, &was_empty))
			abort();
	}
	return NULL;
}

static void many_writers(void **state)
{
	pthread_t threads[WRITERS];
	size_t total = 0;

	(void)state;
	wye_mailbox_init(&box);
	memset(seen, 0, sizeof seen);
	for (uintptr_t i = 0; i < WRITERS; i++)
		pthread_create(&threads[i], NULL, write_letters, (void *)i);
	while (total < (size_t)WRITERS * MAILS)
		total += wye_mailbox_run(&box);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	assert_false(wye_mailbox_waiting(&box));
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(seen[i], MAILS);
}

static int runs;

static void count_run(struct wye_mail *mail)
{
	(void)mail;
	runs++;
}

static void shut_runs_what_is_left(void **state)
{
	struct wye_mail first = { .run = count_run }, second = { .run = count_run };
	bool was_empty;

	(void)state;
	wye_mailbox_init(&box);
	runs = 0;
	assert_int_equal(wye_mailbox_put(&box, &first, &was_empty), 0);
	assert_true(was_empty);
	wye_mailbox_shut(&box);
	assert_int_equal(runs, 1);
	assert_int_equal(wye_mailbox_put(&box, &second, &was_empty), -ESHUTDOWN);
	wye_mailbox_shut(&box);
	assert_int_equal(runs, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_writers),
		cmocka_unit_test(shut_runs_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
