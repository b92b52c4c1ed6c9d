/* SPDX-License-Identifier: MIT
 *
 * api-keys.c - see api-keys.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "api-keys.h"
#include "lines.h"

enum {
	LONGEST_NAME = 64,
};

struct key {
	uint64_t start; /* of the digest: what it is sorted by */
	uint8_t digest[DIGEST_SIZE];
	char name[LONGEST_NAME + 1];
};

struct api_keys {
	struct key *items;
	size_t count, room;
};

struct api_keys *api_keys_create(void)
{
	return calloc(1, sizeof(struct api_keys));
}

void api_keys_destroy(struct api_keys *keys)
{
	if (!keys)
		return;
	free(keys->items);
	free(keys);
}

size_t api_keys_count(const struct api_keys *keys)
{
	return keys->count;
}

/* ---- reading ---- */

static int digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool read_digest(const char *text, uint8_t out[DIGEST_SIZE])
{
	if (strlen(text) != 2 * DIGEST_SIZE)
		return false;
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* Visible ASCII: it is written to logs. */
static bool read_name(const char *text, size_t length, char out[LONGEST_NAME + 1])
{
	if (!length || length > LONGEST_NAME)
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] < '!' || text[i] > '~')
			return false;
	memcpy(out, text, length);
	out[length] = '\0';
	return true;
}

/* What a script makes of a variable that is not set. */
static bool is_of_nothing(const uint8_t digest[DIGEST_SIZE])
{
	static const uint8_t start[] = { 0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14 };

	return !memcmp(digest, start, sizeof start);
}

/* The hash is not shown: one that is none may be the key itself. */
static int read_key(const char *line, struct key *key, struct wye_error *why)
{
	const char *colon = strchr(line, ':');

	if (!colon || !read_name(line, (size_t)(colon - line), key->name)) {
		wye_error_set(why,
			      "a key is \"NAME:HASH\", its name 1 to %d visible "
			      "characters of ASCII",
			      LONGEST_NAME);
		return -EINVAL;
	}
	if (!read_digest(colon + 1, key->digest)) {
		wye_error_set(why,
			      "the hash of \"%s\" is not 64 hex digits, as sha256sum "
			      "prints them",
			      key->name);
		return -EINVAL;
	}
	if (is_of_nothing(key->digest)) {
		wye_error_set(why, "the key of \"%s\" is empty", key->name);
		return -EINVAL;
	}
	memcpy(&key->start, key->digest, sizeof key->start);
	return 0;
}

int api_keys_add(struct api_keys *keys, const char *line, struct wye_error *why)
{
	struct key key;
	int error = read_key(line, &key, why);

	if (error)
		return error;
	if (keys->count == keys->room) {
		size_t room = keys->room ? 2 * keys->room : 8;
		struct key *items = realloc(keys->items, room * sizeof *items);

		if (!items)
			return -ENOMEM;
		keys->items = items;
		keys->room = room;
	}
	keys->items[keys->count++] = key;
	return 0;
}

static int take_line(void *keys, const char *line, struct wye_error *why)
{
	return api_keys_add(keys, line, why);
}

int api_keys_read(struct api_keys *keys, const char *path, struct wye_error *why)
{
	return lines_read(path, take_line, keys, why);
}

/* ---- finding ---- */

static int compare(const void *a, const void *b)
{
	const struct key *left = a, *right = b;

	return (int)(left->start > right->start) - (int)(left->start < right->start);
}

int api_keys_seal(struct api_keys *keys, struct wye_error *why)
{
	if (!keys->count) {
		wye_error_set(why, "there are no keys");
		return -EINVAL;
	}
	qsort(keys->items, keys->count, sizeof keys->items[0], compare);
	for (size_t i = 1; i < keys->count; i++)
		if (!compare(&keys->items[i - 1], &keys->items[i])) {
			wye_error_set(why, "\"%s\" and \"%s\" have the same hash",
				      keys->items[i - 1].name, keys->items[i].name);
			return -EINVAL;
		}
	return 0;
}

const char *api_keys_find(const struct api_keys *keys, const uint8_t digest[DIGEST_SIZE])
{
	struct key wanted;
	const struct key *found;

	memcpy(&wanted.start, digest, sizeof wanted.start);
	found = bsearch(&wanted, keys->items, keys->count, sizeof keys->items[0], compare);
	if (!found || CRYPTO_memcmp(found->digest, digest, DIGEST_SIZE))
		return NULL;
	return found->name;
}
