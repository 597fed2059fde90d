/* SPDX-License-Identifier: MIT */
/* Files of a cache on a POSIX system. */
#define _POSIX_C_SOURCE 200809L /* mkstemp, O_CLOEXEC */
#include "base/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* a/b with what stands behind; NULL: no memory. */
static char *join(const char *a, const char *b, const char *behind)
{
	size_t size = strlen(a) + strlen(b) + strlen(behind) + 2;
	char *path = malloc(size);

	if (path)
		snprintf(path, size, "%s/%s%s", a, b, behind);
	return path;
}

/* With the folders above it. */
static int make_folder(char *path)
{
	for (char *slash = path + 1; *slash; slash++) {
		int failed;

		if (*slash != '/')
			continue;
		*slash = '\0';
		failed = mkdir(path, 0700) && errno != EEXIST ? errno : 0;
		*slash = '/';
		/* What cannot be written to may still hold what is next. */
		if (failed && failed != EROFS && failed != EACCES)
			return -failed;
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

/* One that was made in another way, or by hand. Those that are named to us are
 * whoever's who named them. */
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
	else if (xdg && *xdg == '/') /* others are to be ignored, as it says */
		folder = join(xdg, "blewire", "");
	else if (home && *home)
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

static int read_all(int fd, size_t max, uint8_t **ret_data, size_t *ret_len)
{
	struct stat seen;
	uint8_t *data;
	size_t len = 0, size;

	if (fstat(fd, &seen))
		return -errno;
	if (!S_ISREG(seen.st_mode))
		return -EINVAL;
	if (seen.st_size < 0 || (uintmax_t)seen.st_size > max)
		return -EFBIG;
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
	char *path = join(folder, name, "");
	int fd, error;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	error = fd < 0 ? -errno : 0;
	free(path);
	if (error)
		return error;
	error = read_all(fd, max, ret_data, ret_len);
	if (!error)
		futimens(fd, NULL); /* if it may: for store_trim() */
	close(fd);
	return error;
}

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
	return fsync(fd) ? -errno : 0;
}

int store_replace(const char *folder, const char *name, struct ble_bytes content)
{
	char *path = join(folder, name, ""), *temp = join(folder, name, ".XXXXXX");
	int fd = -1, error = -ENOMEM;

	if (!path || !temp)
		goto out;
	fd = mkstemp(temp);
	if (fd < 0) {
		error = -errno;
		goto out;
	}
	error = write_all(fd, content);
	if (close(fd) && !error)
		error = -errno;
	if (!error && rename(temp, path))
		error = -errno;
	if (error)
		unlink(temp);
out:
	free(path);
	free(temp);
	return error;
}

static bool earlier(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Removes the oldest one if there are too many; whether there were still more. */
static bool trim_once(DIR *dir, bool (*ours)(const char *name), unsigned int most)
{
	struct timespec oldest = { 0 };
	char name[sizeof(((struct dirent *)0)->d_name)] = "";
	unsigned int n = 0;
	struct dirent *entry;
	struct stat seen;

	rewinddir(dir);
	while ((entry = readdir(dir))) {
		if (!ours(entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &seen, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(seen.st_mode))
			continue;
		if (!n++ || earlier(&seen.st_mtim, &oldest)) {
			oldest = seen.st_mtim;
			snprintf(name, sizeof(name), "%s", entry->d_name);
		}
	}
	return n > most && !unlinkat(dirfd(dir), name, 0) && n > most + 1;
}

int store_trim(const char *folder, bool (*ours)(const char *name), unsigned int most)
{
	DIR *dir = opendir(folder);

	if (!dir)
		return -errno;
	if (trim_once(dir, ours, most))
		trim_once(dir, ours, most);
	closedir(dir);
	return 0;
}
