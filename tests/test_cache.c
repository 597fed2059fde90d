/* SPDX-License-Identifier: MIT */
/* Trees as bytes, and the files that they are kept in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/store.h"
#include "gatt/cache.h"
#include "tests/failmalloc.h"
#include "tests/harness.h"

enum { MAX = 2048, COUNTS = 31, ITEMS = 39 };

static const struct gatt_cache_key key = {
	{ { 1, 2, 3, 4, 5, 0xc6 }, BLE_ADDRESS_RANDOM },
	{ 9, 8, 7 },
};

static uint8_t *data;
static size_t len;

/* Two services with an include, characteristics with and without descriptors. */
static int make_tree(struct ble_services *tree)
{
	static const struct ble_service services[] = {
		{ .handle = 1, .end = 9, .primary = true },
		{ .handle = 16, .end = 0xffff },
	};
	static const struct ble_characteristic characteristics[] = {
		{ .handle = 3, .value_handle = 4, .properties = BLE_READ },
		{ .handle = 5, .value_handle = 7, .properties = BLE_NOTIFY },
		{ .handle = 17, .value_handle = 18, .properties = BLE_INDICATE },
	};
	static const struct ble_descriptor descriptors[] = {
		{ .handle = 8 }, { .handle = 9 }, { .handle = 19 }, { .handle = 0xffff },
	};
	static const struct ble_include include = { .handle = 2, .start = 16,
						    .end = 0xffff };
	int error = 0;

	memset(tree, 0, sizeof(*tree));
	for (size_t i = 0; i < 2 && !error; i++)
		error = gatt_tree_add_service(tree, &services[i]);
	for (size_t i = 0; i < 3 && !error; i++)
		error = gatt_tree_add_characteristic(tree, &characteristics[i]);
	for (size_t i = 0; i < 4 && !error; i++)
		error = gatt_tree_add_descriptor(tree, &descriptors[i]);
	if (!error)
		error = gatt_tree_add_include(tree, &include);
	for (size_t i = 0; i < tree->n_characteristics; i++)
		tree->characteristics[i].uuid = ble_uuid16((uint16_t)(0x2a00 + i));
	if (error)
		return error;
	gatt_tree_settle(tree);
	gatt_tree_tie(tree, NULL);
	return 0;
}

static void pack(void)
{
	struct ble_services tree;

	REQUIRE(make_tree(&tree) == 0);
	REQUIRE(gatt_cache_pack(&key, &tree, &data, &len) == 0);
	CHECK(len < MAX);
	gatt_tree_clear(&tree);
}

static int unpack(const uint8_t *octets, size_t n)
{
	struct ble_services tree;
	int error = gatt_cache_unpack(bytes(octets, n), &key, &tree);

	if (error)
		return error;
	/* Whatever it was: all of it can be walked. */
	gatt_tree_tie(&tree, NULL);
	for (size_t i = 0; i < tree.n_descriptors; i++)
		CHECK(tree.descriptors[i].characteristic != NULL);
	for (size_t i = 0; i < tree.n_characteristics; i++) {
		const struct ble_characteristic *c = &tree.characteristics[i];

		REQUIRE(c->service != NULL);
		CHECK(c->handle > c->service->handle && c->end <= c->service->end);
		CHECK(c->value_handle > c->handle && c->value_handle <= c->end);
	}
	gatt_tree_clear(&tree);
	return 0;
}

static void there_and_back(void)
{
	struct ble_services was, is;

	pack();
	REQUIRE(make_tree(&was) == 0);
	REQUIRE(gatt_cache_unpack(bytes(data, len), &key, &is) == 0);
	gatt_tree_tie(&is, NULL);
	CHECK_INT(is.n_services, 2);
	REQUIRE(is.n_characteristics == 3);
	CHECK_INT(is.n_descriptors, 4);
	CHECK_INT(is.n_includes, 1);
	for (size_t i = 0; i < 3; i++) {
		const struct ble_characteristic *a = &was.characteristics[i];
		const struct ble_characteristic *b = &is.characteristics[i];

		CHECK_INT(b->handle, a->handle);
		CHECK_INT(b->value_handle, a->value_handle);
		CHECK_INT(b->end, a->end);
		CHECK_INT(b->properties, a->properties);
		CHECK_INT(b->n_descriptors, a->n_descriptors);
		CHECK_INT(b->service->handle, a->service->handle);
		CHECK(ble_uuid_equal(&a->uuid, &b->uuid));
	}
	CHECK_INT(is.services[0].primary, true);
	CHECK_INT(is.services[1].primary, false);
	CHECK_INT(is.includes[0].start, 16);
	gatt_tree_clear(&was);
	gatt_tree_clear(&is);
	free(data);
}

/* Short ones, a long one, and each octet another. */
static void damaged(void)
{
	uint8_t copy[MAX];

	pack();
	for (size_t n = 0; n < len; n++) {
		uint8_t *part = malloc(n ? n : 1); /* its end is watched */

		REQUIRE(part != NULL);
		memcpy(part, data, n);
		CHECK_INT(unpack(part, n), -EBADMSG);
		free(part);
	}
	memcpy(copy, data, len);
	copy[len] = 0;
	CHECK_INT(unpack(copy, len + 1), -EBADMSG);
	for (size_t i = 0; i < len; i++) {
		copy[i] ^= 0x40;
		CHECK_INT(unpack(copy, len), -EBADMSG);
		copy[i] ^= 0x40;
	}
	CHECK_INT(unpack(copy, len), 0);
	free(data);
}

/* The sum that belongs to it, as gatt/cache.h says. */
static void sign(uint8_t *octets, size_t n)
{
	uint32_t sum = UINT32_C(2166136261);

	for (size_t i = 0; i < n - 4; i++)
		sum = (sum ^ octets[i]) * UINT32_C(16777619);
	put_le32(octets + n - 4, sum);
}

/* With the right sum: of another peer, another hash, with handles that lie. */
static void lying(void)
{
	static const struct {
		size_t at;
		uint8_t octet;
		int error;
	} lies[] = {
		{ 0, 'b', -EBADMSG },              /* no tree */
		{ 7, 2, -EBADMSG },                /* a later version */
		{ 8, 2, -ENOENT },                 /* address */
		{ 14, BLE_ADDRESS_PUBLIC, -ENOENT },
		{ 15 + 15, 1, -ENOENT },           /* hash */
		{ COUNTS, 3, -EBADMSG },           /* one more service than there is */
		{ COUNTS + 1, 0xff, -EBADMSG },
		{ ITEMS, 0, -EBADMSG },            /* handle 0 */
		{ ITEMS + 2, 0, -EBADMSG },        /* ends before it starts */
		{ ITEMS + 2, 16, -EBADMSG },       /* into the next one */
		{ ITEMS + 4, 2, -EBADMSG },        /* neither primary nor not */
		{ ITEMS + 21, 9, -EBADMSG },       /* not in their order */
		{ ITEMS + 42, 1, -EBADMSG },       /* where the service stands */
		{ ITEMS + 42, 10, -EBADMSG },      /* in no service */
		{ ITEMS + 44, 3, -EBADMSG },       /* its value is it */
		{ ITEMS + 44, 10, -EBADMSG },      /* behind its service */
		{ ITEMS + 44, 6, -EBADMSG },       /* behind the next one */
		{ ITEMS + 105, 7, -EBADMSG },      /* a descriptor as value */
		{ ITEMS + 105, 10, -EBADMSG },     /* of nothing */
		{ ITEMS + 105, 9, -EBADMSG },      /* twice */
		{ ITEMS + 177, 0, -EBADMSG },      /* an include at 0 */
		{ ITEMS + 177, 12, -EBADMSG },     /* of no service */
		{ ITEMS + 4, 0, 0 },               /* such a tree there is */
	};
	uint8_t copy[MAX];

	pack();
	CHECK_INT(len, ITEMS + 177 + 22 + 4);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		memcpy(copy, data, len);
		copy[lies[i].at] = lies[i].octet;
		sign(copy, len);
		harness_about("lie %zu", i);
		CHECK_INT(unpack(copy, len), lies[i].error);
	}
	harness_about(NULL);
	free(data);
}

/* Anything with a right sum is a tree or is none, and harms nobody. */
static void random_lies(void)
{
	unsigned int trees = 0;
	uint8_t copy[MAX];

	pack();
	for (int i = 0; i < 20000; i++) {
		uint32_t lies = 1 + harness_below(3);

		memcpy(copy, data, len);
		while (lies--)
			copy[ITEMS + harness_below((uint32_t)len - ITEMS - 4)] =
				(uint8_t)harness_random();
		sign(copy, len);
		trees += !unpack(copy, len);
	}
	CHECK(trees > 0 && trees < 20000);
	free(data);
}

static int all_of_it(void *user)
{
	struct ble_services tree;
	int error = make_tree(&tree);

	(void)user;
	data = NULL;
	if (!error)
		error = gatt_cache_pack(&key, &tree, &data, &len);
	gatt_tree_clear(&tree);
	if (!error)
		error = unpack(data, len);
	free(data);
	return error;
}

static void without_memory(void)
{
	CHECK(fail_each(all_of_it, NULL) > 8);
}

/* -- Files ------------------------------------------------------------------------------ */

#ifndef _WIN32
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
	CHECK_INT(store_read("test-cache", "a", 100, &content, &n), -EINVAL);
	CHECK_INT(replace('y', 0), 0);
	REQUIRE(store_read(folder, "file", 100, &content, &n) == 0);
	CHECK_INT(n, 0);
	free(content);
	CHECK_INT(mkfifo("test-cache/a/b/pipe", 0600), 0);
	CHECK_INT(store_read(folder, "pipe", 100, &content, &n), -EINVAL);
	remove("test-cache/a/b/pipe");
	/* A folder in the file's place: nothing is left over. */
	CHECK_INT(mkdir("test-cache/a/b/folder", 0700), 0);
	CHECK(store_replace(folder, "folder", bytes("x", 1)) < 0);
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
	unsetenv("HOME");
	CHECK_INT(store_folder(NULL, &folder), -ENOENT);
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

/* They do not become more and more. */
static void not_too_many(void)
{
	uint8_t *content;
	char name[16];
	size_t n;

	open_folder("test-cache-many");
	CHECK_INT(store_replace(folder, "mine", bytes("x", 1)), 0);
	touch("mine", 1);
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "tree%d", i);
		CHECK_INT(store_replace(folder, name, bytes("x", 1)), 0);
		touch(name, 100 + i);
	}
	CHECK_INT(store_trim(folder, is_ours, 10), 0);
	CHECK(is_there("tree0"));
	REQUIRE(store_read(folder, "tree1", 100, &content, &n) == 0);
	free(content);
	CHECK_INT(store_trim(folder, is_ours, 7), 0);
	CHECK(!is_there("tree0") && is_there("tree1") && !is_there("tree2"));
	CHECK(is_there("tree3"));
	CHECK_INT(store_trim(folder, is_ours, 7), 0);
	CHECK(!is_there("tree3") && is_there("tree4"));
	CHECK_INT(store_trim(folder, is_ours, 7), 0);
	CHECK(is_there("tree4") && is_there("mine"));
	for (int i = 0; i < 5; i++)
		CHECK_INT(store_trim(folder, is_ours, 0), 0);
	CHECK(is_there("mine"));
	remove("test-cache-many/mine");
	CHECK_INT(remove("test-cache-many"), 0);
	CHECK_INT(store_trim(folder, is_ours, 7), -ENOENT);
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
#endif

static const struct test_case trees[] = {
	TEST(there_and_back), TEST(damaged), TEST(lying), TEST(random_lies),
	TEST(without_memory), { 0 }
};

static const struct test_case stores[] = {
#ifndef _WIN32
	TEST(files), TEST(folders), TEST(for_this_user_alone), TEST(not_too_many),
	 TEST(several_processes),
#endif
	{ 0 }
};

static const struct test_suite suites[] = {
	{ "trees", trees }, { "files", stores }, { 0 }
};

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
