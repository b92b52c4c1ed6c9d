/* SPDX-License-Identifier: MIT
 *
 * digest.c - see digest.h.
 */
#include <pthread.h>

#include <openssl/evp.h>

#include "digest.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t contexts; /* of each thread; freed at its end */
static bool has_key;
static _Thread_local EVP_MD_CTX *mine;

static void free_context(void *context)
{
	EVP_MD_CTX_free(context);
}

static void make_key(void)
{
	has_key = !pthread_key_create(&contexts, free_context);
}

static EVP_MD_CTX *make_context(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	pthread_once(&once, make_key);
	if (has_key && context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
	    !pthread_setspecific(contexts, context))
		return context;
	EVP_MD_CTX_free(context);
	return NULL;
}

bool digest_of(const struct wye_text *pieces, size_t count, uint8_t out[DIGEST_SIZE])
{
	bool done;

	if (!mine)
		mine = make_context();
	done = mine && EVP_DigestInit_ex(mine, NULL, NULL) == 1;
	for (size_t i = 0; i < count && done; i++)
		done = EVP_DigestUpdate(mine, pieces[i].data, pieces[i].length) == 1;
	return done && EVP_DigestFinal_ex(mine, out, NULL) == 1;
}
