/* SPDX-License-Identifier: MIT */
/* Files of a cache on a POSIX system. */
#define _POSIX_C_SOURCE 200809L /* openat, O_CLOEXEC, O_NOFOLLOW */
#include "base/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Joins folder and name with a slash. NULL: no memory. */
static char *join(const char *a, const char *b, const char *behind)
{
	size_t size = strlen(a) + strlen(b) + strlen(behind) + 2;
	char *path = malloc(size);

	if (path)
		snprintf(path, size, "%s/%s%s", a, b, behind);
	return path;
}

/* Creates the folder and those above it. */
static int make_folder(char *path)
{
	for (char *slash = path + 1; *slash; slash++) {
		int failed;

		if (*slash != '/')
			continue;
		*slash = '\0';
		failed = mkdir(path, 0700) && errno != EEXIST ? errno : 0;
		*slash = '/';
		/* A folder that is not writable may already hold the next one. */
		if (failed && failed != EROFS && failed != EACCES)
			return -failed;
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

/* The user may have created the default folder with access for others. A folder that
 * the caller named keeps its mode. */
static int close_to_others(const char *folder, const struct stat *seen)
{
	if (!(seen->st_mode & 077) || seen->st_uid != geteuid())
		return 0;
	return chmod(folder, 0700) ? -errno : 0;
}

int store_folder(const char *named, char **ret_folder)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *folder = NULL;
	struct stat seen;
	int error;

	if (named)
		folder = *named ? strdup(named) : NULL;
	else if (xdg && *xdg == '/') /* relative ones are to be ignored, it says */
		folder = join(xdg, "blewire", "");
	else if (home && *home == '/')
		folder = join(home, ".cache", "/blewire");
	else
		return -ENOENT;
	if (!folder)
		return named && !*named ? -EINVAL : -ENOMEM;
	error = make_folder(folder);
	if (!error && stat(folder, &seen))
		error = -errno;
	if (!error && !S_ISDIR(seen.st_mode))
		error = -ENOTDIR;
	if (!error && !named)
		error = close_to_others(folder, &seen);
	if (error)
		free(folder);
	else
		*ret_folder = folder;
	return error;
}

static int open_folder(const char *folder)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 ? -errno : dir;
}

/* -- Reading ----------------------------------------------------------------------- */

/* Others may have put it there, where they can write to the folder. */
static int check_file(const struct stat *seen, size_t max)
{
	if (S_ISDIR(seen->st_mode))
		return -EISDIR;
	if (!S_ISREG(seen->st_mode))
		return -EINVAL;
	if ((seen->st_uid != geteuid() && seen->st_uid != 0) || (seen->st_mode & 022))
		return -EPERM;
	return seen->st_size < 0 || (uintmax_t)seen->st_size > max ? -EFBIG : 0;
}

static int read_all(int fd, size_t max, uint8_t **ret_data, size_t *ret_len)
{
	struct stat seen;
	uint8_t *data;
	size_t len = 0, size;
	int error = fstat(fd, &seen) ? -errno : check_file(&seen, max);

	if (error)
		return error;
	size = (size_t)seen.st_size;
	data = malloc(size + 1);
	if (!data)
		return -ENOMEM;
	while (len < size) {
		ssize_t part = read(fd, data + len, size - len);

		if (part < 0 && errno == EINTR)
			continue;
		if (part <= 0) {
			free(data);
			return part ? -errno : -EIO; /* it shrank */
		}
		len += (size_t)part;
	}
	*ret_data = data;
	*ret_len = len;
	return 0;
}

int store_read(const char *folder, const char *name, size_t max,
	       uint8_t **ret_data, size_t *ret_len)
{
	int dir = open_folder(folder), fd, error;

	if (dir < 0)
		return dir;
	/* O_NONBLOCK: a FIFO in its place must not make us wait. */
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	error = fd < 0 ? -errno : read_all(fd, max, ret_data, ret_len);
	if (!error)
		futimens(fd, NULL); /* for store_trim(); it may fail */
	if (fd >= 0)
		close(fd);
	close(dir);
	return error;
}

bool store_exists(const char *folder, const char *name)
{
	int dir = open_folder(folder);
	struct stat seen;
	bool exists;

	if (dir < 0)
		return false;
	exists = !fstatat(dir, name, &seen, AT_SYMLINK_NOFOLLOW);
	close(dir);
	return exists;
}

/* -- Writing ----------------------------------------------------------------------- */

static int write_all(int fd, struct ble_bytes content)
{
	while (content.len) {
		ssize_t part = write(fd, content.data, content.len);

		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return -errno;
		content.data += part;
		content.len -= (size_t)part;
	}
	return 0;
}

/* A new file beside name, whose own name gets six letters behind it. */
static int open_temporary(int dir, char *temporary)
{
	char *letters = temporary + strlen(temporary) - 6;

	for (int i = 0; i < 100; i++) {
		struct timespec now;
		uint64_t number;
		int fd;

		clock_gettime(CLOCK_MONOTONIC, &now);
		number = ((uint64_t)now.tv_nsec << 16) ^ ((uint64_t)now.tv_sec << 8) ^
			 (uint64_t)getpid();
		for (int k = 0; k < 6; k++) {
			letters[k] = (char)('a' + number % 26);
			number /= 26;
		}
		fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
	}
	return -EEXIST;
}

static int replace_in(int dir, const char *name, char *temporary,
		      struct ble_bytes content)
{
	struct stat seen;
	int fd, error;

	if (!fstatat(dir, name, &seen, AT_SYMLINK_NOFOLLOW) && S_ISDIR(seen.st_mode))
		return -EISDIR;
	fd = open_temporary(dir, temporary);
	if (fd < 0)
		return fd;
	error = write_all(fd, content);
	if (close(fd) && !error)
		error = -errno;
	if (!error && renameat(dir, temporary, dir, name))
		error = -errno;
	if (error)
		unlinkat(dir, temporary, 0);
	return error;
}

int store_replace(const char *folder, const char *name, struct ble_bytes content)
{
	size_t size = strlen(name) + 8;
	char *temporary = malloc(size);
	int dir, error;

	if (!temporary)
		return -ENOMEM;
	snprintf(temporary, size, "%s.XXXXXX", name);
	dir = open_folder(folder);
	error = dir < 0 ? dir : replace_in(dir, name, temporary, content);
	if (dir >= 0)
		close(dir);
	free(temporary);
	return error;
}

/* -- How many there are ------------------------------------------------------------ */

struct entry {
	struct timespec used;
	char name[40];
};

static int by_age(const void *a, const void *b)
{
	const struct timespec *s = &((const struct entry *)a)->used;
	const struct timespec *t = &((const struct entry *)b)->used;

	if (s->tv_sec != t->tv_sec)
		return s->tv_sec < t->tv_sec ? -1 : 1;
	return (s->tv_nsec > t->tv_nsec) - (s->tv_nsec < t->tv_nsec);
}

/* The next one that ours() knows; NULL at the end. */
static const char *next_name(DIR *dir, bool (*ours)(const char *name))
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (ours(entry->d_name) &&
		    strlen(entry->d_name) < sizeof(((struct entry *)0)->name))
			return entry->d_name;
	}
	return NULL;
}

static unsigned int count(DIR *dir, bool (*ours)(const char *name), unsigned int most)
{
	unsigned int n = 0;

	while (n < most && next_name(dir, ours))
		n++;
	rewinddir(dir);
	return n;
}

/* Up to room files of ours, with the time of their last use. */
static size_t collect(DIR *dir, bool (*ours)(const char *name),
		      struct entry *entries, size_t room)
{
	const char *name;
	struct stat seen;
	size_t n = 0;

	while (n < room && (name = next_name(dir, ours))) {
		if (fstatat(dirfd(dir), name, &seen, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(seen.st_mode))
			continue;
		entries[n].used = seen.st_mtim;
		snprintf(entries[n].name, sizeof(entries[n].name), "%s", name);
		n++;
	}
	return n;
}

static int sweep(DIR *dir, bool (*ours)(const char *name), size_t room, size_t keep)
{
	struct entry *entries = calloc(room, sizeof(*entries));
	size_t n;

	if (!entries)
		return -ENOMEM;
	n = collect(dir, ours, entries, room);
	qsort(entries, n, sizeof(*entries), by_age);
	for (size_t i = 0; i + keep < n; i++)
		unlinkat(dirfd(dir), entries[i].name, 0);
	free(entries);
	return 0;
}

int store_trim(const char *folder, bool (*ours)(const char *name), unsigned int most)
{
	DIR *dir = opendir(folder);
	unsigned int room = 2 * most + 1; /* no more are looked at */
	int error = 0;

	if (!dir)
		return -errno;
	if (count(dir, ours, most + 1) > most)
		error = sweep(dir, ours, room, most - most / 8);
	closedir(dir);
	return error;
}
