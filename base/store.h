/* SPDX-License-Identifier: MIT */
/*
 * Small files that may be lost but never be half: read whole, replaced whole.
 * Several processes may do so at once, and the last one's stays. On Windows
 * there are none yet: every call returns -EOPNOTSUPP.
 */
#ifndef BASE_STORE_H
#define BASE_STORE_H

#include "blewire.h"

/* The folder that is named, or with NULL the one of this program's caches (XDG
 * Base Directory: $XDG_CACHE_HOME/blewire, else $HOME/.cache/blewire). Made if
 * it is missing, for this user alone; the program's own is made so where it was
 * open to others. ret_folder is malloc'ed. */
int store_folder(const char *named, char **ret_folder);

/* The whole file, malloc'ed, which from now on is the one used last. -EFBIG above max octets; -EINVAL: not a file. */
int store_read(const char *folder, const char *name, size_t max,
	       uint8_t **ret_data, size_t *ret_len);

/* The old content stands until the new one does, on the disk too, which is
 * waited for. */
int store_replace(const char *folder, const char *name, struct ble_bytes content);

/* Removes those of the files that ours() knows by their names which were not used
 * for the longest, until there are most left, two at a time at most. */
int store_trim(const char *folder, bool (*ours)(const char *name), unsigned int most);

#endif
