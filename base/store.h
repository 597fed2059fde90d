/* SPDX-License-Identifier: MIT */
/*
 * Small files of a cache, read and replaced as a whole. Several processes may do
 * so at once; the last write wins. Nothing waits for the disk: after
 * a power failure a file may be missing or damaged, so its content needs a
 * checksum. On Windows there are none yet: every call returns -EOPNOTSUPP.
 */
#ifndef BASE_STORE_H
#define BASE_STORE_H

#include "blewire.h"

/* The folder that is named, or with NULL the one of this program's caches (XDG
 * Base Directory: $XDG_CACHE_HOME/blewire, else $HOME/.cache/blewire; -ENOENT if
 * neither is an absolute path). It is created if it is missing, for this user
 * alone; the program's own is closed to others where it was open to them. Where
 * others can write to a named folder, store_read() does not believe their files.
 * ret_folder is malloc'ed. */
int store_folder(const char *named, char **ret_folder);

/* The whole file, malloc'ed, which is from now on the most recently used one.
 * -EFBIG above max octets. -EPERM: it belongs neither to this user nor to root,
 * or others can write to it. -ELOOP: a symbolic link; -EISDIR: a folder; -EINVAL:
 * something else that is no file. */
int store_read(const char *folder, const char *name, size_t max,
	       uint8_t **ret_data, size_t *ret_len);

/* Whether something has this name, a link or a folder too. */
bool store_exists(const char *folder, const char *name);

/* The old content is there until the whole new one is. A symbolic link is replaced
 * and not followed. -EISDIR: there is a folder of that name, and nothing was written. */
int store_replace(const char *folder, const char *name, struct ble_bytes content);

/* For a folder to which a file was added. If more than most files have a name that
 * ours() knows, the least recently used ones are removed, until seven eighths of
 * most are left: so it looks at the files themselves only once in many times, and
 * never at more than 2 * most + 1. 0 or -errno. */
int store_trim(const char *folder, bool (*ours)(const char *name), unsigned int most);

#endif
