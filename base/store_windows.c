/* SPDX-License-Identifier: MIT */
/* Windows has no cache yet. */
#include "base/store.h"

#include <errno.h>

int store_folder(const char *named, char **ret_folder)
{
	(void)named;
	(void)ret_folder;
	return -EOPNOTSUPP;
}

int store_read(const char *folder, const char *name, size_t max,
	       uint8_t **ret_data, size_t *ret_len)
{
	(void)folder;
	(void)name;
	(void)max;
	(void)ret_data;
	(void)ret_len;
	return -EOPNOTSUPP;
}

bool store_exists(const char *folder, const char *name)
{
	(void)folder;
	(void)name;
	return false;
}

int store_replace(const char *folder, const char *name, struct ble_bytes content)
{
	(void)folder;
	(void)name;
	(void)content;
	return -EOPNOTSUPP;
}

int store_trim(const char *folder, bool (*ours)(const char *name), unsigned int most)
{
	(void)folder;
	(void)ours;
	(void)most;
	return -EOPNOTSUPP;
}
