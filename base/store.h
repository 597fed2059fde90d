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

/* Gives the folder that is named. With NULL it gives the user's own: by XDG Base
 * Directory $XDG_CACHE_HOME/blewire, else $HOME/.cache/blewire; -ENOENT if neither is
 * an absolute path. A missing folder is created, for this user alone. If others have
 * access to the user's own, that is removed. In a named folder to which others can
 * write, store_read() refuses their files. ret_folder is malloc'ed. */
int store_folder(const char *named, char **ret_folder);

/* Reads the whole file; ret_data is malloc'ed. The file is then the most recently used
 * one. -EFBIG: more than max octets. -EPERM: it belongs neither to this user nor to
 * root, or others can write to it. -ELOOP: a symbolic link; -EISDIR: a folder; -EINVAL:
 * something else that is no file. */
int store_read(const char *folder, const char *name, size_t max,
	       uint8_t **ret_data, size_t *ret_len);

/* Whether something has this name, a link or a folder too. */
bool store_exists(const char *folder, const char *name);

/* Replaces the file, or makes it. Other programs see either the old content or the
 * whole new one. A symbolic link is replaced and not followed. -EISDIR: there is a
 * folder of that name, and nothing was written. */
int store_replace(const char *folder, const char *name, struct ble_bytes content);

/* To be called after a file was added to the folder. If more than most files have a
 * name that ours() accepts, the least recently used ones are removed until seven eighths
 * of most are left. So in most calls it only counts the names, and it never examines
 * more than 2 * most + 1 files. 0 or -errno. */
int store_trim(const char *folder, bool (*ours)(const char *name), unsigned int most);

#endif
