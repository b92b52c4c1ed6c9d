/* SPDX-License-Identifier: MIT
 *
 * runner.c - runs a fuzz target over the files and folders given, where there is no libFuzzer.
 * Without arguments: over the kept corpus, which lies in $srcdir/tests/fuzz/corpus under the
 * target's name (fuzz_codec: codec).
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

enum { LARGEST = 1 << 20 };

static unsigned files;

static int run_file(const char *path)
{
	static uint8_t data[LARGEST];
	FILE *file = fopen(path, "rb");
	uint8_t *copy;
	size_t length;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	length = fread(data, 1, sizeof data, file);
	fclose(file);
	copy = malloc(length ? length : 1); /* of its own size, for the sanitizers */
	if (!copy)
		return 1;
	memcpy(copy, data, length);
	LLVMFuzzerTestOneInput(copy, length);
	free(copy);
	files++;
	return 0;
}

static int run(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int failed = 0;

	if (!folder)
		return run_file(path);
	while ((entry = readdir(folder))) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		failed |= run_file(name);
	}
	closedir(folder);
	return failed;
}

static int run_kept_corpus(const char *program)
{
	const char *source = getenv("srcdir"), *name = strstr(program, "fuzz_");
	char path[4096];

	if (!name)
		return 1;
	while (strstr(name + 1, "fuzz_"))
		name = strstr(name + 1, "fuzz_");
	snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", source ? source : ".",
		 name + strlen("fuzz_"));
	return run(path);
}

int main(int count, char **arguments)
{
	int failed = count > 1 ? 0 : run_kept_corpus(arguments[0]);

	for (int i = 1; i < count; i++)
		failed |= run(arguments[i]);
	printf("%u files\n", files);
	return failed || !files;
}
