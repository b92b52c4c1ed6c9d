/* SPDX-License-Identifier: MIT
 *
 * blocks.c - see blocks.h.
 */
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "tls/blocks.h"

/* A record has 16 KB, and what its protection adds (RFC 8446, 5.2). */
enum {
	LEAST = 16384,
	MOST = 18432,
	KEPT = 4, /* for reading and writing, of two sizes */
};

static _Thread_local struct {
	void *blocks[KEPT];
	unsigned count;
	bool keeps;
} mine;

static void *take_kept(size_t size)
{
	for (unsigned i = mine.count; i-- > 0;) {
		void *block = mine.blocks[i];

		if (malloc_usable_size(block) < size)
			continue;
		mine.blocks[i] = mine.blocks[--mine.count];
		return block;
	}
	return NULL;
}

static void *allocate(size_t size, const char *file, int line)
{
	void *block = size >= LEAST && size <= MOST ? take_kept(size) : NULL;

	(void)file;
	(void)line;
	return block ? block : malloc(size);
}

static void *resize(void *block, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return realloc(block, size);
}

static bool is_kept(void *block)
{
	size_t size = mine.keeps && mine.count < KEPT ? malloc_usable_size(block) : 0;

	return size >= LEAST && size <= MOST;
}

static void release(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	if (is_kept(block))
		mine.blocks[mine.count++] = block;
	else
		free(block);
}

void wye_tls_blocks_start(void)
{
	(void)CRYPTO_set_mem_functions(allocate, resize, release);
}

void wye_tls_blocks_keep(void)
{
	mine.keeps = true;
}

void wye_tls_blocks_free(void)
{
	mine.keeps = false;
	while (mine.count)
		free(mine.blocks[--mine.count]);
}
