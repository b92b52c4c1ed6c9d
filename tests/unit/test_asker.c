/* SPDX-License-Identifier: MIT
 *
 * test_asker.c - which URLs are taken, what a question is made of, and that each question is
 * done once, whatever becomes of the asker.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "asker.h"
#include "unit.h"

static void urls(void **state)
{
	static const char *const good[] = { "http://127.0.0.1:4180/auth",
					    "https://a.example/?x=1", "http://[::1]:80/",
					    "HTTP://a/" };
	static const char *const bad[] = { "",
					   "a",
					   "/auth",
					   "ftp://a/",
					   "file:///etc/passwd",
					   "http://",
					   "http://u:p@a/",
					   "http://u@a/",
					   "http://a:99999/",
					   "http://a b/",
					   "gopher://a/" };
	struct wye_error why;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (asker_check_url(good[i], &why))
			fail_msg("%s", why.text);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (asker_check_url(bad[i], &why) != -EINVAL)
			fail_msg("\"%s\" passes", bad[i]);
}

static void fields(void **state)
{
	struct question question = { .status = 0 };

	(void)state;
	assert_int_equal(question_add(&question, "A", (struct wye_text) { "b: cd", 4 }), 0);
	assert_int_equal(question_add(&question, "Empty", (struct wye_text) { "", 0 }), 0);
	assert_string_equal(question.fields->data, "A: b: c");
	assert_string_equal(question.fields->next->data, "Empty;");
	assert_null(question.fields->next->next);
	assert_null(question_find(&question, "A"));
	question_fini(&question);
}

static atomic_int done_count;

static void done(struct question *question)
{
	atomic_fetch_add(&done_count, 1);
	question_fini(question);
	free(question);
}

static bool wanted(struct question *question)
{
	(void)question;
	return true;
}

static struct question *make(void)
{
	struct question *question = calloc(1, sizeof *question);

	question->done = done;
	question->wanted = wanted;
	assert_int_equal(question_add(question, "A", (struct wye_text) { "b", 1 }), 0);
	return question;
}

/* Nobody listens at port 1, or answers too late: the stop does not wait for it. */
static void each_is_done_once(void **state)
{
	enum { QUESTIONS = 50 };
	const struct asker_options options = { .url = "http://127.0.0.1:1/",
					       .timeout = 300000,
					       .max_waiting = QUESTIONS,
					       .max_answer = 1000 };
	struct question *late = make();
	struct asker *asker;

	(void)state;
	atomic_store(&done_count, 0);
	assert_int_equal(asker_create(&asker, &options), 0);
	for (int i = 0; i < QUESTIONS; i++)
		assert_int_equal(asker_put(asker, make()), 0);
	asker_stop(asker);
	assert_int_equal(atomic_load(&done_count), QUESTIONS);
	assert_int_equal(asker_put(asker, late), -EAGAIN);
	question_fini(late);
	free(late);
	asker_destroy(asker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls),
		cmocka_unit_test(fields),
		cmocka_unit_test(each_is_done_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
