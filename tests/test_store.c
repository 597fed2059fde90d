/* SPDX-License-Identifier: MIT */
/* The files of a cache: folders, damage, other users, other processes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/store.h"
#include "tests/failmalloc.h"
#include "tests/harness.h"

static char *folder;

static void open_folder(const char *named)
{
	REQUIRE(store_folder(named, &folder) == 0);
}

static int replace(char octet, size_t n)
{
	uint8_t content[4096];

	memset(content, octet, sizeof(content));
	return store_replace(folder, "file", bytes(content, n));
}

static void files(void)
{
	uint8_t *content;
	size_t n = 7;

	open_folder("test-cache/a/b");
	CHECK_STR(folder, "test-cache/a/b");
	CHECK_INT(store_read(folder, "file", 100, &content, &n), -ENOENT);
	CHECK_INT(n, 7);
	CHECK_INT(replace('x', 100), 0);
	REQUIRE(store_read(folder, "file", 100, &content, &n) == 0);
	CHECK_INT(n, 100);
	CHECK_INT(content[99], 'x');
	free(content);
	CHECK_INT(store_read(folder, "file", 99, &content, &n), -EFBIG);
	CHECK_INT(store_read("test-cache", "a", 100, &content, &n), -EISDIR);
	CHECK_INT(replace('y', 0), 0);
	REQUIRE(store_read(folder, "file", 100, &content, &n) == 0);
	CHECK_INT(n, 0);
	free(content);
	CHECK_INT(mkfifo("test-cache/a/b/pipe", 0600), 0);
	CHECK_INT(store_read(folder, "pipe", 100, &content, &n), -EINVAL);
	remove("test-cache/a/b/pipe");
	/* A folder in the file's place is told: nothing is left over. */
	CHECK_INT(mkdir("test-cache/a/b/folder", 0700), 0);
	CHECK_INT(store_replace(folder, "folder", bytes("x", 1)), -EISDIR);
	CHECK(store_exists(folder, "folder") && store_exists(folder, "file"));
	CHECK(!store_exists(folder, "nothing") && !store_exists("test-cache/no", "file"));
	remove("test-cache/a/b/folder");
	remove("test-cache/a/b/file");
	CHECK_INT(remove("test-cache/a/b"), 0);
	CHECK_INT(replace('x', 1), -ENOENT);
	remove("test-cache/a");
	remove("test-cache");
	free(folder);
}

static void folders(void)
{
	char *was = getenv("XDG_CACHE_HOME") ? strdup(getenv("XDG_CACHE_HOME")) : NULL;
	char *home = strdup(getenv("HOME") ? getenv("HOME") : "/"), here[2048];
	char expected[2100];

	REQUIRE(getcwd(here, sizeof(here) - 20) != NULL);
	strcat(here, "/test-cache-home");
	snprintf(expected, sizeof(expected), "%s/blewire", here);
	setenv("XDG_CACHE_HOME", here, 1);
	open_folder(NULL);
	CHECK_STR(folder, expected);
	CHECK_INT(remove(folder), 0);
	free(folder);
	setenv("XDG_CACHE_HOME", "relative", 1);
	setenv("HOME", here, 1);
	snprintf(expected, sizeof(expected), "%s/.cache/blewire", here);
	open_folder(NULL);
	CHECK_STR(folder, expected);
	remove(folder);
	snprintf(expected, sizeof(expected), "%s/.cache", here);
	CHECK_INT(remove(expected), 0);
	CHECK_INT(remove(here), 0);
	free(folder);
	setenv("HOME", "relative", 1);
	CHECK_INT(store_folder(NULL, &folder), -ENOENT);
	setenv("HOME", "", 1);
	CHECK_INT(store_folder(NULL, &folder), -ENOENT);
	unsetenv("HOME");
	CHECK_INT(store_folder(NULL, &folder), -ENOENT);
	unsetenv("XDG_CACHE_HOME");
	CHECK_INT(store_folder(NULL, &folder), -ENOENT);
	CHECK(access("relative", F_OK) != 0);
	CHECK_INT(store_folder("", &folder), -EINVAL);
	CHECK_INT(store_folder("/dev/null/x", &folder), -ENOTDIR);
	setenv("HOME", home, 1);
	if (was)
		setenv("XDG_CACHE_HOME", was, 1);
	else
		unsetenv("XDG_CACHE_HOME");
	free(home);
	free(was);
}

static unsigned int mode_of(const char *name)
{
	char path[2200];
	struct stat seen;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	REQUIRE(stat(path, &seen) == 0);
	return seen.st_mode & 0777;
}

/* Nobody else's business, whatever the umask is and the folder was. */
static void for_this_user_alone(void)
{
	char *was = getenv("XDG_CACHE_HOME") ? strdup(getenv("XDG_CACHE_HOME")) : NULL;
	char here[2048], path[2200];
	mode_t mask = umask(0);

	REQUIRE(getcwd(here, sizeof(here) - 20) != NULL);
	strcat(here, "/test-cache-mode");
	setenv("XDG_CACHE_HOME", here, 1);
	for (int i = 0; i < 3; i++) {
		open_folder(NULL);
		CHECK_INT(mode_of("."), 0700);
		CHECK_INT(replace('x', 10), 0);
		CHECK_INT(mode_of("file"), 0600);
		snprintf(path, sizeof(path), "%s/file", folder);
		CHECK_INT(chmod(path, 0666), 0);
		CHECK_INT(chmod(folder, i ? 0770 : 0707), 0);
		if (i == 2) {
			CHECK_INT(remove(path), 0);
			CHECK_INT(remove(folder), 0);
		}
		free(folder);
	}
	CHECK_INT(remove(here), 0);
	/* One that is named is left as who named it wants it. */
	umask(mask);
	CHECK_INT(mkdir("test-cache-shared", 0700), 0);
	CHECK_INT(chmod("test-cache-shared", 0775), 0);
	open_folder("test-cache-shared");
	CHECK_INT(mode_of("."), 0775);
	CHECK_INT(replace('x', 10), 0);
	CHECK_INT(mode_of("file"), 0600);
	remove("test-cache-shared/file");
	CHECK_INT(remove("test-cache-shared"), 0);
	free(folder);
	if (was)
		setenv("XDG_CACHE_HOME", was, 1);
	else
		unsetenv("XDG_CACHE_HOME");
	free(was);
}

static bool is_ours(const char *name)
{
	return strncmp(name, "tree", 4) == 0;
}

static bool is_there(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "test-cache-many/%s", name);
	return access(path, F_OK) == 0;
}

static void touch(const char *name, time_t when)
{
	const struct timespec times[2] = { { when, 0 }, { when, 0 } };
	char path[64];

	snprintf(path, sizeof(path), "test-cache-many/%s", name);
	CHECK_INT(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int add_tree(int number)
{
	char name[16];
	int error;

	snprintf(name, sizeof(name), "tree%d", number);
	error = store_replace(folder, name, bytes("x", 1));
	touch(name, 100 + number);
	return error;
}

/* Too many: the least recently used go, an eighth at once. */
static void not_too_many(void)
{
	uint8_t *content;
	size_t n;

	open_folder("test-cache-many");
	CHECK_INT(store_replace(folder, "mine", bytes("x", 1)), 0);
	touch("mine", 1);
	for (int i = 0; i < 16; i++)
		CHECK_INT(add_tree(i), 0);
	CHECK_INT(store_trim(folder, is_ours, 16), 0);
	CHECK(is_there("tree0"));
	CHECK_INT(add_tree(16), 0);
	REQUIRE(store_read(folder, "tree1", 100, &content, &n) == 0);
	free(content);
	CHECK_INT(store_trim(folder, is_ours, 16), 0); /* 14 are left of 17 */
	CHECK(!is_there("tree0") && is_there("tree1") && !is_there("tree2"));
	CHECK(!is_there("tree3") && is_there("tree4") && is_there("tree16"));
	CHECK_INT(add_tree(17), 0);
	CHECK_INT(add_tree(18), 0);
	CHECK_INT(store_trim(folder, is_ours, 16), 0); /* just enough */
	CHECK(is_there("tree4"));
	/* Something that cannot be removed is in nobody's way. */
	CHECK_INT(mkdir("test-cache-many/tree-folder", 0700), 0);
	CHECK_INT(store_trim(folder, is_ours, 16), 0);
	CHECK(!is_there("tree4") && !is_there("tree5") && is_there("tree6"));
	remove("test-cache-many/tree-folder");
	CHECK(is_there("tree18") && is_there("mine"));
	CHECK_INT(store_trim(folder, is_ours, 0), 0);
	for (int i = 0; i < 20; i++)
		store_trim(folder, is_ours, 0);
	CHECK(is_there("mine"));
	CHECK(!is_there("tree18"));
	remove("test-cache-many/mine");
	CHECK_INT(remove("test-cache-many"), 0);
	CHECK_INT(store_trim(folder, is_ours, 7), -ENOENT);
	free(folder);
}

/* In a folder to which others can write: what they put there is not believed, a
 * link is not followed, and what we write replaces it. */
static void files_of_others(void)
{
	const char *file = "test-cache-others/file";
	uint8_t *content;
	size_t n;

	CHECK_INT(mkdir("test-cache-others", 0700), 0);
	CHECK_INT(chmod("test-cache-others", 0777), 0);
	open_folder("test-cache-others");
	CHECK_INT(replace('x', 10), 0);
	for (unsigned int mode = 0; mode < 0777; mode++) {
		int expected = mode & 022 ? -EPERM : 0;

		if (!(mode & 0400))
			continue;
		harness_about("mode %03o", mode);
		CHECK_INT(chmod(file, (mode_t)mode), 0);
		CHECK_INT(store_read(folder, "file", 100, &content, &n), expected);
		if (!expected)
			free(content);
	}
	harness_about(NULL);
	CHECK_INT(replace('y', 10), 0);
	REQUIRE(store_read(folder, "file", 100, &content, &n) == 0);
	CHECK_INT(content[0], 'y');
	free(content);
	/* A link, to a file that would be believed */
	CHECK_INT(rename(file, "test-cache-others/target"), 0);
	CHECK_INT(symlink("target", file), 0);
	CHECK(store_exists(folder, "file"));
	CHECK_INT(store_read(folder, "file", 100, &content, &n), -ELOOP);
	CHECK_INT(replace('z', 5), 0);
	REQUIRE(store_read(folder, "file", 100, &content, &n) == 0);
	CHECK_INT(n, 5);
	free(content);
	REQUIRE(store_read(folder, "target", 100, &content, &n) == 0);
	CHECK_INT(n, 10);
	free(content);
	if (geteuid() == 0) {
		CHECK_INT(chown(file, 12345, (gid_t)-1), 0);
		CHECK_INT(store_read(folder, "file", 100, &content, &n), -EPERM);
		CHECK_INT(seteuid(12345), 0);
		/* Its own, and root's */
		REQUIRE(store_read(folder, "file", 100, &content, &n) == 0);
		free(content);
		CHECK_INT(seteuid(0), 0);
		CHECK_INT(chmod("test-cache-others/target", 0644), 0);
		CHECK_INT(seteuid(12345), 0);
		REQUIRE(store_read(folder, "target", 100, &content, &n) == 0);
		free(content);
		CHECK_INT(seteuid(0), 0);
	} else {
		puts("SKIP: files of another user: only root can make them");
	}
	remove(file);
	remove("test-cache-others/target");
	CHECK_INT(remove("test-cache-others"), 0);
	free(folder);
}

static int replace_and_read(void *user)
{
	uint8_t *content;
	size_t n;
	int error = replace('x', 10);

	(void)user;
	if (!error)
		error = store_read(folder, "file", 100, &content, &n);
	if (!error)
		free(content);
	if (!error)
		error = store_trim(folder, is_ours, 0);
	return error;
}

static void without_memory(void)
{
	open_folder("test-cache-memory");
	CHECK_INT(store_replace(folder, "tree", bytes("x", 1)), 0);
	CHECK_INT(mkdir("test-cache-memory/tree-folder", 0700), 0);
	CHECK(fail_each(replace_and_read, NULL) >= 3);
	remove("test-cache-memory/tree-folder");
	remove("test-cache-memory/file");
	CHECK_INT(remove("test-cache-memory"), 0);
	free(folder);
}

/* Two write, one reads: what is read is always one of the two, whole. */
static void several_processes(void)
{
	pid_t writers[2];
	unsigned int seen[2] = { 0, 0 };

	open_folder("test-cache-shared");
	CHECK_INT(replace('a', 4096), 0);
	fflush(stdout);
	for (int w = 0; w < 2; w++) {
		writers[w] = fork();
		REQUIRE(writers[w] >= 0);
		if (writers[w])
			continue;
		for (int i = 0; i < 100; i++)
			if (replace((char)('a' + w), w ? 1000 : 4096))
				_exit(1);
		_exit(0);
	}
	for (int left = 2, status; left;) {
		uint8_t *content;
		size_t n;

		REQUIRE(store_read(folder, "file", 4096, &content, &n) == 0);
		CHECK_INT(n, content[0] == 'a' ? 4096 : 1000);
		CHECK_INT(content[n - 1], content[0]);
		seen[content[0] == 'b']++;
		free(content);
		if (waitpid(-1, &status, WNOHANG) > 0) {
			CHECK_INT(status, 0);
			left--;
		}
	}
	CHECK(seen[0] && seen[1]);
	CHECK_INT(remove("test-cache-shared/file"), 0);
	CHECK_INT(remove("test-cache-shared"), 0);
	free(folder);
}

int main(int argc, char **argv)
{
	static const struct test_case stores[] = {
		TEST(files), TEST(folders), TEST(for_this_user_alone), TEST(not_too_many),
		TEST(files_of_others), TEST(without_memory), TEST(several_processes), { 0 },
	};
	static const struct test_suite suites[] = { { "files", stores }, { 0 } };

	return harness_main(argc, argv, suites);
}
