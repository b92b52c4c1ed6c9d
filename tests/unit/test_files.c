/* SPDX-License-Identifier: MIT
 *
 * test_files.c - the pure parts of the files handler: names, opening in both ways, conditions,
 * ranges, weights of codings, types.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../handlers/files-condition.h"
#include "../../handlers/files-encoding.h"
#include "../../handlers/files-open.h"
#include "../../handlers/files-type.h"
#include "unit.h"

static struct wye_text text(const char *string)
{
	return (struct wye_text) { string, string ? strlen(string) : 0 };
}

/* ---- names ---- */

static void assert_name(const char *path, const char *index, bool dotfiles, const char *name)
{
	char out[FILES_NAME] = "";
	size_t length = files_name(text(path), index, dotfiles, out);

	if (length != strlen(name) || (length && strcmp(out, name) != 0))
		fail_msg("%s: %.*s", path, (int)length, out);
}

static void names(void **state)
{
	(void)state;
	assert_name("a", "i", false, "a");
	assert_name("a/b.c", "i", false, "a/b.c");
	assert_name("", "i", false, "i");
	assert_name("a/", "i", false, "a/i");
	assert_name("", NULL, false, "");
	assert_name("a/", NULL, false, "");
	assert_name("a..b/..c...d", "i", true, "a..b/..c...d");
	assert_name("a..b/c..", "i", false, "a..b/c..");
	assert_name(".a", "i", true, ".a");
	assert_name("...", "i", true, "...");
}

static void refused_names(void **state)
{
	static const char *const bad[] = { "/",      "/a",    "//",      "a//b", "a//",
					   "..",     ".",     "../a",    "a/..", "a/./b",
					   "a/../b", "a\\b",  "..\\",    "\\",   "a%2Fb",
					   "%2F",    "..%2F", "a/..%2Fb" };

	char out[FILES_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_name(bad[i], "i", true, "");
	assert_name(".a", "i", false, "");
	assert_name("a/.git/config", "i", false, "");
	assert_name("a/.b", "i", false, "");
	assert_int_equal(files_name((struct wye_text) { "a\0b", 3 }, "i", true, out), 0);
}

static void long_names(void **state)
{
	char path[FILES_NAME + 1], out[FILES_NAME];

	(void)state;
	memset(path, 'a', sizeof path);
	assert_int_equal(files_name((struct wye_text) { path, FILES_NAME - 4 }, "i", true, out),
			 FILES_NAME - 4);
	assert_int_equal(files_name((struct wye_text) { path, FILES_NAME - 3 }, "i", true, out),
			 0);
	path[FILES_NAME - 5] = '/';
	assert_int_equal(files_name((struct wye_text) { path, FILES_NAME - 4 }, "i", true, out),
			 0);
}

/* ---- opening ---- */

struct tree {
	char path[64];
	int root;
};

static void put_file(const char *path, const char *content)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(content, file);
	fclose(file);
}

/* outside, www/{a, d/b, in -> d/b, up -> ../outside, abs -> /..., out -> .., dd -> d, fifo,
 * loop, socket, through -> d/../a} */
static int make_tree(void **state)
{
	static struct tree tree;
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int one;

	strcpy(tree.path, "/tmp/wye-files-XXXXXX");
	if (!mkdtemp(tree.path) || chdir(tree.path) || mkdir("www", 0700) || chdir("www") ||
	    mkdir("d", 0700))
		return -1;
	put_file("../outside", "secret");
	put_file("a", "a");
	put_file("d/b", "b");
	one = socket(AF_UNIX, SOCK_STREAM, 0);
	if (symlink("d/b", "in") || symlink("../outside", "up") || symlink("/etc", "abs") ||
	    symlink("..", "out") || symlink("d", "dd") || mkfifo("fifo", 0600) ||
	    symlink("loop", "loop") || symlink("d/../a", "through") ||
	    bind(one, (struct sockaddr *)&name, sizeof name))
		return -1;
	close(one);
	tree.root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = &tree;
	return tree.root < 0;
}

static int remove_tree(void **state)
{
	static const char *const names[] = { "a",    "d/b",     "in",     "up",
					     "abs",  "out",     "dd",     "fifo",
					     "loop", "through", "socket", "../outside" };
	struct tree *tree = *state;

	close(tree->root);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(names[i]);
	return rmdir("d") || chdir("/") || rmdir(strcat(tree->path, "/www")) ||
	       (tree->path[strlen(tree->path) - 4] = '\0', rmdir(tree->path));
}

/* Opens, reads one byte, and closes; 0 for a folder. */
static int first_byte(enum files_way way, const struct tree *tree, const char *name)
{
	int descriptor = files_open(way, tree->root, name);
	char byte = 0;

	if (descriptor < 0)
		return descriptor;
	(void)!read(descriptor, &byte, 1);
	close(descriptor);
	return byte;
}

static int lowest_free(void)
{
	int descriptor = dup(0);

	close(descriptor);
	return descriptor;
}

static void both_ways(void **state)
{
	static const enum files_way ways[] = { FILES_BENEATH, FILES_WALK };
	int free_one = lowest_free();

	for (size_t i = 0; i < 2; i++) {
		enum files_way way = ways[i];

		if (way == FILES_BENEATH && files_way_of_kernel() != FILES_BENEATH)
			continue;
		assert_int_equal(first_byte(way, *state, "a"), 'a');
		assert_int_equal(first_byte(way, *state, "d/b"), 'b');
		assert_int_equal(first_byte(way, *state, "d"), 0);
		assert_int_equal(first_byte(way, *state, "fifo"), 0);
		assert_int_equal(first_byte(way, *state, "none"), -ENOENT);
		assert_int_equal(first_byte(way, *state, "d/none/x"), -ENOENT);
		assert_int_equal(first_byte(way, *state, "a/b"), -ENOTDIR);
		assert_int_equal(first_byte(way, *state, "socket"), -ENXIO);
		assert_true(files_is_missing(first_byte(way, *state, "up")));
		assert_true(files_is_missing(first_byte(way, *state, "abs")));
		assert_true(files_is_missing(first_byte(way, *state, "abs/passwd")));
		assert_true(files_is_missing(first_byte(way, *state, "out/outside")));
		assert_true(files_is_missing(first_byte(way, *state, "loop")));
		assert_int_equal(lowest_free(), free_one);
	}
}

static void links_within(void **state)
{
	assert_int_equal(first_byte(FILES_WALK, *state, "in"), -ELOOP);
	assert_int_equal(first_byte(FILES_WALK, *state, "dd/b"), -ENOTDIR);
	if (files_way_of_kernel() != FILES_BENEATH)
		return;
	assert_int_equal(first_byte(FILES_BENEATH, *state, "in"), 'b');
	assert_int_equal(first_byte(FILES_BENEATH, *state, "dd/b"), 'b');
	assert_int_equal(first_byte(FILES_BENEATH, *state, "through"), 'a');
	assert_int_equal(first_byte(FILES_BENEATH, *state, "../outside"), -EXDEV);
}

struct renamer {
	atomic_bool runs, stop;
};

static void *rename_often(void *argument)
{
	struct renamer *renamer = argument;

	put_file("r1", "");
	while (!atomic_load(&renamer->stop)) {
		if (rename("r1", "r2") || rename("r2", "r1"))
			return argument;
		atomic_store(&renamer->runs, true);
	}
	unlink("r1");
	return NULL;
}

/* A link with ".." in it is followed while others rename: of single tries 2 % fail then. */
static void beside_renames(void **state)
{
	struct renamer renamer = { false, false };
	unsigned failed = 0, rounds = 50000;
	pthread_t thread;
	void *result;

	if (files_way_of_kernel() != FILES_BENEATH)
		skip();
	assert_int_equal(pthread_create(&thread, NULL, rename_often, &renamer), 0);
	while (!atomic_load(&renamer.runs))
		sched_yield();
	for (unsigned i = 0; i < rounds; i++)
		failed += first_byte(FILES_BENEATH, *state, "through") != 'a';
	atomic_store(&renamer.stop, true);
	pthread_join(thread, &result);
	assert_null(result);
	assert_in_range(failed, 0, rounds / 10000);
}

static void missing(void **state)
{
	(void)state;
	assert_true(files_is_missing(-ENOENT));
	assert_true(files_is_missing(-ELOOP));
	assert_false(files_is_missing(-EACCES));
	assert_false(files_is_missing(-EMFILE));
	assert_false(files_is_missing(-EIO));
}

/* ---- conditions ---- */

#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define EXACT  "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER  "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct files_validators CURRENT = { { "\"a-1\"", 5 }, 784111777 };

struct row {
	const char *match, *not_modified, *none_match, *modified;
	unsigned verdict;
};

static void judged(void **state)
{
	static const struct row rows[] = {
		{ NULL, NULL, NULL, NULL, 200 },
		{ "\"a-1\"", NULL, NULL, NULL, 200 },
		{ "*", NULL, NULL, NULL, 200 },
		{ "\"b\", \"a-1\"", NULL, NULL, NULL, 200 },
		{ "\"b\"", NULL, NULL, NULL, 412 },
		{ "W/\"a-1\"", NULL, NULL, NULL, 412 }, /* strong comparison */
		{ "", NULL, NULL, NULL, 412 },
		{ "a-1", NULL, NULL, NULL, 412 },
		{ "\"a-1\"", BEFORE, NULL, NULL, 200 }, /* the date is not looked at */
		{ "\"b\"", AFTER, NULL, NULL, 412 },
		{ NULL, BEFORE, NULL, NULL, 412 },
		{ NULL, EXACT, NULL, NULL, 200 },
		{ NULL, AFTER, NULL, NULL, 200 },
		{ NULL, "soon", NULL, NULL, 200 },
		{ NULL, NULL, "\"a-1\"", NULL, 304 },
		{ NULL, NULL, "W/\"a-1\"", NULL, 304 }, /* weak comparison */
		{ NULL, NULL, "*", NULL, 304 },
		{ NULL, NULL, "\"b\"", NULL, 200 },
		{ NULL, NULL, "\"a,b\", ,W/\"x\",\"a-1\"", NULL, 304 },
		{ NULL, NULL, "\"a-1", NULL, 200 },
		{ NULL, NULL, "\"a-1x\"", NULL, 200 },
		{ NULL, NULL, "a-1", NULL, 200 },
		{ NULL, NULL, "", NULL, 200 },
		{ NULL, NULL, "w/\"a-1\"", NULL, 200 }, /* the case matters */
		{ NULL, NULL, "\"b\"", AFTER, 200 },    /* the date is not looked at */
		{ NULL, NULL, "\"a-1\"", BEFORE, 304 },
		{ NULL, NULL, NULL, BEFORE, 200 },
		{ NULL, NULL, NULL, EXACT, 304 },
		{ NULL, NULL, NULL, AFTER, 304 },
		{ NULL, NULL, NULL, "never", 200 },
		{ "\"b\"", NULL, "\"a-1\"", NULL, 412 },
		{ "\"a-1\"", NULL, "\"a-1\"", NULL, 304 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		struct files_conditions asked = { .match = text(row->match),
						  .none_match = text(row->none_match),
						  .modified = text(row->modified),
						  .not_modified = text(row->not_modified) };

		if (files_judge(&asked, &CURRENT) != row->verdict)
			fail_msg("row %zu", i);
	}
}

struct range {
	const char *range;
	enum files_extent extent;
	uint64_t first, length;
};

static void ranges(void **state)
{
	static const struct range rows[] = {
		{ NULL, FILES_WHOLE, 0, 0 },
		{ "bytes=0-0", FILES_PART, 0, 1 },
		{ "bytes=0-", FILES_PART, 0, 100 },
		{ "BYTES=10-19", FILES_PART, 10, 10 },
		{ "bytes= 10-19", FILES_PART, 10, 10 },
		{ "bytes=90-1000", FILES_PART, 90, 10 },
		{ "bytes=99-", FILES_PART, 99, 1 },
		{ "bytes=5-99999999999999999999999", FILES_PART, 5, 95 },
		{ "bytes=-1", FILES_PART, 99, 1 },
		{ "bytes=-100", FILES_PART, 0, 100 },
		{ "bytes=-99999999999999999999999", FILES_PART, 0, 100 },
		{ "bytes=100-", FILES_OUTSIDE, 0, 0 },
		{ "bytes=100-200", FILES_OUTSIDE, 0, 0 },
		{ "bytes=99999999999999999999999-", FILES_OUTSIDE, 0, 0 },
		{ "bytes=-0", FILES_OUTSIDE, 0, 0 },
		{ "bytes=2-1", FILES_WHOLE, 0, 0 },
		{ "bytes=0-1,3-4", FILES_WHOLE, 0, 0 },
		{ "bytes=-1,3-4", FILES_WHOLE, 0, 0 },
		{ "bytes=", FILES_WHOLE, 0, 0 },
		{ "bytes=-", FILES_WHOLE, 0, 0 },
		{ "bytes=a-b", FILES_WHOLE, 0, 0 },
		{ "bytes=1", FILES_WHOLE, 0, 0 },
		{ "bytes=1-2x", FILES_WHOLE, 0, 0 },
		{ "bytes=0x1-2", FILES_WHOLE, 0, 0 },
		{ "bytes 1-2", FILES_WHOLE, 0, 0 },
		{ "items=1-2", FILES_WHOLE, 0, 0 },
		{ "", FILES_WHOLE, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct files_conditions asked = { .range = text(rows[i].range) };
		uint64_t first = 0, length = 0;

		if (files_extent(&asked, &CURRENT, 100, 0, &first, &length) != rows[i].extent ||
		    (rows[i].extent == FILES_PART &&
		     (first != rows[i].first || length != rows[i].length)))
			fail_msg("%s", rows[i].range);
	}
}

static void ranges_of_nothing(void **state)
{
	struct files_conditions asked = { .range = text("bytes=-5") };
	uint64_t first, length;

	(void)state;
	assert_int_equal(files_extent(&asked, &CURRENT, 0, 0, &first, &length), FILES_WHOLE);
	asked.range = text("bytes=0-");
	assert_int_equal(files_extent(&asked, &CURRENT, 0, 0, &first, &length), FILES_OUTSIDE);
}

static void conditional_ranges(void **state)
{
	static const struct {
		const char *if_range;
		int64_t now;
		enum files_extent extent;
	} rows[] = {
		{ "\"a-1\"", 784111777, FILES_PART }, { "W/\"a-1\"", 784111777, FILES_WHOLE },
		{ "\"b\"", 784111777, FILES_WHOLE },  { "*", 784111777, FILES_WHOLE },
		{ "", 784111777, FILES_WHOLE },       { EXACT, 784111778, FILES_PART },
		{ EXACT, 784111777, FILES_WHOLE }, /* it may change within the second */
		{ AFTER, 784111790, FILES_WHOLE },    { BEFORE, 784111790, FILES_WHOLE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct files_conditions asked = { .range = text("bytes=1-2"),
						  .if_range = text(rows[i].if_range) };
		uint64_t first, length;

		if (files_extent(&asked, &CURRENT, 100, rows[i].now, &first, &length) !=
		    rows[i].extent)
			fail_msg("row %zu", i);
	}
}

/* ---- weights, types ---- */

static void weights(void **state)
{
	static const struct {
		const char *accept;
		unsigned br, gzip, identity;
	} rows[] = {
		{ NULL, 0, 0, 7 },
		{ "", 0, 0, 7 },
		{ "gzip, deflate, br", 1000, 1000, 7 },
		{ "GZIP;q=0.5, br;q=1.000", 1000, 500, 7 },
		{ "br ; q=0.25 , gzip;Q=0", 250, 0, 7 },
		{ "*", 1000, 1000, 1000 },
		{ "*;q=0.1, br", 1000, 100, 100 },
		{ "br;q=0, *", 0, 1000, 1000 },
		{ "gzip;q=0.001,identity;q=0", 0, 1, 0 },
		{ "brotli, xgzip, gzipx", 0, 0, 7 },
		{ "br;q=1.001, gzip;q=2", 0, 0, 7 },
		{ "br;q=, gzip;q=x", 0, 0, 7 },
		{ "br;level=1, gzip;q=0.12345", 0, 0, 7 },
		{ ",,gzip,,", 0, 1000, 7 },
		{ "br;q=.5, gzip;q=1.", 0, 1000, 7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wye_text accept = text(rows[i].accept);

		if (files_weight(accept, "br", 0) != rows[i].br ||
		    files_weight(accept, "gzip", 0) != rows[i].gzip ||
		    files_weight(accept, "identity", 7) != rows[i].identity)
			fail_msg("%s", rows[i].accept);
	}
}

static void types(void **state)
{
	static const char *const known[] = { "3gp",  "7z",    "css", "html", "HTML", "js",
					     "json", "map",   "mjs", "png",  "svg",  "txt",
					     "wasm", "woff2", "xml", "zip",  "zst",  "br",
					     "gz",   "yml",   "webp" };

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (!files_type(known[i]))
			fail_msg("%s", known[i]);
	assert_string_equal(files_type("html"), "text/html; charset=utf-8");
	assert_string_equal(files_type("json"), "application/json");
	assert_null(files_type("exe"));
	assert_null(files_type(""));
	assert_null(files_type(NULL));
	assert_string_equal(files_ending("a.b/c.d.e"), "e");
	assert_string_equal(files_ending("c."), "");
	assert_null(files_ending("a.b/c"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(refused_names),
		cmocka_unit_test(long_names),
		cmocka_unit_test_setup_teardown(both_ways, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(links_within, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(beside_renames, make_tree, remove_tree),
		cmocka_unit_test(missing),
		cmocka_unit_test(judged),
		cmocka_unit_test(ranges),
		cmocka_unit_test(ranges_of_nothing),
		cmocka_unit_test(conditional_ranges),
		cmocka_unit_test(weights),
		cmocka_unit_test(types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
