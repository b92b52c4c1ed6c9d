/* SPDX-License-Identifier: MIT
 *
 * asker.h - asks an HTTP service by libcurl, on a thread of its own, which keeps connections to
 * it: many questions at once, none of which holds up a loop. No redirect is followed.
 */
#ifndef WYE_MIDDLEWARE_ASKER_H
#define WYE_MIDDLEWARE_ASKER_H

#include <sys/queue.h>

#include <curl/curl.h>

#include <wye/types.h>

struct asker;

/* A field of an answer; name and value are strings. */
struct asker_field {
	struct asker_field *next;
	const char *name, *value;
	char bytes[];
};

/* At the head of what it belongs to. The first three are set by who asks. */
struct question {
	struct curl_slist *fields;                 /* freed by question_fini() */
	void (*done)(struct question *question);   /* on the asker's thread; it may free it */
	bool (*wanted)(struct question *question); /* likewise, before it is asked */

	unsigned status;       /* 0: no answer, and `failure` says why */
	const char *failure;   /* NULL then: it was not wanted, or the program ends */
	uint64_t microseconds; /* that it took */
	struct asker_field *answer;
	char *body; /* NULL: none */
	size_t body_length;

	/* The asker's. */
	struct asker *asker;
	struct question *next;
	LIST_ENTRY(question) place;
	CURL *easy;
	size_t received;
	char reason[CURL_ERROR_SIZE];
};

struct asker_options {
	const char *url;      /* lives as long as the asker */
	const char *ca_file;  /* NULL: the system's authorities */
	long timeout;         /* milliseconds for an answer as a whole */
	unsigned max_waiting; /* questions at once */
	size_t max_answer;    /* bytes of an answer's fields and body */
};

/* http or https, with a host and without a user in it. Returns 0; -EINVAL with a sentence. */
int asker_check_url(const char *url, struct wye_error *why) WYE_MUST_CHECK;

/* Makes one and starts its thread. Main thread. Returns 0 or a negative errno. */
int asker_create(struct asker **out, const struct asker_options *options) WYE_MUST_CHECK;

/* Ends the thread; what is not answered is done without an answer. NULL is accepted. */
void asker_stop(struct asker *asker);
/* Frees it, after the last call of asker_put(). NULL is accepted. */
void asker_destroy(struct asker *asker);

/* Asks. Any thread. Returns 0, and done() will be called; -EAGAIN if max_waiting are asked
 * already, or it was stopped. */
int asker_put(struct asker *asker, struct question *question) WYE_MUST_CHECK;

/* The first field of that name, in any case; NULL if there is none. */
const char *question_find(const struct question *question, const char *name);

/* Adds a field to the question. Returns 0 or -ENOMEM. */
int question_add(struct question *question, const char *name,
		 struct wye_text value) WYE_MUST_CHECK;

/* Frees what it holds. */
void question_fini(struct question *question);

#endif
