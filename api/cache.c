/* SPDX-License-Identifier: MIT */
/* The cache of service trees, one file for each peer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/store.h"

enum { NAME_SIZE = 24, MAX_TREES = 1024 };

static struct connection *connection_of(struct gatt_service_changed *service_changed)
{
	return container_of(service_changed, struct connection, service_changed);
}

/* -- Files -------------------------------------------------------------------------- */

int ble_adapter_set_cache(struct ble_adapter *adapter, const char *folder)
{
	char *path = NULL;
	int error = folder && !*folder ? 0 : store_folder(folder, &path);

	if (error)
		return loop_set_error(adapter->loop, error, "%s cannot hold a cache",
				      folder ? folder : "the user's folder for caches");
	free(adapter->cache);
	free(adapter->cache_failure);
	adapter->cache = path;
	adapter->cache_failure = NULL;
	adapter->cache_stopped = false;
	return 0;
}

const char *ble_adapter_cache_failure(const struct ble_adapter *adapter)
{
	return adapter->cache_failure;
}

static const char *reason(int error)
{
	switch (error) {
	case -EISDIR:
		return "there is a folder in its place";
	case -EPERM:
		return "it belongs to another user, or others can write to it";
	case -ELOOP:
		return "it is a symbolic link";
	case -EINVAL:
		return "it is no regular file";
	case -EFBIG:
		return "it is too large";
	default:
		return ble_strerror(error);
	}
}

/* Keeps the sentence. False: out of memory; then the next failure is reported. */
static bool keep_failure(struct ble_adapter *adapter, const char *name, const char *what,
			 int error)
{
	const char *why = reason(error);
	size_t size = strlen(adapter->cache) + strlen(name) + strlen(what) + strlen(why) + 32;
	char *text = malloc(size);

	if (!text)
		return false;
	snprintf(text, size, "cache file %s/%s %s: %s", adapter->cache, name, what, why);
	free(adapter->cache_failure);
	adapter->cache_failure = text;
	return true;
}

static void not_read(struct ble_adapter *adapter, const char *name, int error)
{
	if (error != -ENOENT && error != -ENOMEM && !adapter->cache_failure)
		keep_failure(adapter, name, "is not read", error);
}

static void not_written(struct ble_adapter *adapter, const char *name, int error)
{
	if (error != -ENOMEM && keep_failure(adapter, name, "cannot be written", error))
		adapter->cache_stopped = error != -EISDIR;
}

/* Private addresses change (Vol 6, Part B, 1.3.2): their files would never be
 * used again. */
static bool is_lasting(const struct ble_address *address)
{
	return address->type == BLE_ADDRESS_PUBLIC ||
	       (address->type == BLE_ADDRESS_RANDOM && address->octet[5] >> 6 == 3);
}

static void name_of(const struct ble_address *address, char name[NAME_SIZE])
{
	const uint8_t *o = address->octet;

	snprintf(name, NAME_SIZE, "%02x%02x%02x%02x%02x%02x-%s", o[5], o[4], o[3],
		 o[2], o[1], o[0], ble_address_type_text(address));
}

/* A name from above, also with the suffix of a file that a killed program left
 * unfinished. */
static bool is_name(const char *name)
{
	size_t digits = strspn(name, "0123456789abcdef");
	const char *type = name + digits;

	if (digits != 12 ||
	    (strncmp(type, "-public", 7) != 0 && strncmp(type, "-random", 7) != 0))
		return false;
	return !type[7] || (type[7] == '.' && strlen(type) == 7 + 7);
}

static struct gatt_cache_key key_of(const struct connection *connection,
				    const uint8_t hash[GATT_HASH])
{
	struct gatt_cache_key key = { .address = connection->address };

	memcpy(key.hash, hash, GATT_HASH);
	return key;
}

static bool load(struct gatt_service_changed *service_changed, const uint8_t hash[GATT_HASH],
		 struct ble_services *ret_tree)
{
	struct connection *connection = connection_of(service_changed);
	const struct gatt_cache_key key = key_of(connection, hash);
	char name[NAME_SIZE];
	uint8_t *data;
	size_t len;
	int error;

	if (!connection->adapter->cache)
		return false;
	name_of(&connection->address, name);
	error = store_read(connection->adapter->cache, name, GATT_CACHE_MAX, &data, &len);
	if (error) {
		not_read(connection->adapter, name, error);
		return false;
	}
	error = gatt_cache_unpack((struct ble_bytes){ data, len }, &key, ret_tree);
	free(data);
	return !error;
}

/* An error ends nothing: the next connection only takes longer. */
static void save(struct gatt_service_changed *service_changed, const uint8_t hash[GATT_HASH],
		 const struct ble_services *tree)
{
	struct connection *connection = connection_of(service_changed);
	const struct gatt_cache_key key = key_of(connection, hash);
	char name[NAME_SIZE];
	const char *folder = connection->adapter->cache;
	uint8_t *data;
	size_t len;
	bool added;
	int error;

	if (!folder || connection->adapter->cache_stopped ||
	    gatt_cache_pack(&key, tree, &data, &len))
		return;
	name_of(&connection->address, name);
	added = !store_exists(folder, name);
	error = store_replace(folder, name, (struct ble_bytes){ data, len });
	if (error)
		not_written(connection->adapter, name, error);
	else if (added)
		store_trim(folder, is_name, MAX_TREES);
	free(data);
}

void connection_use_cache(struct connection *connection)
{
	bool use = connection->adapter->cache && is_lasting(&connection->address);

	connection->service_changed.load = use ? load : NULL;
	connection->service_changed.save = use ? save : NULL;
}
