/* SPDX-License-Identifier: MIT
 *
 * passwords.c - see passwords.h.
 */
#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "digest.h"
#include "lines.h"
#include "passwords.h"

struct entry {
	char user[CREDENTIALS_USER_MAX + 1];
	char hash[PASSWORDS_HASH_MAX + 1];
};

struct passwords {
	struct entry *items;
	size_t count, room;
};

/* How a hash begins, and how many characters stand behind its last '$'. */
static const struct method {
	const char *prefix;
	size_t tail;
} METHODS[] = {
	{ "$2y$", 53 }, { "$2b$", 53 }, { "$2a$", 53 }, { "$6$", 86 }, { "$y$", 43 },
};

struct passwords *passwords_create(void)
{
	return calloc(1, sizeof(struct passwords));
}

void passwords_destroy(struct passwords *passwords)
{
	if (!passwords)
		return;
	free(passwords->items);
	free(passwords);
}

size_t passwords_count(const struct passwords *passwords)
{
	return passwords->count;
}

/* ---- reading ---- */

static const struct method *method_of(const char *hash)
{
	for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++)
		if (!strncmp(hash, METHODS[i].prefix, strlen(METHODS[i].prefix)))
			return &METHODS[i];
	return NULL;
}

static int check_hash(const char *user, const char *hash, struct wye_error *why)
{
	const struct method *method = method_of(hash);

	if (!method) {
		wye_error_set(why,
			      "the password of \"%s\" is not hashed by bcrypt ($2y$), SHA-512 "
			      "($6$) or yescrypt ($y$): older ways and plain text are refused",
			      user);
		return -EINVAL;
	}
	if (strlen(strrchr(hash, '$') + 1) != method->tail ||
	    crypt_checksalt(hash) == CRYPT_SALT_INVALID) {
		wye_error_set(why, "the hash of \"%s\" is malformed or cut", user);
		return -EINVAL;
	}
	return 0;
}

static bool take(char *out, size_t room, const char *text, size_t length)
{
	if (!length || length >= room)
		return false;
	memcpy(out, text, length);
	out[length] = '\0';
	return true;
}

static int read_entry(const char *line, struct entry *entry, struct wye_error *why)
{
	size_t length = strcspn(line, ":");
	const char *hash = line + length + 1;

	if (!line[length] || !take(entry->user, sizeof entry->user, line, length)) {
		wye_error_set(why, "a line is \"USER:HASH\", its user 1 to %d bytes",
			      CREDENTIALS_USER_MAX);
		return -EINVAL;
	}
	if (!take(entry->hash, sizeof entry->hash, hash, strcspn(hash, ":"))) {
		wye_error_set(why, "the hash of \"%s\" is empty or too long", entry->user);
		return -EINVAL;
	}
	return check_hash(entry->user, entry->hash, why);
}

int passwords_add(struct passwords *passwords, const char *line, struct wye_error *why)
{
	struct entry entry;
	int error = read_entry(line, &entry, why);

	if (error)
		return error;
	if (passwords->count == passwords->room) {
		size_t room = passwords->room ? 2 * passwords->room : 8;
		struct entry *items = realloc(passwords->items, room * sizeof *items);

		if (!items)
			return -ENOMEM;
		passwords->items = items;
		passwords->room = room;
	}
	passwords->items[passwords->count++] = entry;
	return 0;
}

static int take_line(void *passwords, const char *line, struct wye_error *why)
{
	return passwords_add(passwords, line, why);
}

static int read_file(struct passwords *passwords, const char *path, struct wye_error *why)
{
	struct wye_error reason;
	int error = lines_read(path, take_line, passwords, why);

	if (error)
		return error;
	error = passwords_seal(passwords, &reason);
	if (error)
		wye_error_set(why, "%s: %s", path, reason.text);
	return error;
}

int passwords_read(struct passwords **out, const char *path, struct wye_error *why)
{
	int error;

	*out = passwords_create();
	if (!*out)
		return -ENOMEM;
	error = read_file(*out, path, why);
	if (error) {
		passwords_destroy(*out);
		*out = NULL;
	}
	return error;
}

/* ---- finding ---- */

static int compare(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	return strcmp(left->user, right->user);
}

int passwords_seal(struct passwords *passwords, struct wye_error *why)
{
	if (!passwords->count) {
		wye_error_set(why, "there are no users");
		return -EINVAL;
	}
	qsort(passwords->items, passwords->count, sizeof passwords->items[0], compare);
	for (size_t i = 1; i < passwords->count; i++)
		if (!compare(&passwords->items[i - 1], &passwords->items[i])) {
			wye_error_set(why, "\"%s\" comes twice", passwords->items[i].user);
			return -EINVAL;
		}
	return 0;
}

/* Whose hash stands in for an unknown user's. */
static size_t stand_in(const struct passwords *passwords, const char *user)
{
	const struct wye_text text = { user, strlen(user) };
	uint8_t digest[DIGEST_SIZE] = { 0 };
	uint64_t number;

	if (!digest_of(&text, 1, digest))
		return 0;
	memcpy(&number, digest, sizeof number);
	return (size_t)(number % passwords->count);
}

const char *passwords_find(const struct passwords *passwords, const char *user, bool *known)
{
	size_t other = stand_in(passwords, user), low = 0, high = passwords->count;

	*known = false;
	while (low < high && !*known) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(user, passwords->items[middle].user);

		if (order < 0)
			high = middle;
		else
			low = middle + (order > 0);
		*known = !order;
	}
	return passwords->items[*known ? low : other].hash;
}
